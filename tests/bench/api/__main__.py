# SPDX-License-Identifier: Apache-2.0
"""Requests a second of the REST API and their delay beside running calls, against nginx serving a file of the same size."""

import argparse
import json
import os
import pathlib
import statistics
import sys
import threading
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "deploy"), str(HERE.parent / "sip")]

import held  # noqa: E402
import http_load  # noqa: E402
import load as calls  # noqa: E402
from demonstration import processes  # noqa: E402
from web_server import WebServer  # noqa: E402

CONNECTIONS = 16
GOALS = {"ratio": 0.25, "p99_ms": 20}
NUMBER = "%2B442079460958"

HOW_TO_READ = """\
The calls are those of deploy/bench sip: set up, rated, settled by PostgreSQL with fsync, half out, half in. Beside them h2load asks over 16
connections: first as fast as it is answered, the gateway and nginx by turns in every round; then at half of the rate that the gateway had
(the median of the rounds), both again. nginx has one worker, as the API has one thread; its file has the size of the answer. The load generator,
both servers, PostgreSQL and the calls share the cores: only the ratio can be quoted. "rate search" is GET /v1/rates?number=, which is
answered from memory for a second; "balance" is GET /v1/accounts/ID/balance of all of the subscribers by turns: it is
never remembered, but those who ask at the same time share a statement of the database. At the end /health, which is no work, is asked for
every 5 ms beside nothing but the calls, beside a client that sends lists of 31 MiB with an Idempotency-Key, and beside one that reads records
by thousands, compressed: how much later it is answered tells how long the thread of signalling, which is that of calls, is held."""


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/bench api", description=__doc__, epilog=HOW_TO_READ,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one round of 3 s: a look, no figures to quote")
    parser.add_argument("--seconds", type=int, default=8, help="of one measurement (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="of each (default 3)")
    parser.add_argument("--calls", type=float, default=10, help="calls a second beside it, both ways together (default 10)")
    return parser.parse_args()


def answer_of(url, token):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return answer.read()


def measure(target, gateway, web, folder, seconds, rounds):
    ours, theirs = [gateway.api_url + path for path in target["paths"]], [f"{web.url}/{target['file']}"]
    of_gateway = lambda per_s=None: http_load.run(ours, CONNECTIONS, seconds, folder / "h2load.log", gateway.admin_token, per_s)
    of_nginx = lambda per_s=None: http_load.run(theirs, CONNECTIONS, seconds, folder / "h2load.log", None, per_s)
    fast = [(of_gateway(), of_nginx()) for _ in range(rounds)]
    per_s, nginx_per_s = (statistics.median(pair[i]["per_s"] for pair in fast) for i in (0, 1))
    half = [(of_gateway(per_s / 2), of_nginx(per_s / 2)) for _ in range(rounds)]
    ratios = [pair[0]["per_s"] / pair[1]["per_s"] for pair in fast]
    return {
        "per_s": per_s, "nginx_per_s": nginx_per_s, "ratio": statistics.median(ratios), "ratios": ratios,
        "at_half": {"per_s": statistics.median(pair[0]["per_s"] for pair in half),
                    "p50_ms": statistics.median(pair[0]["p50_ms"] for pair in half),
                    "p99_ms": statistics.median(pair[0]["p99_ms"] for pair in half),
                    "nginx_p99_ms": statistics.median(pair[1]["p99_ms"] for pair in half)},
    }


def main():
    options = arguments()
    if options.quick:
        options.seconds, options.rounds = 3, 1
    out = pathlib.Path("var/bench/api.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    os.environ["TOLLGATE_API_REQUESTS_PER_MINUTE"] = "0"
    folder = pathlib.Path("var/bench/api")
    tell = lambda text: print(f"  {text}", flush=True)
    with calls.Load(pathlib.Path(options.programs).parent / "sip", folder, tell) as load:
        accounts = [one["id"] for one in load.rest.get("/v1/accounts", limit=1000)["items"]]
        targets = {"rate_search": {"paths": [f"/v1/rates?number={NUMBER}"], "file": "rate.json"},
                   "balance": {"paths": [f"/v1/accounts/{account}/balance" for account in accounts], "file": "balance.json"}}
        for one in targets.values():
            one["content"] = answer_of(load.gateway.api_url + one["paths"][0], load.gateway.admin_token)
        web = WebServer(folder / "nginx", processes.free_port(load.ports), {one["file"]: one["content"] for one in targets.values()})
        try:
            processes.wait_until("nginx", web.answers, 10)
            seconds = (options.seconds + 2) * (options.rounds * 4 * len(targets) + 3) + 5
            beside = {}
            caller = threading.Thread(target=lambda: beside.update(load.rate(options.calls, seconds)))
            caller.start()
            figures = {name: {"bytes": len(one["content"]), **measure(one, load.gateway, web, folder, options.seconds, options.rounds)}
                       for name, one in targets.items()}
            figures["held"] = held.measure(load.gateway.api_url, load.gateway.admin_token, options.seconds)
            caller.join()
        finally:
            web.stop()
    for one in (figures[name] for name in targets):
        one["reached"] = {"ratio": one["ratio"] >= GOALS["ratio"], "p99_ms": one["at_half"]["p99_ms"] < GOALS["p99_ms"]}
    figures["goals"] = GOALS
    figures["beside"] = {key: beside.get(key) for key in ("calls_per_s", "failed_share", "failures", "pdd_own_p99_ms", "ledger_violations")}
    figures |= {"connections": CONNECTIONS, "seconds": options.seconds, "rounds": options.rounds, "cores": len(os.sched_getaffinity(0))}
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name in targets:
        one = figures[name]
        print(f"\n{name.replace('_', ' ')}, {one['bytes']} bytes")
        print(f"{'  requests a second, by nginx':<44} {one['per_s']:>8.0f}, {one['nginx_per_s']:.0f}: {one['ratio']:.2f}   goal for cached reads {GOALS['ratio']}")
        print(f"{'  at half of it, 50 and 99 %':<44} {one['at_half']['p50_ms']:>8.2f} and {one['at_half']['p99_ms']:.2f} ms   goal {GOALS['p99_ms']} ms; nginx {one['at_half']['nginx_p99_ms']:.2f} ms")
    print("\nleast answer (/health), 99 % and at worst, beside")
    for name, one in figures["held"].items():
        print(f"{'  ' + name.replace('_', ' '):<44} {one['p99_ms']:>8.2f} and {one['worst_ms']:.2f} ms")
    missed = [f"{name.replace('_', ' ')} ({goal})" for name in targets for goal, good in figures[name]["reached"].items() if not good]
    print("\ngoals: " + ("reached" if not missed else "missed by " + ", ".join(missed)))
    print(f"\nbeside: {figures['beside']['calls_per_s']:.1f} calls a second, {figures['beside']['failed_share']:.2%} failed")
    print(f"saved: {out}; logs: {folder}/")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (calls.Failure, http_load.Failure) as failure:
        print(f"deploy/bench api: {failure}; see var/bench/api/", file=sys.stderr)
        sys.exit(1)
