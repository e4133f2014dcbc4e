# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test stands on: one gateway with its own PostgreSQL, and the subscribers, trunks and far ends around
it. The programs are those below $TOLLGATE_BUILD; everything is left in e2e/<name> there."""

import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile
import unittest
import uuid

from demonstration import audio, processes
from demonstration.gateway import Gateway
from demonstration.peer import Peer
from demonstration.rest import Problem, Rest
from demonstration.scene import LANDLINE, LIKENESS_LEAST
from demonstration.telephone import Telephone

import hearing
from sipp_agent import Sipp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOLLGATE_BUILD", ROOT / "build/release")).resolve()
PATIENCE_S = 60  # a sanitized build on a busy machine; nothing waits so long where all is well

# By the second, so that what is billed shows every second; the longer prefixes are dear.
DECK = """\
prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s
44,United Kingdom,0.60,0,1,1
442079460999,Dear,30,0,1,1
"""
MICROS_PER_SECOND = 10_000  # of the first line


def program(name):
    found = [path for path in (BUILD / "gateway").glob(f"**/{name}") if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        raise FileNotFoundError(f"there is no {name} below {BUILD}")
    return found[0]


def hasty_postgresql(folder):
    """Folder of an initdb and a postgres that wait for no disk: what they have written survives their death all the same, not that
    of the machine, which no test causes. On a busy disk a gateway starts and stops in a tenth of the time."""
    newest = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])).parent
    for name, option in (("initdb", "--no-sync"), ("postgres", "-c fsync=off")):
        wrapper = pathlib.Path(folder) / name
        wrapper.write_text(f'#!/bin/sh\nexec {newest / name} {option} "$@"\n')
        wrapper.chmod(0o755)
    os.chmod(folder, 0o755)  # for the unprivileged user, who may not see the build's folder
    return folder


class Stage:
    """`settings` are configuration keys: {"billing.report_interval_s": 1}. `durable`: the database waits for the disk."""

    def __init__(self, name, settings=None, durable=False):
        self.output = BUILD / "e2e" / name
        processes.Register(self.output / "processes.json").stop_all()  # what a run that was killed has left
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)
        self.register = processes.Register(self.output / "processes.json")
        self.ports = set()
        self.peers = []
        self.agents = []
        self.trunks = 0
        self.programs = tempfile.TemporaryDirectory(prefix="tollgate-e2e-")
        keys = {"overlay.offers_per_minute": 1000, "billing.fraud_limits": "false"}
        if not durable:
            keys["database.postgresql_binaries"] = hasty_postgresql(self.programs.name)
        for key, value in {**keys, **(settings or {})}.items():
            os.environ["TOLLGATE_" + key.replace(".", "_").upper()] = str(value)
        self.gateway = Gateway(self.register, program("tollgate"), self.output, self.ports)
        try:
            self.gateway.start()
            self.rest.post_csv("/v1/rate_imports", DECK.encode(), deck="default", currency="EUR")
            self.carrier = self.rest.post("/v1/carriers", {"name": "carrier"})["id"]
        except BaseException:
            self.stop()
            raise

    @property
    def rest(self):
        return self.gateway.rest

    def stop(self):
        self.end_calls()
        for peer in self.peers:
            peer.log.close()
        self.register.stop_all()
        self.programs.cleanup()
        shutil.rmtree(self.gateway.state, ignore_errors=True)  # the logs stay; databases of all tests would fill a disk

    def end_calls(self):
        """Ends peers and far ends, whatever they are doing; the gateway goes on."""
        for peer in self.peers:
            for running in peer.running:
                running.stop()
            peer.running.clear()
        for agent in self.agents:
            agent.stop()
        self.agents.clear()

    def free_port(self, neighbours=1):
        return processes.free_port(self.ports, neighbours)

    # Subscribers and their devices

    def subscriber(self, name, credit=None, number=None, **fields):
        """A new subscriber, logged in at one device. `number` is rented, for EUR 10 of the credit."""
        peer = self._device(name, name, secrets.token_urlsafe(12))
        peer.account_id = self.rest.post(
            "/v1/accounts", {"name": name, "passphrase": peer.passphrase, "region": "GB", **fields}
        )["id"]
        if credit:
            self.top_up(peer, credit)
        if number:
            self.rest.post("/v1/numbers", {"number": number, "area": "San Francisco"})
            order = {"id": str(uuid.uuid4()), "account_id": peer.account_id, "number": number, "term_months": 3}
            self.rest.post("/v1/number_orders", order)
        insist_ok(peer.log_in())
        return peer

    def second_device(self, peer):
        """Another device of the same subscriber, logged in."""
        device = self._device(f"{peer.name}-2", peer.name, peer.passphrase)
        device.account_id = peer.account_id
        insist_ok(device.log_in())
        return device

    def _device(self, folder, name, passphrase):
        peer = Peer(program("tollgate-peer"), self.output / "peers" / folder, name, passphrase, self.gateway)
        self.peers.append(peer)
        return peer

    def top_up(self, peer, amount):
        payment = {"id": str(uuid.uuid4()), "account_id": peer.account_id, "amount": amount, "currency": "EUR"}
        self.rest.post("/v1/payments", payment)

    # Trunks and what is at their far end

    def trunk(self, port, prefixes, **fields):
        """A trunk to this port for these numbers. Nothing probes it: a scenario expects its INVITE first."""
        self.trunks += 1
        body = {"name": f"trunk{self.trunks}", "carrier_id": self.carrier, "host": "127.0.0.1", "port": port}
        body |= {"served_prefixes": prefixes, "probes": False, **fields}
        trunk = self.rest.post("/v1/trunks", body)
        taken = lambda: any(one["id"] == trunk["id"] for one in self.rest.get("/v1/status")["trunks"])
        processes.wait_until("the trunk's being in use", taken, PATIENCE_S)
        return trunk

    def called(self, scenario, port=None, **options):
        """A sipp that waits for an INVITE."""
        agent = Sipp(self.output, scenario, port or self.free_port(), self.free_port(4), **options)
        self.agents.append(agent)
        return agent

    def caller(self, scenario, number, address="127.0.0.1", remote=None, **options):
        """A sipp that calls this number at the gateway, or at what stands before it."""
        agent = Sipp(
            self.output, scenario, self.free_port(), self.free_port(4), address=address, number=number,
            remote=remote or f"{'[::1]' if ':' in address else '127.0.0.1'}:{self.gateway.sip_port}", **options,
        )
        self.agents.append(agent)
        return agent

    def telephone(self, source, numbers=(LANDLINE,), name="telephone", **options):
        """A baresip that answers by itself, plays the file, and keeps what it hears."""
        ports, low = (self.free_port(2), self.free_port()), self.free_port(40)
        folder = self.output / name
        return Telephone(self.register, folder, list(numbers), ports, (low, low + 39), source, **options)

    # Sound

    def wav(self, name):
        return self.output / f"{name}.wav"

    def speech(self, name, prompt, seconds, voice=1.0, then_silence_s=0):
        audio.write(self.wav(name), audio.speech(prompt, seconds, voice) + audio.silence(then_silence_s))
        return self.wav(name)

    # What the gateway knows

    def balance(self, peer):
        return self.rest.get(f"/v1/accounts/{peer.account_id}/balance")

    def records(self, peer):
        """The CDRs of the subscriber, latest first."""
        return self.rest.get(f"/v1/accounts/{peer.account_id}/calls")["items"]

    def record(self, peer, call_id, timeout_s=PATIENCE_S):
        """The CDR of this call, once it is there."""

        def found():
            return [record for record in self.records(peer) if record["call_id"] == call_id]

        return processes.wait_until(f"the CDR of {call_id}", found, timeout_s)[0]

    def latest_record(self, peer, known, timeout_s=PATIENCE_S):
        """The subscriber's first CDR beyond the `known` ones."""
        fresh = lambda: len(self.records(peer)) > known and self.records(peer)
        return processes.wait_until("another CDR", fresh, timeout_s)[0]

    def violations(self):
        return self.rest.get("/v1/ledger/violations")["items"]

    def live_calls(self):
        return self.rest.get("/v1/calls")["items"]

    def await_no_call(self):
        processes.wait_until("the end of all calls", lambda: not self.live_calls(), PATIENCE_S)

    def query(self, sql):
        """Rows of the embedded database, past the gateway: what it has committed is seen, whatever the gateway does."""
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"))
        command = [programs[-1], "-h", self.gateway.state / "postgresql/socket", "-U", "tollgate", "-d", "tollgate"]
        command += ["-X", "-A", "-t", "-F", "|", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]


