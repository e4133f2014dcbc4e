# SPDX-License-Identifier: Apache-2.0
"""60 messages left at once, each heard back without a gap; the list of a mailbox and the purge among a million messages."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "deploy"))

from deposits import Deposits  # noqa: E402

GOALS = {"list_ms": 5, "gaps": 0}

HOW_TO_READ = """\
Deposits: telephones (sipp) call numbers whose owners are away and speak through greeting and beep, all at once; then each message is
fetched and laid on what was said, second by second. A second that is not found where the seconds before it put it is a gap: something was lost,
or put in, by more than the play-out buffer may move. Release: from a caller's BYE to its answer, before which the message is committed (fsync on).
Store: PostgreSQL's own time of the room's statements, by auto_explain, whose plan of the list is shown; the purge by the clock of its caller."""


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/bench voicemail", description=__doc__, epilog=HOW_TO_READ,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="12 s of speech, a tenth of the messages: a look, no figures to quote")
    parser.add_argument("--only", choices=["deposits", "store"], help="one half, put beside what was saved of the other")
    parser.add_argument("--callers", type=int, default=60, help="at once (default 60)")
    parser.add_argument("--seconds", type=int, default=40, help="of each call (default 40)")
    return parser.parse_args()


def store(programs, quick):
    command = [str(programs / "bench_voicemail_store")] + (["--quick"] if quick else [])
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def show_deposits(figures):
    line = lambda name, value: print(f"{name:<44} {value}")
    line("messages left at once", f"{figures['callers']}, heard back whole: {figures['whole']}")
    line("gaps", f"{figures['gaps']}   goal {GOALS['gaps']}")
    line("least likeness of a second, and shift", f"{figures['least_likeness']:.2f} and {figures['most_shift_ms']:.0f} ms")
    line("packets lost on the way", figures["packets_lost"])
    line("release after BYE, median and worst", f"{figures['release_ms'][0]:.0f} and {figures['release_ms'][1]:.0f} ms")
    line("processor time of the gateway", f"{figures['gateway_cores']:.2f} cores of {figures['cores']}")


def show_store(figures):
    for name in ("list_database_ms", "list_ms", "counts_database_ms", "counts_ms", "purge_batch_ms"):
        one = figures[name]
        goal = f"   goal below {GOALS['list_ms']} ms" if name == "list_database_ms" else ""
        print(f"{name:<44} {one['median']:.2f} ms, 99 % {one['p99']:.2f}, worst {one['worst']:.2f}{goal}")
    print(f"{'purged':<44} {figures['purged']} of {figures['messages']} messages, {figures['purge_batch']} at a time\n")
    print(figures["plan"])


def main():
    options = arguments()
    programs = pathlib.Path(options.programs).resolve()
    out = pathlib.Path("var/bench/voicemail.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = json.loads(out.read_text(encoding="utf-8")) if options.only and out.exists() else {}
    if options.only != "store":
        with Deposits(programs.parents[2] / "gateway/tollgate", pathlib.Path("var/bench/voicemail")) as run:
            figures["deposits"] = run.measure(options.callers, min(options.seconds, 12) if options.quick else options.seconds)
        figures["deposits"]["cores"] = len(os.sched_getaffinity(0))
        show_deposits(figures["deposits"])
    if options.only != "deposits":
        figures["store"] = store(programs, options.quick)
        show_store(figures["store"])
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"saved: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
