# SPDX-License-Identifier: Apache-2.0
"""Calls a second through the prepaid ledger beside the bare limit of PostgreSQL, rating look-ups, the import of a deck and its way to two nodes."""

import argparse
import json
import pathlib
import subprocess
import sys

STEPS = ("hold", "extend", "settle", "guarded_hold", "guarded_extend")  # guarded: within the limits against fraud
GOAL = 0.55  # of a bare UPDATE at as many clients, from 4 clients on


def measure(command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(prog="deploy/bench billing", description=__doc__)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: a look, no figures to quote")
    parser.add_argument("--clients", type=int, nargs="+", default=[], help="only these client counts, put beside what was saved before")
    parser.add_argument("--reload", action="store_true", help="only how soon new rates are in force, put beside what was saved before")
    arguments = parser.parse_args()
    program = [str(pathlib.Path(arguments.programs) / "bench_billing_program")] + (["--quick"] if arguments.quick else [])
    figures = {}
    if not arguments.reload:
        figures = measure(program + [str(each) for each in arguments.clients])
    if arguments.reload or not (arguments.clients or arguments.quick):
        figures.update(measure([str(pathlib.Path(arguments.programs) / "bench_billing_reload")]))
    out = pathlib.Path("var/bench/billing.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    if (arguments.clients or arguments.reload) and out.exists():
        before = json.loads(out.read_text(encoding="utf-8"))
        merged = {key: {**before.get(key, {}), **value} if isinstance(value, dict) else value for key, value in figures.items()}
        figures = {**before, **merged}
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")

    if "reload_ms" in figures:
        reload, waited = figures["reload_ms"], figures["signalling_wait_ms"]
        print(f"new rates of {figures['reload_prefixes']} prefixes in force on {figures['reload_nodes']} nodes {reload['median']:.0f} ms after their commit "
              f"(worst {reload['worst']:.0f}); longest wait of a signalling thread {waited['median']:.1f} ms (worst {waited['worst']:.1f})")
    if "update_per_s" not in figures:
        return 0
    print(f"{'a second':>10} {'UPDATE':>9} {'TPC-B':>9}" + "".join(f"{step:>15} {'ratio':>6}" for step in STEPS) + f"{'calls':>9}")
    missed = []
    for clients, update in figures["update_per_s"].items():
        line = f"{clients + ' clients':>10} {update:>9.0f} {figures['tpcb_per_s'][clients]:>9.0f}"
        for step in STEPS:
            rate = figures[step + "_per_s"][clients]
            line += f"{rate:>15.0f} {rate / update:>6.2f}"
            if int(clients) >= 4 and rate / update < GOAL:
                missed.append(f"{step} at {clients} clients: {rate / update:.2f}")
        print(line + f"{figures['cycle_per_s'][clients]:>9.0f}")
    if "prefixes" in figures:
        print(f"round trips a step: {figures['round_trips_per_step']:.2f}; rating: {figures['lookups_per_s'] / 1e6:.1f} million a second over "
              f"{figures['prefixes']} prefixes; import: {figures['import_rows_per_s']:.0f} rows a second")
    print(f"goal of {GOAL} of the bare UPDATE: " + ("met" if not missed else "missed by " + ", ".join(missed)))
    print(f"saved: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
