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
    """So many seconds of a prompt from its first word on; `voice` below 1 makes it somebody else's."""
    samples = stretch(read(PROMPTS / f"{prompt}.wav"), voice)
    first = next(index for index, sample in enumerate(samples) if abs(sample) > 1000)
    return samples[first : first + int(seconds * RATE_HZ)]


def envelope(samples):
    """Loudness of every 10 ms, in dB."""
    levels = []
    for start in range(0, len(samples) - FRAME + 1, FRAME):
        power = sum(sample * sample for sample in samples[start : start + FRAME]) / FRAME
        levels.append(10 * math.log10(power + 1000))
    return levels


def likeness(source_path, heard_path):
    """How well what was heard follows what was said: (correlation 0–1, delay in s). The recording may begin before the speech or
    up to a second after it, and has to hold three quarters of it."""
    said, heard = envelope(read(source_path)), envelope(read(heard_path))
    best, best_delay = 0.0, 0
    for delay in range(-100, len(heard)):
        first, last = max(0, -delay), min(len(said), len(heard) - delay)
        if last - first < len(said) * 3 // 4:
            continue
        correlation = _correlation(said[first:last], heard[first + delay : last + delay])
        if correlation > best:
            best, best_delay = correlation, delay
    return best, best_delay / 100


def _correlation(left, right):
    left_mean, right_mean = sum(left) / len(left), sum(right) / len(right)
    product = sum((one - left_mean) * (other - right_mean) for one, other in zip(left, right))
    left_power = sum((one - left_mean) ** 2 for one in left)
    right_power = sum((other - right_mean) ** 2 for other in right)
    return product / (math.sqrt(left_power * right_power) or 1)
