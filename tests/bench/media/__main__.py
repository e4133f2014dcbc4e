# SPDX-License-Identifier: Apache-2.0
"""Cost of the media path: Tollgate, the codec libraries alone, and Debian's rtpengine, in turns on the same core."""

import argparse
import json
import os
import statistics
import sys

import report
import rtpengine
from measurement import Bench, is_clean
from processes import Failure

PROMPTS = "/usr/share/asterisk/sounds/en_US_f_Allison"


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/bench media", description=__doc__, epilog=report.HOW_TO_READ,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one round of 3 s each and 40 calls: a look, no figures to quote")
    parser.add_argument("--calls", type=int, default=100, help="calls at which cost and delay are measured (default 100)")
    parser.add_argument("--peer-calls", type=int, default=30,
                        help="calls through rtpengine, which does not carry many more (default 30)")
    parser.add_argument("--no-rtpengine", action="store_true", help="leave rtpengine out")
    parser.add_argument("--no-steps", action="store_true", help="do not look for the most calls that stay clean")
    return parser.parse_args()


def most_clean_calls(bench, cost_ms, tell):
    """Steps of 5 % of what the cost would allow, downward from there to the first that is clean."""
    allowed = 1000 / cost_ms
    for share in (0.95, 0.90, 0.85, 0.80, 0.75, 0.70, 0.60, 0.50):
        calls = int(allowed * share)
        facts = bench.gateway(calls)
        clean = is_clean(facts)
        tell(f"{calls} calls: {report.cleanliness(facts)}: {'clean' if clean else 'not clean'}")
        if clean:
            return calls, facts
    return 0, None


def main():
    options = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        print("deploy/bench media: needs two cores: one for the gateway, one for the load", file=sys.stderr)
        return 2
    if options.quick:
        options.calls, options.peer_calls = min(options.calls, 40), min(options.peer_calls, 10)
    rounds = 1 if options.quick else 2
    tell = lambda text: print(f"  {text}", flush=True)
    os.makedirs("var/bench", exist_ok=True)
    with open("var/bench/media.log", "w", encoding="utf-8") as log:
        bench = Bench(options.programs, PROMPTS, 3 if options.quick else 8, log)
        floors, gateways, engines, talks = [], [], [], []
        for _ in range(rounds):
            floors.append(bench.floor())
            tell(f"floor: {floors[-1]['floor_ms']:.2f} ms a call-second")
            gateways.append(bench.gateway(options.calls))
            tell(f"tollgate, {options.calls} calls: {gateways[-1]['cpu_ms_per_call_s']:.2f} ms; {report.cleanliness(gateways[-1])}")
            if not options.no_rtpengine and rtpengine.find():
                engines.append(bench.rtpengine(options.peer_calls))
                tell(f"rtpengine, {options.peer_calls} calls: {engines[-1]['cpu_ms_per_call_s']:.2f} ms")
            talks.append(bench.gateway(options.calls, conversation=True))
            tell(f"tollgate, conversation: {talks[-1]['cpu_ms_per_call_s']:.2f} ms; {report.cleanliness(talks[-1])}")
        floors.append(bench.floor())
        cost_ms = statistics.median(facts["cpu_ms_per_call_s"] for facts in gateways)
        clean = (0, None)
        if not options.no_steps:
            clean = most_clean_calls(bench, cost_ms, tell)
    figures = report.figures(floors, gateways, talks, engines, clean)
    print(report.table(options, floors, gateways, talks, engines, clean, figures))
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
