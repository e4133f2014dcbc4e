# SPDX-License-Identifier: Apache-2.0
"""Cost of the media path: Tollgate, the codec libraries alone, and Debian's rtpengine, in turns on the same core."""

import argparse
import json
import os
import sys

import report
import rtpengine
from measurement import PROMPTS, Bench, is_clean
from processes import Failure

PARTS = ("cost", "clean", "cores")


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/bench media", description=__doc__, epilog=report.HOW_TO_READ,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one round of 3 s each and 40 calls: a look, no figures to quote")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part, not all of them; the file keeps the others' figures")
    parser.add_argument("--rounds", type=int, default=3, help="of the cost (default 3)")
    parser.add_argument("--calls", type=int, default=100, help="calls at which cost and delay are measured (default 100)")
    parser.add_argument("--peer-calls", type=int, default=30,
                        help="calls through rtpengine, which does not carry many more (default 30)")
    parser.add_argument("--no-rtpengine", action="store_true", help="leave rtpengine out")
    return parser.parse_args()


def told(name, facts):
    return (f"{name}, {facts['calls']} calls: {facts['cpu_ms_per_call_s']:.2f} ms, {facts['of_floor']:.2f} of the floor; "
            f"{report.cleanliness(facts)}")


def cost(bench, options, tell):
    """Everything in turns, each between two floors."""
    gateways, talks, engines = [], [], []
    for _ in range(options.rounds):
        gateways.append(bench.between_floors(lambda: bench.gateway(options.calls)))
        tell(told("tollgate", gateways[-1]))
        talks.append(bench.between_floors(lambda: bench.gateway(options.calls, conversation=True)))
        tell(told("conversation", talks[-1]))
        if not options.no_rtpengine and rtpengine.find():
            engines.append(bench.between_floors(lambda: bench.rtpengine(options.peer_calls)))
            tell(told("rtpengine", engines[-1]))
    return gateways, talks, engines


def most_clean_calls(bench, tell):
    """From what the cost of a hundred calls allows, upwards by 6 % while it stays clean, or else downwards until it is. A step is
    unclean when it was so twice: a shared machine has moments that are nobody's fault."""
    def clean_at(calls):
        for _ in range(2):
            facts = bench.between_floors(lambda: bench.gateway(calls))
            clean = is_clean(facts)
            tell(told("clean" if clean else "not clean", facts))
            if clean:
                return facts
        return None

    calls = int(0.94 * 1000 / bench.gateway(100)["cpu_ms_per_call_s"])
    best = clean_at(calls)
    factor = 1.06 if best else 0.94
    while 20 < calls < 1000:
        calls = round(calls * factor)
        facts = clean_at(calls)
        if bool(facts) != bool(best):
            return facts or best
        best = facts
    return best


def two_cores(bench, calls, rounds, tell):
    """One worker with N calls, and two with 2 N, in turns, both on the cores that the load has as well."""
    pairs = []
    with bench.without_work(bench.other_core):
        for _ in range(rounds):
            one = bench.between_floors(lambda: bench.gateway(calls, alone=False))
            tell(told("one worker", one))
            two = bench.between_floors(lambda: bench.gateway(2 * calls, workers=2, alone=False))
            tell(told("two workers", two))
            pairs.append((one, two))
    return pairs


def main():
    options = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        print("deploy/bench media: needs two cores: one for the gateway, one for the load", file=sys.stderr)
        return 2
    if options.quick:
        options.calls, options.peer_calls, options.rounds = min(options.calls, 40), min(options.peer_calls, 10), 1
    parts = options.only or PARTS
    tell = lambda text: print(f"  {text}", flush=True)
    os.makedirs("var/bench", exist_ok=True)
    figures, lines = {}, []
    if options.only and os.path.exists("var/bench/media.json"):
        with open("var/bench/media.json", encoding="utf-8") as file:
            figures = json.load(file)
    with open("var/bench/media.log", "w", encoding="utf-8") as log, \
            Bench(options.programs, PROMPTS, 3 if options.quick else 6, log) as bench:
        if "cost" in parts:
            gateways, talks, engines = cost(bench, options, tell)
            figures |= report.cost_figures(bench.floors, gateways, talks, engines)
            lines += report.cost_table(options, bench.floors, gateways, talks, engines, figures)
        if "clean" in parts:
            clean = most_clean_calls(bench, tell)
            figures |= report.clean_figures(clean)
            lines += report.clean_table(clean)
        if "cores" in parts:
            pairs = two_cores(bench, options.calls // 2, options.rounds, tell)
            figures |= report.cores_figures(pairs)
            lines += report.cores_table(pairs, figures)
    print("\n".join(["", *lines]))
    with open("var/bench/media.json", "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    print("Saved: var/bench/media.json; messages of the programs: var/bench/media.log")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"deploy/bench media: {failure}; see var/bench/media.log", file=sys.stderr)
        sys.exit(1)
