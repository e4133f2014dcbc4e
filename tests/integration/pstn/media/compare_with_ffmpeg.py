#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Has FFmpeg decode what our coders (argument: convert_speech) have made of recorded speech, and the other way round, and compares
that with what our own decoders make of it. FFmpeg shares no code with SpanDSP or bcg729; for G.729 it has a decoder only."""
import subprocess
import sys
import wave

import numpy

SPEECH = "/usr/share/asterisk/sounds/en_US_f_Allison/demo-congrats.wav"
SECONDS = 8
# Name, rate, FFmpeg's format for reading, FFmpeg's options for writing, least dB of agreement with our own decoder.
CODECS = [
    ("G722", 16000, ["-f", "g722"], ["-c:a", "g722", "-f", "g722"], 30),
    ("G726-32", 8000, ["-f", "g726le", "-code_size", "4", "-sample_rate", "8000"],
     ["-c:a", "g726le", "-b:a", "32k", "-f", "g726le"], 20),  # FFmpeg's arithmetic differs in the last bits
    ("GSM", 8000, ["-f", "gsm"], ["-c:a", "libgsm", "-f", "gsm"], 30),
    ("G729", 8000, ["-f", "g729", "-bit_rate", "8000"], None, 12),
    ("PCMA", 8000, ["-f", "alaw", "-ar", "8000"], ["-c:a", "pcm_alaw", "-f", "alaw"], 60),
    ("PCMU", 8000, ["-f", "mulaw", "-ar", "8000"], ["-c:a", "pcm_mulaw", "-f", "mulaw"], 60),
]


def run(command, data):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def ffmpeg(reading, writing, data):
    return run(["ffmpeg", "-v", "error", *reading, "-i", "pipe:0", *writing, "pipe:1"], data)


def raw(rate):
    return ["-f", "s16le", "-ar", str(rate), "-ac", "1"]


def agreement_db(one, other, most_delay):
    """The signal to noise ratio of `other` as a copy of `one`, at the best delay within `most_delay` samples either way."""
    one, other = (numpy.frombuffer(data, dtype="<i2").astype(float) for data in (one, other))
    best = -100.0
    for delay in range(-most_delay, most_delay + 1):
        a, b = one[max(-delay, 0) :], other[max(delay, 0) :]
        length = min(len(a), len(b))
        a, b = a[:length], b[:length]
        best = max(best, 10 * numpy.log10(a @ a / ((a - b) @ (a - b) + 1)))
    return best


def main():
    convert = sys.argv[1]
    with wave.open(SPEECH) as file:
        recorded = file.readframes(SECONDS * file.getframerate())
        recorded_rate = file.getframerate()
    wrong = 0
    for name, rate, reading, writing, least in CODECS:
        speech = ffmpeg(raw(recorded_rate), raw(rate), recorded)
        speech = speech[: len(speech) // (rate // 50 * 2) * (rate // 50 * 2)]
        ours = run([convert, "encode", name], speech)
        results = {"ours": agreement_db(run([convert, "decode", name], ours), ffmpeg(reading, raw(rate), ours), 60)}
        if writing:
            theirs = ffmpeg(raw(rate), writing, speech)
            results["theirs"] = agreement_db(ffmpeg(reading, raw(rate), theirs), run([convert, "decode", name], theirs), 60)
            results["same bits, %"] = 100 * sum(a == b for a, b in zip(ours, theirs)) / len(ours)
        print(name, {what: round(float(value), 1) for what, value in results.items()})
        for what in ("ours", "theirs"):
            if results.get(what, least) < least:
                print(f"{name}: of {what} both decoders make something else: {results[what]:.1f} dB, at least {least} expected")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
