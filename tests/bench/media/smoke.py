#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the programs of the benchmark still work together: a few calls for a moment. Measures nothing.

    python3 smoke.py DIR      DIR: where the programs are
"""

import sys

import report
from measurement import PROMPTS, Bench

CALLS = 3
SECONDS = 3
LIKENESS_LEAST = 0.6  # of speech with itself, through two codecs; of anything else it is far less


def main():
    bench = Bench(sys.argv[1], PROMPTS, SECONDS, sys.stderr)
    floor = bench.floor(seconds=0.2)
    assert all(floor[part] > 0 for part in ("floor_ms", "encode_us", "decode_us")), floor
    facts = bench.gateway(CALLS, alone=False)
    for way in report.WAYS:
        assert facts[way]["received"] > 0, (way, facts)
        assert facts[way]["pieces"] > 0 and facts[way]["likeness_median"] >= LIKENESS_LEAST, (way, facts)
    print(f"likeness {[facts[way]['likeness_median'] for way in report.WAYS]}, {report.cleanliness(facts)}")


if __name__ == "__main__":
    main()
