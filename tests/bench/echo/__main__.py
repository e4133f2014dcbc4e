# SPDX-License-Identifier: Apache-2.0
"""What the line echo canceller and the detector of digits in the voice cost a call, which pays them where its trunk asks for it."""
import argparse
import json
import pathlib
import subprocess


FRAMES_PER_SECOND = 50


def ms_per_call_second(us_per_frame):
    return round(float(us_per_frame) * FRAMES_PER_SECOND / 1000, 2)


def main():
    parser = argparse.ArgumentParser(prog="deploy/bench echo", description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds")
    programs = parser.parse_args().programs
    text = subprocess.run([programs / "bench_echo"], stdout=subprocess.PIPE, check=True, text=True).stdout
    *rows, digits = [line.split() for line in text.splitlines()]
    echo = [{"rate_hz": int(rate), "tail_ms": int(tail), "looking_ms": ms_per_call_second(looking),
             "cancelling_ms": ms_per_call_second(cancelling)} for rate, tail, looking, cancelling in rows]
    figures = {"echo": echo, "digits_ms": ms_per_call_second(digits[0])}
    print("ms of processor time a call-second, beside what deploy/bench media tells")
    print(f"{'rate, Hz':>10}{'tail, ms':>10}{'looking for the echo':>24}{'cancelling it':>18}")
    for row in echo:
        print(f"{row['rate_hz']:10}{row['tail_ms']:10}{row['looking_ms']:24.2f}{row['cancelling_ms']:18.2f}")
    print(f"digits in the voice: {figures['digits_ms']:.2f}")
    file = pathlib.Path("var/bench/echo.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"Saved: {file}")


if __name__ == "__main__":
    main()
