# SPDX-License-Identifier: Apache-2.0
"""Calls set up a second through the whole gateway, both ways, with rating and settlement, between sipp and many peers."""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "deploy"))

from load import Failure, Load  # noqa: E402

GOALS = {"calls_per_s": 50, "failed_share": 0.001, "pdd_own_p99_ms": 50}

HOW_TO_READ = """\
Half of the calls go out (peer, gateway, sipp), half come in. Each is a real one: signed offers over TLS, ICE, DTLS, credit held, settled and
written into a record by PostgreSQL with fsync; nobody speaks, and it is hung up half a second after its answer. "Own delay" is the gateway's
share of the post-dial delay: from the peer's offer to the INVITE at the carrier, and from the carrier's 180 to the peer's being told, by
the clocks of the far ends, which share the cores: what they take of it is in it. Memory is what the process grows by for each
call that is open at once."""


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/bench sip", description=__doc__, epilog=HOW_TO_READ,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="20 s and 100 open calls: a look, no figures to quote")
    parser.add_argument("--seconds", type=int, default=300, help="of load (default 300)")
    parser.add_argument("--rate", type=float, default=50, help="calls a second, both ways together (default 50)")
    parser.add_argument("--open", type=int, default=400, help="calls open at once for the memory (default 400)")
    return parser.parse_args()


def main():
    options = arguments()
    if options.quick:
        options.seconds, options.open = min(options.seconds, 20), min(options.open, 100)
    out = pathlib.Path("var/bench/sip.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    tell = lambda text: print(f"  {text}", flush=True)
    with Load(pathlib.Path(options.programs), pathlib.Path("var/bench/sip"), tell) as load:
        memory = load.memory(options.open)
        figures = load.rate(options.rate, options.seconds)
    figures = {"calls_per_s": figures.pop("calls_per_s"), "failed_share": figures.pop("failed_share"),
               "pdd_own_p99_ms": figures.pop("pdd_own_p99_ms"), "kib_per_call": memory["kib_per_call"], **figures,
               "memory": memory, "seconds": options.seconds, "cores": len(os.sched_getaffinity(0))}
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"\n{'calls set up a second':<44} {figures['calls_per_s']:>10.1f}   goal at least {GOALS['calls_per_s']}")
    print(f"{'failed':<44} {figures['failed_share']:>10.4%}   goal at most {GOALS['failed_share']:.1%}   {figures['failures']}")
    print(f"{'own share of the post-dial delay, 99 %':<44} {figures['pdd_own_p99_ms']:>7.1f} ms   goal at most {GOALS['pdd_own_p99_ms']} ms")
    print(f"{'  offer to INVITE, 50 and 99 %':<44} {figures['offer_to_invite_ms'][0]:.1f} and {figures['offer_to_invite_ms'][1]:.1f} ms")
    print(f"{'  180 to ringing, 50 and 99 %':<44} {figures['ringing_ms'][0]:.1f} and {figures['ringing_ms'][1]:.1f} ms")
    print(f"{'calls in: INVITE to offer, 50 and 99 %':<44} {figures['invite_to_offer_ms'][0]:.1f} and {figures['invite_to_offer_ms'][1]:.1f} ms")
    print(f"{'processor time a call, gateway and PostgreSQL':<44} {figures['gateway_ms_per_call']:.1f} and {figures['postgresql_ms_per_call']:.1f} ms")
    print(f"{'memory of an open call':<44} {figures['kib_per_call']:>6.0f} KiB")
    print(f"saved: {out}; logs: var/bench/sip/")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"deploy/bench sip: {failure}; see var/bench/sip/", file=sys.stderr)
        sys.exit(1)
