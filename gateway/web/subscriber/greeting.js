// SPDX-License-Identifier: Apache-2.0
// A greeting from the microphone, or from any sound file that the browser can decode, as the gateway takes it: WAV, mono, 16 kHz,
// G.711 mu-law, so that the longest greeting stays below a megabyte.
const RATE_HZ = 16000;
const LONGEST_S = 55;
const BIAS = 132; // of a 16-bit sample, ITU-T G.711
const LOUDEST = 32635;

export function toMuLaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const level = Math.min(Math.abs(sample), LOUDEST) + BIAS;
  const exponent = 24 - Math.clz32(level); // 7 where bit 14 is the highest, 0 where bit 7 is
  return ~(sign | (exponent << 4) | ((level >> (exponent + 3)) & 0x0f)) & 0xff;
}

// Channels are mixed to one.
function wav(audio) {
  const count = audio.length;
  const file = new DataView(new ArrayBuffer(46 + count + (count & 1)));
  const text = (at, word) => [...word].forEach((letter, place) => file.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, file.byteLength - 8, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 18, true);
  file.setUint16(20, 7, true); // WAVE_FORMAT_MULAW
  file.setUint16(22, 1, true);
  file.setUint32(24, RATE_HZ, true);
  file.setUint32(28, RATE_HZ, true);
  file.setUint16(32, 1, true);
  file.setUint16(34, 8, true);
  text(38, "data");
  file.setUint32(42, count, true);
  const channels = Array.from({ length: audio.numberOfChannels }, (_, place) => audio.getChannelData(place));
  for (let at = 0; at < count; at++) {
    const mixed = channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length;
    file.setUint8(46 + at, toMuLaw(Math.round(Math.max(-1, Math.min(1, mixed)) * 32767)));
  }
  return new Uint8Array(file.buffer);
}

// `file` is a Blob. What is too long is refused here, before it travels; the gateway looks at all of it again.
export async function greetingOf(file) {
  const bytes = await file.arrayBuffer();
  let audio;
  try {
    audio = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(bytes); // and brings it to that rate
  } catch {
    throw new Error("This browser cannot read that sound file.");
  }
  if (audio.duration > LONGEST_S) throw new Error(`A greeting lasts at most ${LONGEST_S} seconds.`);
  return wav(audio);
}

// Records until stop() or the longest time; `recorded` is what there is then, as a Blob.
export class Recording {
  constructor(stream) {
    this.stream = stream;
    const parts = [];
    this.recorder = new MediaRecorder(stream);
    this.recorder.ondataavailable = ({ data }) => parts.push(data);
    this.recorded = new Promise((resolve) => {
      this.recorder.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        clearTimeout(this.limit);
        resolve(new Blob(parts, { type: this.recorder.mimeType }));
      };
    });
    this.recorder.start();
    this.limit = setTimeout(() => this.stop(), LONGEST_S * 1000 - 500);
  }

  stop() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}
