# SPDX-License-Identifier: Apache-2.0
"""The gateway with its own PostgreSQL, its carrier (sipp both ways) and its subscribers; what load does to it."""

import json
import os
import pathlib
import secrets
import shutil
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import delays
from demonstration import processes
from demonstration.gateway import Gateway

HERE = pathlib.Path(__file__).resolve().parent
CALLERS, CALLEES = 60, 60
CALLED_PREFIX = "+442079"  # and six digits: a number of its own for every call out
CALLER_PREFIX = "442083"   # the same for every call in
RENTED = "+1650555"        # and four digits
HOLD_MS = 500
MEMORY_RATE = 20           # calls a second while they are opened
CALLS_IN_FILE = 200_000

DECK = """\
prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s
44,United Kingdom,0.017,0.039,60,60
"""


class Failure(Exception):
    """A far end did not do what the benchmark needs of it."""


def cpu_s(pid):
    """Processor time of a process with its ended children."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[i]) for i in (11, 12)) / os.sysconf("SC_CLK_TCK")


def children_of(pid):
    out = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        out += [int(word) for word in (task / "children").read_text().split()]
    return out


def descendants(pid):
    out = []
    for child in children_of(pid):
        out += [child, *descendants(child)]
    return out


def rss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class Load:
    def __init__(self, programs, folder, tell):
        self.folder, self.tell = folder.resolve(), tell
        self.register = processes.Register(self.folder / "processes.json")
        self.register.stop_all()  # what a run that was killed has left
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.ports = set()
        self.generator_program = programs / "bench_sip_peers"
        self.gateway_program = programs.parents[2] / "gateway/tollgate"
        self.sipps = []
        self.peers = None
        self.first_number = 0

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _start(self):
        settings = {
            "overlay.offers_per_minute": 10_000, "overlay.calls_per_subscriber": 100, "overlay.requests_per_minute": 100_000,
            "call.calls": 5_000, "media.trunk_port_low": 31_000, "media.trunk_port_high": 39_998,
        }
        for key, value in settings.items():
            os.environ["TOLLGATE_" + key.replace(".", "_").upper()] = str(value)
        self.gateway = Gateway(self.register, self.gateway_program, self.folder, self.ports)
        self.gateway.start()
        self.rest = self.gateway.rest
        self.rest.post_csv("/v1/rate_imports", DECK.encode(), deck="default", currency="EUR")
        # The limits against fraud are the shipped ones. Customers of some standing call: what they have paid counts at once.
        policy = self.rest.get("/v1/fraud/policy")
        self.rest.put("/v1/fraud/policy", {"established_days": policy["established_days"], "payment_days": 0})
        carrier = self.rest.post("/v1/carriers", {"name": "carrier"})["id"]
        self.carrier_port = processes.free_port(self.ports)
        self.rest.post("/v1/trunks", {
            "name": "carrier", "carrier_id": carrier, "host": "127.0.0.1", "port": self.carrier_port,
            "served_prefixes": [CALLED_PREFIX[1:]], "probes": False})
        self._subscribers()
        self._carrier()

    def _subscribers(self):
        accounts = [{"name": f"peer{number}", "passphrase": secrets.token_urlsafe(12)} for number in range(CALLERS + CALLEES)]

        def create(place):
            account = accounts[place]
            created = self.rest.post("/v1/accounts", {**account, "region": "GB"})
            payment = {"id": str(uuid.uuid4()), "account_id": created["id"], "amount": "10000.00", "currency": "EUR"}
            self.rest.post("/v1/payments", payment)
            if place < CALLERS:
                return
            number = f"{RENTED}{place:04d}"
            self.rest.post("/v1/numbers", {"number": number})
            self.rest.post("/v1/number_orders",
                           {"id": str(uuid.uuid4()), "account_id": created["id"], "number": number, "term_months": 3})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(create, range(len(accounts))))
        with (self.folder / "peers.log").open("wb") as log:
            self.peers = subprocess.Popen([str(self.generator_program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=log, text=True, start_new_session=True)
        self._order({"url": self.gateway.overlay_url, "authority": str(self.gateway.authority_file),
                     "events": str(self.folder / "peers.events"), "accounts": accounts})
        self.tell(f"{self._heard()['attached']} subscribers are attached")

    def _carrier(self):
        lines = ["SEQUENTIAL"]
        lines += [f"{RENTED}{CALLERS + i % CALLEES:04d};{CALLER_PREFIX}{i:06d}" for i in range(CALLS_IN_FILE)]
        (self.folder / "numbers.csv").write_text("\n".join(lines) + "\n")
        self._sipp("called", "-p", self.carrier_port)

    def _sipp(self, name, *words, hold_ms=HOLD_MS):
        folder = self.folder / f"{name}-{len(self.sipps)}"
        folder.mkdir()
        (folder / "scenario.xml").write_text((HERE / f"{name}.xml").read_text().replace("HOLD_MS", str(hold_ms)))
        command = ["sipp", "-sf", "scenario.xml", "-i", "127.0.0.1", "-nostdin", "-trace_logs", "-log_file", "log", "-trace_err",
                   "-error_file", "errors", "-trace_stat", "-stf", "statistics", "-fd", "1", "-mp", processes.free_port(self.ports, 4), "-buff_size", 4_000_000, *words]
        with (folder / "output").open("wb") as output:
            agent = subprocess.Popen([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                     stderr=subprocess.STDOUT, start_new_session=True)
        agent.folder = folder
        self.sipps.append(agent)
        return agent

    def _calls_in(self, rate, calls, hold_ms):
        """A sipp that calls; each of its numbers is new."""
        done = sum(1 for one in self.sipps if "caller" in one.folder.name)
        numbers = self.folder / f"numbers-{done}.csv"
        lines = (self.folder / "numbers.csv").read_text().splitlines()
        numbers.write_text("\n".join([lines[0], *lines[1 + self.first_in : 1 + self.first_in + calls]]) + "\n")
        self.first_in += calls
        return self._sipp("caller", "-inf", numbers, "-r", rate, "-m", calls, "-l", 20_000, "-p", processes.free_port(self.ports),
                          f"127.0.0.1:{self.gateway.sip_port}", hold_ms=hold_ms)

    first_in = 0

    def _order(self, what):
        self.peers.stdin.write(json.dumps(what) + "\n")
        self.peers.stdin.flush()

    def _heard(self):
        line = self.peers.stdout.readline()
        if not line:
            raise Failure(f"the peers have ended with {self.peers.wait()}")
        return json.loads(line)

    def _calls_out(self, rate, calls, hold_ms):
        self._order({"calls_per_s": rate, "calls": calls, "callers": CALLERS, "hold_ms": hold_ms, "prefix": CALLED_PREFIX,
                     "first": self.first_number})
        self.first_number += calls

    def memory(self, calls):
        """What the gateway grows by while so many calls are open, half of them each way."""
        self._calls_out(MEMORY_RATE, 20, HOLD_MS)  # what is made once
        caller = self._calls_in(MEMORY_RATE, 20, HOLD_MS)
        self._heard()
        caller.wait(60)
        before = rss_kib(self.gateway.process.pid)
        half = calls // 2
        opening_s = half / (MEMORY_RATE / 2)
        hold_ms = int((opening_s + 5) * 1000)
        self._calls_out(MEMORY_RATE / 2, half, hold_ms)
        caller = self._calls_in(MEMORY_RATE / 2, half, hold_ms)
        time.sleep(opening_s + 3)
        self._order({"ask": True})
        now = self._heard()
        grown = rss_kib(self.gateway.process.pid) - before
        ended = self._heard()
        caller.wait(120)
        self.tell(f"{now['open']} calls open, {now['connected']} encrypted: the gateway has grown by {grown / 1024:.0f} MiB")
        return {"open": now["open"], "connected": now["connected"], "kib_per_call": grown / max(1, now["open"]),
                "failures": ended["failures"]}

    def rate(self, rate, seconds):
        """So many calls a second for so long."""
        postgres = [pid for pid in descendants(self.gateway.process.pid)]
        self._order({"ask": True})
        before = self._heard()
        gateway_cpu, begun = cpu_s(self.gateway.process.pid), time.monotonic()
        database_cpu = sum(cpu_s(pid) for pid in postgres)
        peers_cpu = cpu_s(self.peers.pid)
        calls = int(rate / 2 * seconds)
        first_out, first_in = self.first_number, self.first_in
        self._calls_out(rate / 2, calls, HOLD_MS)
        caller = self._calls_in(rate / 2, calls, HOLD_MS)
        took = self._heard()["seconds"]
        caller.wait(120)
        time.sleep(1)
        self._order({"ask": True})
        ended = self._heard()
        out_good = ended["done_out"] - before["done_out"]
        in_good = ended["done_in"] - before["done_in"]
        failures = {code: number - before["failures"].get(code, 0) for code, number in ended["failures"].items()}
        failures = {code: number for code, number in failures.items() if number}
        failed = 2 * calls - out_good - in_good
        processed = 2 * calls
        figures = {
            "calls_per_s": (out_good + in_good) / max(took, seconds), "failed_share": failed / processed, "failures": failures,
            "calls_out": calls, "calls_in": calls, "good_out": out_good, "good_in": in_good,
            "gateway_ms_per_call": 1000 * (cpu_s(self.gateway.process.pid) - gateway_cpu) / processed,
            "postgresql_ms_per_call": 1000 * (sum(cpu_s(pid) for pid in postgres if pathlib.Path(f"/proc/{pid}").exists()) - database_cpu) / processed,
            "peers_ms_per_call": 1000 * (cpu_s(self.peers.pid) - peers_cpu) / processed,
            "took_s": time.monotonic() - begun,
        }
        figures |= self._billed(out_good)
        events = delays.peer_events(self.folder / "peers.events")
        carrier = delays.sipp_events(self.sipps[0].folder / "log")
        telephones = delays.sipp_events(caller.folder / "log")
        out_numbers = {f"{CALLED_PREFIX[1:]}{first_out + i:06d}" for i in range(calls)}
        in_numbers = {f"{CALLER_PREFIX}{first_in + i:06d}" for i in range(calls)}
        return figures | delays.figures(events, carrier, telephones, out_numbers, in_numbers)

    def _billed(self, good):
        """The ledger's own word on it: no broken invariant, no hold left."""
        time.sleep(1)
        violations = self.rest.get("/v1/ledger/violations")["items"]
        if violations:
            raise Failure(f"the ledger has broken invariants: {violations[:3]}")
        return {"ledger_violations": 0}

    def _stop(self):
        for one in [*self.sipps, *([self.peers] if self.peers else [])]:
            if one.poll() is None:
                one.kill()
            one.wait()
        self.register.stop_all()
