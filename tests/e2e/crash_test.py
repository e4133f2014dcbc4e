# SPDX-License-Identifier: Apache-2.0
"""Kills the gateway, its PostgreSQL (fsync on) or both at random moments with calls running and payments coming in, or lets the
database hang, and then compares the ledger with two records outside it: what the far end answered, and what was paid.

A few rounds as a test; more by hand, with the seed that is printed or another:
  TOLLGATE_CRASH_ROUNDS=50 TOLLGATE_CRASH_SEED=1 PYTHONPATH=deploy:tests/e2e python3 -m unittest -v crash_test"""

import http.client
import itertools
import os
import pathlib
import random
import signal
import threading
import time
import unittest
import uuid

import far_end_record
from stage import MICROS_PER_SECOND, PATIENCE_S, Problem, StageTest, processes

ROUNDS = int(os.environ.get("TOLLGATE_CRASH_ROUNDS", "3"))
SEED = int(os.environ.get("TOLLGATE_CRASH_SEED", str(random.randrange(1_000_000))))
CALLERS = 4
PAYMENT_MICROS = 10_000_000
# Each in turn: the first three are the test's.
FAULTS = ("gateway", "database", "both", "backend", "hang", "gateway")
SLACK_S = 5  # between the clocks of the two ends on a busy machine, and the rounding up to a second


class Caller(threading.Thread):
    """One subscriber who calls one number after the other, each for a random time, until told to stop."""

    def __init__(self, device, numbers, random_source):
        super().__init__(daemon=True)
        self.device, self.numbers, self.random = device, numbers, random_source
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            running = self.device.start("call", next(self.numbers), "--play", "tone")
            self.stopping.wait(self.random.uniform(0.3, 4.0))
            if not self.stopping.is_set():
                running.stop()  # as Ctrl-C: it hangs up
            while running.process.poll() is None and not self.stopping.is_set():
                time.sleep(0.05)

    def finish(self):
        self.stopping.set()
        self.join(PATIENCE_S)
        for running in self.device.running:
            running.stop()
        self.device.running.clear()


class Payer(threading.Thread):
    """Pays again and again, each payment with its id until it is answered; `paid` is the record outside the ledger."""

    def __init__(self, rest, account_ids, paid):
        super().__init__(daemon=True)
        self.rest, self.accounts, self.paid = rest, itertools.cycle(account_ids), paid
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            payment = {"id": str(uuid.uuid4()), "account_id": next(self.accounts), "amount": "10.00", "currency": "EUR"}
            while not self._answered(payment):
                time.sleep(0.1)
            self.paid[payment["id"]] = payment["account_id"]
            self.stopping.wait(0.05)

    def _answered(self, payment):
        try:
            self.rest.post("/v1/payments", payment)
            return True
        except Problem as problem:
            if problem.status < 500:
                raise
        except (OSError, http.client.HTTPException):
            pass
        return False

    def finish(self):
        self.stopping.set()
        self.join(PATIENCE_S)
        if self.is_alive():
            raise AssertionError("a payment was never answered")


