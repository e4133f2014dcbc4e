# SPDX-License-Identifier: Apache-2.0
"""Whether speech was heard, also by a machine so busy that the play-out delay grew within the call: piece by piece. And whether a tone was."""

import statistics

import numpy

from demonstration import audio

PIECE = 200  # of 10 ms: long enough that no other speech is like it


def loudness(path):
    """Of every 10 ms, in dB."""
    samples = numpy.array(audio.read(path), dtype=float)
    frames = samples[: len(samples) // audio.FRAME * audio.FRAME].reshape(-1, audio.FRAME)
    return 10 * numpy.log10((frames**2).mean(axis=1) + 1000)


def piecewise_likeness(said_path, heard_path):
    """The median of how well each 2 s of what was said are found in what was heard, 0 to 1."""
    said, heard = loudness(said_path), loudness(heard_path)
    if len(heard) < PIECE:
        return 0.0
    windows = numpy.lib.stride_tricks.sliding_window_view(heard, PIECE)
    windows = windows - windows.mean(axis=1, keepdims=True)
    powers = numpy.sqrt((windows**2).sum(axis=1)) + 1e-9
    found = []
    for start in range(0, len(said) - PIECE + 1, PIECE):
        piece = said[start : start + PIECE] - said[start : start + PIECE].mean()
        found.append(float((windows @ piece / powers).max() / (numpy.sqrt(piece @ piece) + 1e-9)))
    return statistics.median(found)


def loudest_tone(path, hz):
    """The greatest share of the full scale that this frequency has in any 100 ms."""
    samples, size = numpy.array(audio.read(path), dtype=float), audio.RATE_HZ // 10
    pieces = samples[: len(samples) // size * size].reshape(-1, size)
    wave = numpy.exp(2j * numpy.pi * hz / audio.RATE_HZ * numpy.arange(size))
    return float(numpy.abs(pieces @ wave).max(initial=0)) * 2 / size / 32768


def likeness(said_path, heard_path):
    """The better of the whole at one delay and of its pieces at any."""
    return max(audio.likeness(said_path, heard_path)[0], piecewise_likeness(said_path, heard_path))
