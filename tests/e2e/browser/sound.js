// SPDX-License-Identifier: Apache-2.0
// The microphone without anything that would change speech or tones, and a recorder of what the page hears.

export function microphone() {
  const untouched = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return navigator.mediaDevices.getUserMedia({ audio: untouched });
}

export const RECORDED_HZ = 16000;

const WORKLET = `
registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice());
    return true;
  }
});`;

// Takes down a remote stream as samples, from now on.
export class Recorder {
  constructor() {
    this.pieces = [];
  }

  async start(stream) {
    document.getElementById("ear").srcObject = stream; // Chromium feeds Web Audio only what is played somewhere, too
    this.context = new AudioContext({ sampleRate: RECORDED_HZ });
    await this.context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    const recorder = new AudioWorkletNode(this.context, "recorder");
    recorder.port.onmessage = ({ data }) => this.pieces.push(data);
    this.context.createMediaStreamSource(stream).connect(recorder).connect(this.context.destination);
    await this.context.resume();
  }

  // Everything so far as little-endian 16-bit samples, in base64; what comes later is another recording.
  take() {
    const samples = Int16Array.from(
      this.pieces.flatMap((piece) => Array.from(piece)),
      (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))),
    );
    this.pieces = [];
    let text = "";
    const bytes = new Uint8Array(samples.buffer);
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  }

  stop() {
    document.getElementById("ear").srcObject = null;
    return this.context?.close();
  }
}