def insist_ok(running):
    if running.code != 0:
        raise RuntimeError(f"a peer ended with {running.code}: {running.events[-1:]}")


class StageTest(unittest.TestCase):
    """Tests that share a gateway: it lives as long as the class. After each, its calls are ended and the ledger is sound."""

    settings = {}
    durable = False
    stage = None

    @classmethod
    def setUpClass(cls):
        cls.stage = Stage(cls.__module__, cls.settings, cls.durable)
        cls.addClassCleanup(cls.stage.stop)
        cls.prepare(cls.stage)

    @classmethod
    def prepare(cls, stage):
        """What all tests of the class need beside the gateway."""

    def setUp(self):
        self.addCleanup(self.stage.end_calls)

    def assert_sound(self):
        """No call, no hold and no broken invariant is left."""
        self.stage.await_no_call()
        holds = lambda: not self.stage.query("SELECT call_id FROM billing.hold")
        processes.wait_until("the end of all holds", holds, PATIENCE_S)
        self.assertEqual([], self.stage.violations())

    def assert_heard(self, said, heard, least=LIKENESS_LEAST):
        likeness = hearing.likeness(said, heard)
        self.assertGreaterEqual(likeness, least, f"{pathlib.Path(heard).name} does not contain {pathlib.Path(said).name}")


__all__ = ["LANDLINE", "MICROS_PER_SECOND", "PATIENCE_S", "Problem", "Rest", "Stage", "StageTest", "processes", "audio"]
