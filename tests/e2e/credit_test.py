# SPDX-License-Identifier: Apache-2.0
"""Credit as a device sees it: vouchers, notice, lapse and reactivation, across a gateway that is killed; a limit against fraud; an
answer and its charge; rate decks by command; and what becomes of the records."""

import contextlib
import datetime
import os
import pathlib
import subprocess
import threading
import time
import unittest
import uuid

from stage import DECK, LANDLINE, MICROS_PER_SECOND, PATIENCE_S, Problem, StageTest, processes, program
from wire_peer import WirePeer


class Device(WirePeer):
    """Keeps the events that came, whatever it was waiting for."""

    events = ()

    def await_frame(self, wanted):
        def noting(frame):
            if frame["t"] == "event" and "event" in frame["body"]:
                self.events = (*self.events, frame["body"])
            return wanted(frame)

        return super().await_frame(noting)

    def await_event(self, kind):
        kinds = lambda: [event["kind"] for event in self.events]
        if kind not in kinds():
            self.await_frame(lambda frame: frame["t"] == "event" and frame["body"]["kind"] == kind)
        return next(event for event in self.events if event["kind"] == kind)


class Credit(StageTest):
    settings = {
        "billing.credit_interval_s": 1, "billing.fraud_limits": "true", "billing.report_interval_s": 60, "billing.hold_lease_s": 120,
    }

    def device(self, subscriber):
        device = Device(self.stage.output / subscriber.name, self.stage.gateway.overlay_port, subscriber.name, subscriber.passphrase)
        self.addCleanup(device.close)
        device.attach()
        return device

    def last_used(self, subscriber, day):
        self.stage.query(f"UPDATE billing.account SET last_used_on = {day} WHERE account_id = '{subscriber.account_id}'")

    def test_a_voucher_is_redeemed_once_and_wrong_pins_are_locked(self):
        carol, dave = self.stage.subscriber("carol"), self.stage.subscriber("dave")
        batch = {"id": str(uuid.uuid4()), "value": "10.00", "vouchers": 1, "expires_at": "2099-01-01T00:00:00Z"}
        pin = self.stage.rest.post("/v1/voucher_batches", batch)["pins"][0]["pin"]
        device, other = self.device(carol), self.device(dave)
        redeemed = device.request("voucher", {"pin": pin})["body"]
        self.assertEqual((10_000_000, 10_000_000, False), tuple(redeemed[key] for key in ("value_micros", "balance_micros", "repeated")))
        self.assertTrue(device.request("voucher", {"pin": pin})["body"]["repeated"])
        codes = [other.request("voucher", {"pin": pin})["body"]["code"]]
        codes += [other.request("voucher", {"pin": f"000000000000000{guess}"})["body"]["code"] for guess in range(6)]
        self.assertEqual(["voucher_used"] + 5 * ["voucher_unknown"] + ["voucher_locked"], codes)
        self.assertEqual("bad_request", other.request("voucher", {"pin": "1"})["body"]["code"])
        self.assert_sound()

    def test_lapse_is_told_once_across_a_kill_and_can_be_undone(self):
        erin = self.stage.subscriber("erin", credit="20.00")
        device = self.device(erin)
        self.assertEqual("nothing_inactive", device.request("reactivate", {})["body"]["code"])
        self.last_used(erin, "(now() AT TIME ZONE 'UTC')::date - interval '6 months' + interval '5 days'")
        self.assertEqual("7d", device.await_event("credit_lapse_notice")["notice"])
        self.assertIn("lapses_at", device.request("balance", {})["body"])
        device.close()
        self.last_used(erin, "'2020-01-01'")
        lapsed = f"SELECT 1 FROM billing.event WHERE kind = 'credit_lapsed' AND account_id = '{erin.account_id}'"
        processes.wait_until("the lapse", lambda: self.stage.query(lapsed), PATIENCE_S)
        self.stage.gateway.process.kill()
        self.stage.gateway.process.wait(PATIENCE_S)
        self.stage.gateway.resume()
        device.events = ()
        device.attach()
        self.assertEqual(20_000_000, device.await_event("credit_lapsed")["amount_micros"])
        undelivered = f"{lapsed} AND delivered_at IS NULL"
        processes.wait_until("its mark", lambda: not self.stage.query(undelivered), PATIENCE_S)
        device.events = ()
        device.attach()
        self.assertEqual(20_000_000, device.request("balance", {})["body"]["inactive_micros"])
        self.assertEqual(20_000_000, device.request("reactivate", {})["body"]["balance_micros"])
        device.await_event("credit_reactivated")
        self.assertEqual(["credit_reactivated"], [event["kind"] for event in device.events])
        self.assert_sound()

    def test_a_call_beyond_a_limit_is_refused(self):
        frank = self.stage.subscriber("frank", credit="20.00")
        self.stage.trunk(self.stage.free_port(), [LANDLINE[1:]])
        self.stage.query(f"INSERT INTO billing.fraud_limit VALUES ('{frank.account_id}', 'starts_minute', 0, 'refuse')")
        device = self.device(frank)
        call = device.offer(LANDLINE)
        ended = device.await_frame(lambda frame: frame["t"] == "hangup" and frame.get("call") == call)
        self.assertEqual("fraud_limit", ended["body"]["code"])
        self.assertEqual("starts_minute", self.stage.rest.get("/v1/fraud/events")["items"][0]["measure"])
        self.assert_sound()

    def test_an_answer_is_reported_at_once_so_that_a_call_cut_off_behind_it_is_charged(self):
        heidi, number = self.stage.subscriber("heidi", credit="20.00"), "+442079460101"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        heidi.start("call", number, "--play", "tone").await_event("answered", PATIENCE_S)
        reported = lambda: [used for used, in self.stage.query("SELECT used_s FROM billing.hold") if used != "0"]
        # The next report comes a minute later, of the seconds until then.
        self.assertEqual(["1"], processes.wait_until("the report of the answer", reported, PATIENCE_S))
        self.stage.gateway.process.kill()
        self.stage.gateway.process.wait(PATIENCE_S)
        self.stage.end_calls()
        self.stage.gateway.resume()
        record = self.stage.latest_record(heidi, 0)
        self.assertEqual((1, MICROS_PER_SECOND, "gateway_lost"), tuple(record[key] for key in ("billed_s", "charged_micros", "reason")))
        self.assert_sound()

    @contextlib.contextmanager
    def locked(self, table):
        """Nobody else reads the table meanwhile."""
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"))
        command = [programs[-1], "-h", self.stage.gateway.state / "postgresql/socket", "-U", "tollgate", "-d", "tollgate", "-X", "-q", "-A", "-t"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as session:
            session.stdin.write(f"BEGIN;\nLOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\nSELECT 'locked';\n")
            self.assertEqual("locked", session.stdout.readline().strip())
            try:
                yield
            finally:
                session.stdin.write("ROLLBACK;\n\\q\n")

    def test_reports_take_no_connection_from_calls(self):
        kim, number = self.stage.subscriber("kim", credit="20.00"), "+442079460103"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])

        def report():
            with contextlib.suppress(Problem):  # who has waited in vain is told so
                self.stage.rest.get("/v1/ledger/violations")

        readers = [threading.Thread(target=report) for _ in range(10)]
        with self.locked("billing.rerated_call"):
            for reader in readers:
                reader.start()
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            processes.wait_until("reports that are under way", lambda: self.stage.query(waiting), PATIENCE_S)
            self.assertEqual("kim", self.stage.rest.get(f"/v1/accounts/{kim.account_id}")["name"])
            running = kim.start("call", number, "--play", "tone")
            running.await_event("answered", PATIENCE_S)
        for reader in readers:
            reader.join(PATIENCE_S)
        running.process.terminate()
        running.finish(PATIENCE_S)
        self.assertGreater(self.stage.latest_record(kim, 0)["charged_micros"], 0)
        self.assert_sound()

    def test_credentials_end_at_once_wherever_that_is_asked(self):
        lena, number = self.stage.subscriber("lena", credit="20.00"), "+442079460104"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        devices = lambda: self.stage.rest.get(f"/v1/accounts/{lena.account_id}/devices")["items"]
        running = lena.start("call", number, "--play", "tone")
        running.await_event("answered", PATIENCE_S)
        (device,) = devices()
        self.assertEqual(("program", "127.0.0.1"), (device["kind"], device["address"]))
        # As another node does it: this one hears of it.
        self.stage.query(f"UPDATE gateway.subscriber SET credential_generation = credential_generation + 1 WHERE account_id = '{lena.account_id}'")
        record = self.stage.latest_record(lena, 0)
        self.assertEqual(("revoked", "gateway"), (record["reason"], record["hung_up_by"]))
        self.stage.await_no_call()
        running.finish(PATIENCE_S)
        refused = lena.run("balance")
        self.assertNotEqual(0, refused.code)
        self.assertEqual("credential_expired", refused.event("refused")["code"])
        self.assertEqual(0, lena.log_in().code)
        self.assertEqual(0, lena.run("balance").code)

        device = self.device(lena)
        processes.wait_until("the end of the program's device", lambda: len(devices()) == 1, PATIENCE_S)
        self.stage.rest.patch(f"/v1/accounts/{lena.account_id}", {"status": "blocked"})
        told = device.await_frame(lambda frame: frame["t"] == "error" and "id" not in frame)
        self.assertEqual("suspended", told["body"]["code"])
        processes.wait_until("the device's end", lambda: not devices(), PATIENCE_S)
        self.assertEqual("suspended", device.attach()["body"]["code"])
        self.stage.rest.patch(f"/v1/accounts/{lena.account_id}", {"status": "active"})
        self.assertEqual("credential_expired", device.attach()["body"]["code"])
        device.credential = None
        self.assertEqual("attach", device.attach()["t"])
        self.stage.rest.post(f"/v1/accounts/{lena.account_id}/credentials/revocation", {})
        self.assertEqual("revoked", device.await_frame(lambda frame: frame["t"] == "error" and "id" not in frame)["body"]["code"])
        self.assert_sound()

    def test_a_call_keeps_the_rate_that_it_began_with(self):
        ivan, number = self.stage.subscriber("ivan", credit="20.00"), "+442079460102"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        running = ivan.start("call", number, "--play", "tone")
        running.await_event("answered", PATIENCE_S)
        version = int(self.stage.query("SELECT max(version) FROM billing.deck_version WHERE deck = 'default'")[0][0])
        self.stage.rest.post_csv("/v1/rate_imports", DECK.replace(",0.60,", ",6.00,").encode(), deck="default", currency="EUR")
        self.addCleanup(self.stage.rest.post_csv, "/v1/rate_imports", DECK.encode(), deck="default", currency="EUR")
        price = lambda: self.stage.rest.post("/v1/route_simulations", dict(number=number, account_id=ivan.account_id))["price"]["price_per_minute"]
        processes.wait_until("the new rate", lambda: price() == "6.00", PATIENCE_S)
        running.process.terminate()
        running.finish(PATIENCE_S)
        record = self.stage.latest_record(ivan, 0)
        self.assertEqual(("0.60", "default", version), (record["rate"]["price_per_minute"], record["rate_deck"], record["rate_deck_version"]))
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        self.assertGreater(record["charged_micros"], 0)
        self.assert_sound()

    def rates(self, *words):
        running = self.tollgate("rates", *words)
        shown, complaint = running.communicate(timeout=PATIENCE_S)
        return running.returncode, shown, complaint

    def test_a_deck_is_imported_by_command_after_a_dry_run_that_shows_what_it_changes(self):
        file = self.stage.output / "gold.csv"
        file.write_text("prefix;region;price\n33;France;0,02\n34;Spain;0,03\n")
        self.assertEqual(0, self.rates("import", str(file), "--deck", "gold", "--note", "first")[0])
        file.write_text("prefix;region;price\n33;France;0,025\n39;Italy;0,04\n39x;Italy;NaN\n33;France;0,01\n")
        code, shown, complaint = self.rates("import", str(file), "--deck", "gold", "--dry-run")
        self.assertEqual(4, code, shown)
        for mistake in ("line 4, prefix: '39x'", "line 4, price_per_minute: 'NaN'", "line 5, prefix: prefix 33"):
            self.assertIn(mistake, complaint)
        self.assertIn("overlapping 1\n  33              lines 2 and 5\n", shown)
        self.assertEqual(4, self.rates("import", str(file), "--deck", "gold")[0])
        file.write_text("prefix;region;price\n33;France;0,025\n39;Italy;0,04\n")
        for words in (("--dry-run",), ()):
            code, shown, complaint = self.rates("import", str(file), "--deck", "gold", *words)
            self.assertEqual(0, code, complaint)
            self.assertIn("new 1\n  39              0.04, 60/60  Italy\n", shown)
            self.assertIn("dearer 1\n  33              0.02, 60/60 -> 0.025, 60/60  France\n", shown)
            self.assertIn("gone 1\n  34              0.03, 60/60  Spain\n", shown)
        self.assertEqual((4, ""), self.rates("export", "silver")[:2])
        code, text, _ = self.rates("export", "gold", "--version", "1")
        self.assertIn("\n34,Spain,0.03,", text)
        file.write_text(text)
        self.assertIn("imported: deck gold, version 3, 2 rates", self.rates("import", str(file), "--deck", "gold")[1])
        self.assertEqual(text, self.rates("export", "gold")[1])
        lines = [line.split()[:3] for line in self.rates("list")[1].splitlines() if line.startswith("gold ")]
        self.assertEqual([["gold", str(version), "sell"] for version in (3, 2, 1)], lines)

    def cdr(self, *words):
        return self.tollgate("cdr", *words)

    def tollgate(self, *words):
        command = [program("tollgate"), *words, "--url", self.stage.gateway.api_url]
        environment = {**os.environ, "TOLLGATE_ADMIN_TOKEN": self.stage.gateway.admin_token}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_records_are_exported_once_each_although_the_export_is_killed(self):
        grace, count = self.stage.subscriber("grace"), 6_000
        self.stage.query(
            "INSERT INTO billing.cdr (account_id, call_id, settled_by, currency, trunk, callee, started_at, talk_ms) "
            f"SELECT '{grace.account_id}', (left(billing.call_id_from(now() - interval '1 hour')::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, "
            f"'gateway', 'EUR', 'export', '+442079460958', now() - interval '1 hour', 60000 FROM generate_series(1, {count}) n")
        # As the ledger would have: an account knows the newest of its records.
        self.stage.query(
            f"UPDATE billing.account SET newest_call_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE account_id = '{grace.account_id}'")
        output, state = self.stage.output / "records.csv", self.stage.output / "records.state"
        take = ("export", "--format", "csv", "--output", str(output), "--state", str(state), "--consumer", "accounting")
        for attempt in range(8):  # at another moment each time, some of them after the end
            running = self.cdr(*take)
            time.sleep(0.02 + 0.04 * attempt)
            running.kill()
            running.communicate()
        finished = self.cdr(*take)
        self.assertEqual(0, finished.wait(PATIENCE_S), finished.communicate()[1])
        lines = output.read_text().splitlines()
        self.assertTrue(lines[0].startswith("call_id,account_id,"))
        calls = [line.split(",")[0] for line in lines[1:] if grace.account_id in line]
        self.assertEqual((count, count), (len(calls), len(set(calls))))
        self.assertEqual(len(lines), len(set(lines)))
        self.assertEqual("accounting", self.stage.rest.get("/v1/cdr_consumers")["items"][0]["name"])
        whole = self.cdr("export", "--format", "jsonl").communicate()[0]
        self.assertEqual(len(lines) - 1, len(whole.splitlines()))

        days = [(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n)).date().isoformat() for n in (-1, 2)]
        span = ("reconcile", "--from", days[0], "--until", days[1])
        alone = self.cdr(*span)
        self.assertEqual(0, alone.wait(PATIENCE_S), alone.communicate())
        carrier = self.stage.output / "carrier.csv"
        carrier.write_text(f"called,time,seconds\n442079460958,{days[0]} 00:00:10,60\n")
        compared = self.cdr(*span, "--carrier-csv", str(carrier), "--trunk", "export")
        told = compared.communicate(timeout=PATIENCE_S)[0]
        self.assertEqual(1, compared.returncode, told)
        self.assertIn(f"missing {count}", told)
        self.assertIn("extra 1", told)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
