# SPDX-License-Identifier: Apache-2.0
"""Speech for the demonstration, made of the prompts that the mailbox needs anyway, and a test of whether it was heard."""

import array
import math
import pathlib
import wave

PROMPTS = pathlib.Path("/usr/share/asterisk/sounds/en_US_f_Allison")
RATE_HZ = 8000
FRAME = RATE_HZ // 100  # 10 ms


def read(path):
    """The samples of a WAV file, its first channel, at 8 kHz."""
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))[:: file.getnchannels()]
        return stretch(samples, file.getframerate() / RATE_HZ) if file.getframerate() != RATE_HZ else samples


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(array.array("h", samples).tobytes())


def duration_s(path):
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def prompt_s(name):
    """How long a prompt of the mailbox lasts."""
    return duration_s(PROMPTS / f"{name}.wav")


def stretch(samples, step):
    """Every `step`-th sample, interpolated: below 1, a deeper and slower voice."""
    length = int((len(samples) - 1) / step)
    result = array.array("h", bytes(2 * length))
    for index in range(length):
        place = index * step
        whole = int(place)
        part = place - whole
        result[index] = int(samples[whole] * (1 - part) + samples[whole + 1] * part)
    return result


def silence(seconds):
    return array.array("h", bytes(2 * int(seconds * RATE_HZ)))


def speech(prompt, seconds, voice=1.0):
    """The first seconds of a prompt; `voice` below 1 makes it somebody else's."""
    return stretch(read(PROMPTS / f"{prompt}.wav"), voice)[: int(seconds * RATE_HZ)]


def envelope(samples):
    """Loudness of every 10 ms, in dB above silence, without its mean."""
    levels = []
    for start in range(0, len(samples) - FRAME + 1, FRAME):
        power = sum(sample * sample for sample in samples[start : start + FRAME]) / FRAME
        levels.append(10 * math.log10(power + 1000))
    mean = sum(levels) / len(levels) if levels else 0
    return [level - mean for level in levels]


def likeness(source_path, heard_path):
    """How well what was heard follows what was said, wherever in the recording it begins: (correlation 0–1, delay in s)."""
    said, heard = envelope(read(source_path)), envelope(read(heard_path))
    best, best_delay = 0.0, 0
    said_power = math.sqrt(sum(level * level for level in said)) or 1
    for delay in range(0, max(1, len(heard) - len(said) // 2)):
        part = heard[delay : delay + len(said)]
        mean = sum(part) / len(part)
        product = sum((level - mean) * other for level, other in zip(part, said))
        power = math.sqrt(sum((level - mean) ** 2 for level in part)) or 1
        if product / (power * said_power) > best:
            best, best_delay = product / (power * said_power), delay
    return best, best_delay / 100
