# SPDX-License-Identifier: Apache-2.0
"""Money when things break: the gateway killed, its database killed or away, credit contended for, and the orderly end."""

import contextlib
import os
import pathlib
import signal
import subprocess
import unittest

from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest, processes
from wire_peer import WirePeer

NUMBER = "+442079460100"
DEAR_NUMBER = "+442079460999"
DEAR_MICROS_PER_SECOND = 500_000
ALICE_NUMBER = "+16505550100"


class Money(StageTest):
    # A hold is for 1 s more than the lead (billing.warn_first_s + 15 s): 16 s.
    settings = {
        "billing.report_interval_s": 1, "billing.hold_seconds": 1, "billing.warn_first_s": 0, "billing.warn_last_s": 0,
        "media.silence_timeout_s": 5, "database.statement_timeout_ms": 3000, "dial_policy.emergency_trunks": "emergency",
    }

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER)
        cls.carrier_port = stage.free_port()
        stage.trunk(cls.carrier_port, [NUMBER[1:], DEAR_NUMBER[1:]])

    def tearDown(self):
        if self.stage.gateway.process.poll() is not None:
            self.stage.gateway.resume()

    def answered_call(self, *options):
        """Alice in a call that has been answered; the peer and the call's id in the ledger."""
        self.stage.called("called_answers", port=self.carrier_port, echo=True)
        running = self.alice.start("call", NUMBER, "--play", "tone", *options)
        running.await_event("answered", PATIENCE_S)
        return running, running.event("connecting")["call_id"]

    def hang_up(self, running):
        running.process.terminate()  # as Ctrl-C
        running.finish(PATIENCE_S)

    def reported_s(self, call_id):
        rows = self.stage.query(f"SELECT used_s FROM billing.hold WHERE call_id = '{call_id}'")
        return int(rows[0][0]) if rows else None

    def await_report(self, call_id, seconds):
        reported = lambda: (self.reported_s(call_id) or 0) >= seconds
        processes.wait_until(f"a report of {seconds} s of use", reported, PATIENCE_S)

    def assert_charged_once(self, call_id):
        """One CDR, its price taken from the credit in one entry; returns the CDR."""
        record = self.stage.record(self.alice, call_id)
        self.assertEqual([call_id], [one["call_id"] for one in self.stage.records(self.alice) if one["call_id"] == call_id])
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        entries = self.stage.rest.get(f"/v1/accounts/{self.alice.account_id}/entries", limit=1000)["items"]
        charges = [entry["amount_micros"] for entry in entries if entry["reference"] == call_id]
        self.assertEqual([-record["charged_micros"]], charges)
        self.assert_sound()
        return record

    def kill_database(self, data, how=signal.SIGKILL):
        pid = int((data / "postmaster.pid").read_text().split()[0])
        mark = processes.started_at(pid)
        os.kill(pid, how)
        processes.wait_until("the database's end", lambda: processes.started_at(pid) != mark, PATIENCE_S)

    def test_a_call_cut_off_by_the_gateways_death_is_charged_once_up_to_its_last_report(self):
        _, call_id = self.answered_call()
        self.await_report(call_id, 2)
        gateway = self.stage.gateway.process
        gateway.send_signal(signal.SIGSTOP)  # nothing is reported between this look and the kill
        reported_s = self.reported_s(call_id)
        gateway.kill()
        gateway.wait()
        self.stage.end_calls()
        self.stage.gateway.resume()
        record = self.assert_charged_once(call_id)
        self.assertEqual(reported_s, record["billed_s"])

    def test_a_call_goes_on_while_the_database_restarts_and_is_charged_once(self):
        running, call_id = self.answered_call()
        for how in (signal.SIGINT, signal.SIGKILL):
            self.await_report(call_id, 1)
            before_s = self.reported_s(call_id)
            self.kill_database(self.stage.gateway.state / "postgresql/data", how)
            processes.wait_until("the database's return", self.stage.rest.has_database, PATIENCE_S)
            self.await_report(call_id, before_s + 1)
        self.hang_up(running)
        self.assertGreater(self.assert_charged_once(call_id)["billed_s"], before_s)

    def test_a_call_that_ends_while_the_database_is_away_is_charged_once_when_it_is_back(self):
        other = WirePeer(self.stage.output / "other", self.stage.gateway.overlay_port, self.alice.name, self.alice.passphrase)
        self.addCleanup(other.close)
        other.attach()
        running, call_id = self.answered_call()
        self.await_report(call_id, 1)
        data = self.stage.gateway.state / "postgresql/data"
        away = data.with_name("data.away")
        data.rename(away)  # so that it cannot be started again
        try:
            self.kill_database(away)
            call = other.offer(NUMBER)
            refused = other.await_frame(lambda frame: frame["t"] == "hangup" and frame.get("call") == call)
            self.assertEqual("unavailable", refused["body"]["code"], "a new call that nobody can hold credit for")
            self.hang_up(running)
            spool = self.stage.gateway.state / "spool/settlements"
            processes.wait_until("the settlement's being spooled", lambda: any(spool.iterdir()), PATIENCE_S)
        finally:
            away.rename(data)
        processes.wait_until("the database's return", self.stage.rest.has_database, PATIENCE_S)
        self.assert_charged_once(call_id)
        processes.wait_until("an empty spool", lambda: not any(spool.iterdir()), PATIENCE_S)

    def test_while_the_database_hangs_a_call_goes_on_none_begins_and_what_ends_is_charged_once(self):
        other = WirePeer(self.stage.output / "waiting", self.stage.gateway.overlay_port, self.alice.name, self.alice.passphrase)
        self.addCleanup(other.close)
        other.attach()
        running, call_id = self.answered_call()
        self.await_report(call_id, 1)
        postmaster = int((self.stage.gateway.state / "postgresql/data/postmaster.pid").read_text().split()[0])
        backends = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        frozen = [postmaster, *map(int, backends)]  # the connections stay, and nothing answers
        spool = self.stage.gateway.state / "spool/settlements"
        def send_all(what):
            for pid in frozen:
                with contextlib.suppress(ProcessLookupError):  # one that had ended, and is taken note of now
                    os.kill(pid, what)

        send_all(signal.SIGSTOP)
        try:
            call = other.offer(NUMBER)
            refused = other.await_frame(lambda frame: frame["t"] == "hangup" and frame.get("call") == call)
            self.assertEqual("unavailable", refused["body"]["code"], "a new call that nobody can hold credit for")
            self.assertIsNone(running.process.poll(), "the live call goes on within its hold")
            self.hang_up(running)
            processes.wait_until("the settlement's being spooled", lambda: any(spool.iterdir()), PATIENCE_S)
        finally:
            send_all(signal.SIGCONT)
        processes.wait_until("the database's return", self.stage.rest.has_database, PATIENCE_S)
        self.assert_charged_once(call_id)
        processes.wait_until("an empty spool", lambda: not any(spool.iterdir()), PATIENCE_S)

    def test_two_devices_that_call_at_once_never_overdraw_their_account(self):
        bob = self.stage.subscriber("bob", credit="10.00")
        devices = [bob, self.stage.second_device(bob)]
        self.stage.called("called_answers", port=self.carrier_port, echo=True, calls=2)
        calls = [device.start("call", DEAR_NUMBER, "--play", "tone") for device in devices]
        for call in calls:
            call.finish(PATIENCE_S)
        ends = [call.event("ended") for call in calls]
        self.assertEqual(["credit_exhausted"] * 2, [ended["code"] for ended in ends])
        self.assert_sound()
        balance = self.stage.balance(bob)
        charged = sum(record["charged_micros"] for record in self.stage.records(bob))
        self.assertEqual(10_000_000 - charged, balance["posted_micros"])
        self.assertGreaterEqual(balance["posted_micros"], 0)
        self.assertLess(balance["posted_micros"], DEAR_MICROS_PER_SECOND)
        self.assertEqual(0, balance["held_micros"])

    def test_term_refuses_new_calls_and_lets_the_live_one_end(self):
        carol = self.stage.subscriber("carol", credit="10.00")
        emergency = self.stage.called("called_answers", echo=True)
        self.stage.trunk(emergency.port, ["999999"], name="emergency")
        attached = WirePeer(self.stage.output / "in-need", self.stage.gateway.overlay_port, "carol", carol.passphrase)
        attached.attach()
        running, call_id = self.answered_call()
        gateway = self.stage.gateway.process
        gateway.send_signal(signal.SIGTERM)
        draining = lambda: self.stage.rest.get("/v1/status")["draining"]
        processes.wait_until("draining", draining, PATIENCE_S)

        caller = self.stage.caller("caller_is_refused", ALICE_NUMBER)
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        self.assertIn("503", [line.split()[1] for line in caller.messages()])
        refused = carol.run("call", NUMBER, timeout_s=PATIENCE_S)
        self.assertEqual("draining", (refused.event("ended") or refused.event("refused"))["code"])

        # But who calls for help gets it.
        for number in (NUMBER, "112"):
            call = attached.offer(number)
            answer = attached.await_frame(lambda frame: frame.get("call") == call and frame["t"] in ("answer", "hangup"))
            self.assertEqual((number == "112", "draining"), (answer["t"] == "answer", answer["body"].get("code", "draining")))
        attached.send({"v": 1, "t": "hangup", "call": call, "body": {"code": "normal", "text": ""}})
        self.assertEqual(0, emergency.finish(PATIENCE_S), emergency.complaint())
        attached.close()

        self.assertIsNone(gateway.poll(), "the gateway did not wait for its call")
        self.assertIsNone(running.event("ended"))
        self.hang_up(running)
        self.assertEqual("normal", running.event("ended")["code"])
        self.assertEqual(0, gateway.wait(PATIENCE_S))
        self.stage.gateway.resume()
        self.assert_charged_once(call_id)

    def test_int_ends_the_live_call_now_and_charges_it(self):
        running, call_id = self.answered_call()
        self.await_report(call_id, 1)
        gateway = self.stage.gateway.process
        gateway.send_signal(signal.SIGINT)
        self.assertEqual(0, gateway.wait(PATIENCE_S))
        running.finish(PATIENCE_S)
        self.assertEqual("shutdown", running.event("ended")["code"])
        self.stage.gateway.resume()
        record = self.assert_charged_once(call_id)
        self.assertEqual(("gateway", "shutdown"), (record["hung_up_by"], record["reason"]))

    def test_a_call_whose_device_has_vanished_ends_and_is_charged(self):
        running, call_id = self.answered_call()
        self.await_report(call_id, 1)
        running.process.kill()
        record = self.assert_charged_once(call_id)
        self.assertEqual(("gateway", "media_lost"), (record["hung_up_by"], record["reason"]))

    def test_a_call_whose_carrier_has_vanished_ends_and_is_charged(self):
        running, call_id = self.answered_call()
        self.await_report(call_id, 1)
        self.stage.agents[-1].stop()
        running.finish(PATIENCE_S)
        self.assertEqual("media_lost", running.event("ended")["code"])
        self.assert_charged_once(call_id)

    def test_the_operator_sees_a_call_and_ends_it(self):
        running, call_id = self.answered_call()
        shown = self.tollgate("calls")
        self.assertIn(call_id, shown.stdout)
        self.assertEqual(0, self.tollgate("hangup", call_id).returncode)
        running.finish(PATIENCE_S)
        self.assertEqual("operator", running.event("ended")["code"])
        self.assertEqual("operator", self.assert_charged_once(call_id)["reason"])
        self.assertNotIn(call_id, self.tollgate("calls").stdout)
        self.assertNotEqual(0, self.tollgate("hangup", call_id).returncode)

    def tollgate(self, *arguments):
        """A command of the program, against the running gateway."""
        gateway = self.stage.gateway
        command = [gateway.program, arguments[0], "--config", gateway.configuration_file, *arguments[1:]]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)
