# SPDX-License-Identifier: Apache-2.0
"""what the line echo canceller and the detector of digits in the voice cost a call"""
import argparse
import json
import pathlib
import subprocess


def main():
    parser = argparse.ArgumentParser(prog="deploy/bench echo", description="µs of CPU for each frame of 20 ms, one direction.")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds")
    programs = parser.parse_args().programs
    text = subprocess.run([programs / "bench_echo"], stdout=subprocess.PIPE, check=True, text=True).stdout
    print(text, end="")
    rows = [line.split() for line in text.splitlines()[2:-1]]
    echo = [{"rate_hz": int(rate), "tail_ms": int(tail), "looking_us": float(looking), "cancelling_us": float(cancelling)}
            for rate, tail, looking, cancelling in rows]
    figures = {"echo_us_per_frame": echo, "digits_us_per_frame": float(text.splitlines()[-1].split()[-1])}
    file = pathlib.Path("var/bench/echo.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