class Crash(StageTest):
    durable = True
    settings = {
        "billing.report_interval_s": 1, "billing.hold_seconds": 1, "billing.warn_first_s": 0, "billing.warn_last_s": 0,
        "media.silence_timeout_s": 5, "database.statement_timeout_ms": 3000,
    }

    @classmethod
    def prepare(cls, stage):
        cls.devices = [stage.subscriber(f"caller{n}") for n in range(CALLERS)]
        cls.carrier_port = stage.free_port()
        stage.trunk(cls.carrier_port, ["44207946"])
        cls.numbers = iter([f"+44207946{n:04d}" for n in range(10_000) if n != 999])
        cls.paid = {}
        for device in cls.devices:
            payment = str(uuid.uuid4())
            stage.rest.post("/v1/payments", {"id": payment, "account_id": device.account_id, "amount": "10.00", "currency": "EUR"})
            cls.paid[payment] = device.account_id

    def test_what_was_answered_is_charged_once_and_what_was_paid_is_credited_once(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        source = random.Random(SEED)
        self.assertEqual([["on"]], self.stage.query("SHOW fsync"))
        answered = 0
        for number in range(ROUNDS):
            fault = FAULTS[number % len(FAULTS)]
            calls = self.round(fault, source)
            answered += len(calls)
            print(f"round {number + 1}: {fault}, {len(calls)} calls answered, {len(self.paid)} payments", flush=True)
        self.assertGreater(answered, ROUNDS, "hardly any call was answered")

    def round(self, fault, source):
        far_end = self.stage.called("called_answers", port=self.carrier_port, echo=True, calls=1000)
        callers = [Caller(device, self.numbers, random.Random(source.random())) for device in self.devices]
        payer = Payer(self.stage.rest, [device.account_id for device in self.devices], self.paid)
        for thread in (*callers, payer):
            thread.start()
        processes.wait_until("a call that is answered", lambda: far_end_record.answered_calls(far_end._messages_file()), PATIENCE_S)
        time.sleep(source.uniform(0.0, 4.0))
        reported = self.strike(fault, source)
        if self.stage.gateway.process.poll() is not None:
            self.stage.gateway.resume()
        processes.wait_until("the database's return", self.stage.rest.has_database, PATIENCE_S)
        time.sleep(source.uniform(0.0, 1.0))
        for thread in (*callers, payer):
            thread.finish()
        self.assert_sound()
        spool = self.stage.gateway.state / "spool/settlements"
        processes.wait_until("an empty spool", lambda: not any(spool.iterdir()), PATIENCE_S)
        calls = far_end_record.answered_calls(far_end._messages_file())
        far_end.stop()
        self.compare_calls(calls, reported, gateway_lived=fault not in ("gateway", "both"))
        self.compare_payments()
        return calls

    def strike(self, fault, source):
        """What the holds had reported when the gateway alone was killed: the seconds of use by number."""
        gateway = self.stage.gateway.process
        data = self.stage.gateway.state / "postgresql/data"
        postmaster = int((data / "postmaster.pid").read_text().split()[0])
        backends = [int(pid) for pid in pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
        if fault == "hang":  # the connections stay, and nothing answers
            frozen = [postmaster, *backends]
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(source.uniform(1.0, 6.0))
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
            return {}
        if fault == "backend":  # any of them: PostgreSQL then restarts all, and recovers from its log
            os.kill(source.choice(backends), signal.SIGKILL)
            return {}
        if fault in ("database", "both"):
            mark = processes.started_at(postmaster)
            os.kill(postmaster, signal.SIGKILL)
            if fault == "database":
                processes.wait_until("the database's end", lambda: processes.started_at(postmaster) != mark, PATIENCE_S)
        reported = {}
        if fault == "gateway":
            gateway.send_signal(signal.SIGSTOP)  # nothing is reported between this look and the kill
            # Stopped between two statements of a transaction it leaves that one open, which then ends with it, undone.
            busy = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()"
            time.sleep(0.3)  # what it had sent is read and done
            processes.wait_until("connections at rest", lambda: not self.stage.query(busy), PATIENCE_S)
            reported = {callee: int(used) for callee, used in self.stage.query("SELECT callee, used_s FROM billing.hold")}
        if fault in ("gateway", "both"):
            gateway.kill()
            gateway.wait()
        return reported

    def compare_calls(self, calls, reported, gateway_lived):
        rows = self.stage.query(
            "SELECT c.callee, c.billed_s, c.charged_micros, count(DISTINCT c.call_id), count(e.sequence) FILTER (WHERE e.kind = 'call'), coalesce(-sum(e.amount_micros), 0)"
            " FROM billing.cdr c LEFT JOIN billing.entry e ON e.account_id = c.account_id AND e.reference = c.call_id::text"
            " AND e.kind IN ('call', 'correction') GROUP BY c.account_id, c.call_id, c.callee, c.billed_s, c.charged_micros")
        records = {}
        for callee, *figures in rows:
            self.assertNotIn(callee, records, "one call has two CDRs")
            records[callee] = tuple(map(int, figures))
        for number, call in calls.items():
            self.assertIn(number, records, "an answered call has no CDR")
            billed_s, charged, _, entries, taken = records[number]
            self.assertEqual(billed_s * MICROS_PER_SECOND, charged)
            self.assertEqual(charged, taken, f"{number}: what was charged is not what was taken")
            self.assertLessEqual(entries, 1, f"{number} was charged more than once")
            if gateway_lived:
                self.assertGreater(charged, 0, f"{number} was answered and not charged")
            if call.ended:
                self.assertLessEqual(billed_s, call.talk_s() + SLACK_S, f"{number} was billed for longer than it lasted")
        for number, used_s in reported.items():
            self.assertEqual(used_s, records[number][0], f"{number} was not billed up to its last report")

    def compare_payments(self):
        rows = self.stage.query("SELECT payment_id, account_id, amount_micros FROM billing.payment")
        self.assertEqual({(payment, account, str(PAYMENT_MICROS)) for payment, account in self.paid.items()}, set(map(tuple, rows)))
        for device in self.devices:
            paid = PAYMENT_MICROS * list(self.paid.values()).count(device.account_id)
            charged = int(self.stage.query(
                f"SELECT coalesce(sum(charged_micros), 0) FROM billing.cdr WHERE account_id = '{device.account_id}'")[0][0])
            self.assertEqual(paid - charged, self.stage.balance(device)["posted_micros"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
