# SPDX-License-Identifier: Apache-2.0
"""What the demonstration prints and what it insists on."""

import sys
import time

BEGUN = time.monotonic()


class Failure(Exception):
    """Something that the demonstration promises did not happen."""


def heading(text):
    print(f"\n{text}", flush=True)


def say(text):
    print(f"  {time.monotonic() - BEGUN:5.1f} s  {text}", flush=True)


def complain(text):
    print(f"demonstration failed: {text}", file=sys.stderr, flush=True)


def insist(condition, text):
    if not condition:
        raise Failure(text)


def euros(micros):
    """20000000 -> "EUR 20.00"; as many decimals as needed, two at least."""
    whole, part = divmod(abs(micros), 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"EUR {'-' if micros < 0 else ''}{whole}.{decimals}"
