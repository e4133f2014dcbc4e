# SPDX-License-Identifier: Apache-2.0
"""What a caller is told of the money while the call lasts: its price with all allowances, its cost so far, the warning that is heard
and seen; and the top-up that comes after it. And limits that reach a call at no price, and outlive the gateway and its database."""

import datetime
import http.client
import json
import os
import signal
import subprocess
import unittest
import uuid

from hearing import loudest_tone
from receiver import Receiver, is_signed
from stage import DECK, LANDLINE, PATIENCE_S, StageTest, processes, program
from wire_peer import WirePeer

DEAR_NUMBER = "+442079460999"
DEAR_MICROS_PER_SECOND = 500_000
WARNING_HZ = 1400
# The owner's deck: nothing up to 1 s, then a fee, and so much of it included that nothing else is asked for.
OWN_DECK = "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,included_s\n" \
    "442079460201,London,6.00,0.05,1,1,1,600\n"
FREE_DECK = "prefix,destination,price_per_minute\n442079460203,London,0\n"


class TopUp(StageTest):
    # The first retry falls 15 s after the hold, the last warning (10 s before the end of 28 s) after that, and no retry before the end.
    # Limits are asked about every second hold_seconds at least.
    settings = {
        "billing.report_interval_s": 1, "billing.warn_first_s": 12, "billing.warn_last_s": 10, "billing.hold_seconds": 2,
        "billing.fraud_limits": "true", "billing.credit_interval_s": 1, "billing.credit_months_by_country": "GB=0,FR=1",
        "notify.webhook_networks": "127.0.0.1", "notify.subscriber_webhook_networks": "127.0.0.1", "notify.first_retry_s": 1, "notify.attempts": 3,
    }

    def with_own_deck(self, name, deck):
        peer = self.stage.subscriber(name, credit="20.00")
        self.stage.rest._ask("PATCH", f"/v1/accounts/{peer.account_id}", f'{{"own_rate_deck":"{deck}"}}'.encode(), "application/json")
        return peer

    def call(self, peer, number, *options):
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        running = peer.start("call", number, *options)
        return running, running.await_event("answered", PATIENCE_S)

    def tollgate(self, *words):
        """What the command prints, once it has done what it was told."""
        command = [program("tollgate"), *map(str, words), "--url", self.stage.gateway.api_url]
        environment = {**os.environ, "TOLLGATE_ADMIN_TOKEN": self.stage.gateway.admin_token}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def hang_up(self, running):
        running.process.terminate()
        running.finish(PATIENCE_S)

    def test_a_top_up_after_the_last_warning_extends_the_call(self):
        alice, heard = self.stage.subscriber("alice", credit="14.00"), self.stage.wav("heard")
        running, answered = self.call(alice, DEAR_NUMBER, "--record", heard)
        self.assertEqual(28, answered["granted_s"], "all credit is the call's: it lasts so long")
        self.assertGreaterEqual(12, running.await_event("warning", PATIENCE_S)["seconds_left"])
        self.assertGreaterEqual(10, running.await_event("warning", PATIENCE_S)["seconds_left"])
        self.stage.top_up(alice, "10.00")
        self.assertEqual("credit_extended", running.await_any({"credit_extended", "ended"}, PATIENCE_S)["event"])
        while running.await_any({"running_cost", "ended"}, PATIENCE_S).get("cost_micros", 0) <= 14_000_000:
            self.assertIsNone(running.event("ended"), "the call was cut off although it had been paid for")
        self.hang_up(running)
        record = self.stage.latest_record(alice, 0)
        self.assertEqual(("caller", "normal"), (record["hung_up_by"], record["reason"]))
        self.assertGreater(record["billed_s"], 28)
        self.assertEqual(record["billed_s"] * DEAR_MICROS_PER_SECOND, record["charged_micros"])
        self.assertEqual(24_000_000 - record["charged_micros"], self.stage.balance(alice)["available_micros"])
        # The other end gives back the silence that it got: what is heard is the gateway's.
        self.assertGreater(loudest_tone(heard, WARNING_HZ), 0.05)
        self.assertLess(loudest_tone(heard, 700), 0.01)
        self.assert_sound()

    def test_the_price_is_the_accounts_own_with_its_allowances_from_the_ring_to_the_charge(self):
        self.stage.rest.post_csv("/v1/rate_imports", OWN_DECK.encode(), deck="bobs", currency="EUR")
        bob = self.with_own_deck("bob", "bobs")
        device = WirePeer(self.stage.output / "bobs-device", self.stage.gateway.overlay_port, bob.name, bob.passphrase)
        self.addCleanup(device.close)
        device.attach()
        number = "+442079460201"
        terms = ("price_per_minute_micros", "connection_fee_micros", "free_start_s", "included_s")
        quoted = device.request("rate", {"number": number})["body"]
        self.assertEqual([6_000_000, 50_000, 1, 600], [quoted[key] for key in terms])
        running, answered = self.call(bob, number, "--play", "tone")
        self.assertNotIn("granted_s", answered, "the credit outlasts the grant")
        self.assertEqual([6_000_000, 50_000, 1, 600], [running.event("connecting")[key] for key in terms])
        cost = running.await_event("running_cost", PATIENCE_S)
        while cost["cost_micros"] == 0:
            self.assertLessEqual(cost["talk_s"], 1)
            cost = running.await_event("running_cost", PATIENCE_S)
        self.assertEqual(50_000, cost["cost_micros"], "the fee, and nothing of what is included")
        (live,) = self.stage.live_calls()
        self.assertEqual((50_000, "0.05", "EUR"), (live["cost_micros"], live["cost"], live["currency"]), "as its caller is told")
        heading, row = (line.split() for line in self.tollgate("calls").splitlines())
        self.assertEqual(["cost", "currency", "0.05", "EUR"], heading[-2:] + row[-2:])
        self.hang_up(running)
        record = self.stage.latest_record(bob, 0)
        self.assertEqual(("6.00", "0.05"), (record["rate"]["price_per_minute"], record["rate"]["connection_fee"]))
        self.assertEqual(50_000, record["charged_micros"])
        self.assertEqual(20_000_000 - 50_000, self.stage.balance(bob)["available_micros"])

        # A fee that was wrong: told by the command, given back by order, once.
        self.stage.rest.post_csv("/v1/rate_imports", OWN_DECK.replace("0.05", "0.02").encode(), deck="bobs", currency="EUR")
        hours = [(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (-1, 0)]
        rerate = ("cdr", "rerate", "--deck", "bobs", "--version", 2, "--account", bob.name, "--from", hours[0], "--until", hours[1])
        self.assertIn("cheaper 1  to give back 0.03", self.tollgate(*rerate))
        self.assertIn(f"{number}  442079460201 ", self.tollgate(*rerate))
        self.assertEqual(20_000_000 - 50_000, self.stage.balance(bob)["available_micros"])
        for _ in range(2):
            self.assertIn("calls 1  given back 0.03 EUR  taken 0.00", self.tollgate(*rerate, "--commit", "the-fee", "--note", "as agreed"))
            self.assertEqual(20_000_000 - 20_000, self.stage.balance(bob)["available_micros"])
        self.assertEqual((50_000, -30_000), tuple(self.stage.latest_record(bob, 0)[key] for key in ("charged_micros", "rerated_micros")))
        self.assert_sound()

    def test_a_second_call_is_told_what_the_first_leaves(self):
        carol, number = self.stage.subscriber("carol", credit="20.00"), "+442079460202"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        wire = WirePeer(self.stage.output / "carols-device", self.stage.gateway.overlay_port, carol.name, carol.passphrase)
        self.addCleanup(wire.close)
        wire.attach()
        running, _ = self.call(carol, LANDLINE, "--play", "tone")
        held = self.stage.balance(carol)["held_micros"]
        self.assertGreater(held, 0)
        call = wire.offer(number)
        answer = wire.await_frame(lambda frame: frame["t"] in ("answer", "hangup") and frame.get("call") == call)
        self.assertEqual("answer", answer["t"], answer)
        self.assertEqual(2, len(self.stage.live_calls()), "the first call is over")
        self.assertLessEqual(answer["body"]["available_micros"], 20_000_000 - held)
        wire.send({"v": 1, "t": "hangup", "call": call, "body": {"code": "normal"}})
        wire.await_frame(lambda frame: frame["t"] == "hangup" and frame.get("call") == call)
        self.hang_up(running)

    def limit(self, peer, measure, most, action, **fields):
        self.stage.rest.put(f"/v1/fraud/limits/{peer.account_id}/{measure}", {"most": most, "action": action, **fields})

    def test_a_limit_ends_a_call_at_no_price(self):
        self.stage.rest.post_csv("/v1/rate_imports", FREE_DECK.encode(), deck="daves", currency="EUR")
        dave = self.with_own_deck("dave", "daves")
        running, _ = self.call(dave, "+442079460203", "--play", "tone")
        self.limit(dave, "call_length", 1, "cut")
        running.finish(PATIENCE_S)
        self.assertEqual("fraud_limit", running.event("ended")["code"])
        record = self.stage.latest_record(dave, 0)
        self.assertEqual((0, "fraud_limit"), (record["charged_micros"], record["reason"]))
        self.assert_sound()

    def test_what_was_spent_counts_after_gateway_and_database_have_been_killed(self):
        erin = self.stage.subscriber("erin", credit="20.00")
        self.limit(erin, "spend_day", 1, "refuse", currency="EUR")
        running, _ = self.call(erin, "+442079460204", "--play", "tone")
        running.await_event("running_cost", PATIENCE_S)
        self.hang_up(running)
        self.assertGreater(self.stage.latest_record(erin, 0)["charged_micros"], 0)
        database = int((self.stage.gateway.state / "postgresql/data/postmaster.pid").read_text().split()[0])
        for process in (self.stage.gateway.process.pid, database):
            os.kill(process, signal.SIGKILL)
        self.stage.gateway.process.wait(PATIENCE_S)
        self.stage.end_calls()
        self.stage.gateway.resume()
        refused = erin.run("call", "+442079460204", timeout_s=PATIENCE_S)
        self.assertEqual("fraud_limit", refused.event("ended")["code"])
        self.assert_sound()

    def test_credit_lapses_by_the_law_of_its_accounts_country(self):
        people = {region: self.stage.subscriber(f"of-{region}", credit="20.00", region=region) for region in ("GB", "FR", "US")}
        self.assertIsNone(self.stage.balance(people["GB"])["lapses_at"])
        listening = people["FR"].start("answer", "--wait", PATIENCE_S)  # the first that attaches is told, and nobody else
        listening.await_event("waiting", PATIENCE_S)
        self.stage.query("UPDATE billing.account SET last_used_on = (now() AT TIME ZONE 'UTC')::date - interval '3 months' WHERE country <> 'GB'")
        self.stage.query("UPDATE billing.account SET last_used_on = '2020-01-01' WHERE country = 'GB'")
        lapsed = lambda: [float(self.stage.balance(people[region])["inactive"]) for region in ("GB", "FR", "US")]
        processes.wait_until("the French account's lapse", lambda: lapsed()[1], PATIENCE_S)
        self.assertEqual([0, 20, 0], lapsed())
        notice = listening.await_event("notice", PATIENCE_S)
        self.assertEqual("credit_lapsed", notice["kind"])
        self.assertTrue(notice["key"].startswith("credit_lapsed/"), notice)
        shown = people["FR"].run("balance").event("balance")
        self.assertEqual((20_000_000, 0), (shown["inactive_micros"], shown["available_micros"]))
        self.assertEqual(20_000_000, people["FR"].run("reactivate").event("reactivated")["balance_micros"])
        self.assertEqual("nothing_inactive", people["FR"].run("reactivate").event("refused")["code"])

    def streamed(self, account, last_id, until):
        """What a stream of events after `last_id` tells, until it tells of this type."""
        link = http.client.HTTPConnection(self.stage.gateway.api_url.split("//")[1], timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {self.stage.gateway.admin_token}", "Accept": "text/event-stream", "Last-Event-ID": str(last_id)}
        link.request("GET", f"/v1/events?account_id={account}", headers=headers)
        answer = link.getresponse()
        self.assertEqual((200, "text/event-stream"), (answer.status, answer.headers["Content-Type"]))
        told = []
        while not told or told[-1]["type"] != until:
            line = answer.readline()
            self.assertTrue(line, "the stream has ended")
            if line.startswith(b"data: "):
                told.append(json.loads(line[6:]))
        link.close()
        return told

    def test_webhooks_and_streams_tell_what_happens_to_an_account(self):
        rest, receiver = self.stage.rest, Receiver()
        self.addCleanup(receiver.close)
        receiver.first["/all"] = [500]
        receiver.always["/gone"] = 410
        grace = self.stage.subscriber("grace", credit="12.00")
        account = grace.account_id
        made = {name: rest.post("/v1/webhooks", {"url": receiver.url(f"/{name}"), "account_id": account}) for name in ("all", "gone")}
        made["ops"] = rest.post("/v1/webhooks", {"url": receiver.url("/ops"), "event_types": ["fraud.limit"]})
        inside = rest.post("/v1/webhooks", {"url": "http://169.254.169.254/latest", "account_id": account})
        self.limit(grace, "starts_minute", 0, "event")
        rest.put(f"/v1/accounts/{account}/low_balance", {"amount": "12.00"})
        running, _ = self.call(grace, "+442079460206", "--play", "tone")
        running.await_event("running_cost", PATIENCE_S)
        self.hang_up(running)
        call_id = self.stage.latest_record(grace, 0)["call_id"]

        # By the stream, from its beginning; by the list; by the command.
        told = self.streamed(account, 0, "call.ended")
        processes.wait_until("the low balance", lambda: any(one["type"] == "balance.low" for one in self.events_of(account)), PATIENCE_S)
        of_call = [one for one in told if one["resource"] == f"call:{call_id}"]
        self.assertEqual(["call.started", "call.answered", "call.ended"], [one["type"] for one in of_call])
        self.assertEqual(("+442079460206", True, "normal"), tuple(of_call[2]["data"][key] for key in ("callee", "answered", "reason")))
        listed = self.events_of(account)
        self.assertEqual(listed[: len(told)], told)
        self.assertEqual(told[1:], self.streamed(account, told[0]["position"], "call.ended"), "from where it was left")
        shown = [json.loads(line) for line in self.tollgate("events", "--account", "grace", "--json").splitlines()]
        self.assertEqual(listed, shown)

        # By the webhook: each once, those of the call in their order, the first again after its failure; nothing of fraud.
        own = [one["id"] for one in listed if not one["type"].startswith("fraud.")]
        processes.wait_until("all events", lambda: {one["id"] for one in receiver.events("/all")} == set(own), PATIENCE_S)
        got = receiver.events("/all")
        self.assertEqual(len(own), len(got))
        for one in of_call:  # what is the operator's is not told to others
            one["data"] = {key: value for key, value in one["data"].items() if key not in ("node", "trunk")}
        self.assertEqual(of_call, [one for one in got if one["resource"] == f"call:{call_id}"])
        self.assertEqual(1, len([one for one in receiver.refused if one[0] == "/all"]))
        for path, headers, body in receiver.taken:
            self.assertTrue(is_signed(headers, body, made[path.strip("/")]["secret"]))
            self.assertFalse(is_signed(headers, body, "another"))
        self.assertIn("2", [headers["Tollgate-Attempt"] for _, headers, _ in receiver.taken])
        processes.wait_until("the limit", lambda: receiver.events("/ops"), PATIENCE_S)
        self.assertEqual("starts_minute", receiver.events("/ops")[0]["data"]["measure"])

        # What is given up can be had later; what leads inside is not connected to.
        state = lambda one: rest.get(f"/v1/webhooks/{one['id']}")
        processes.wait_until("all that is gone", lambda: state(made["gone"])["failed"] == len(own), PATIENCE_S)
        self.assertEqual(0, state(made["all"])["waiting"] + state(made["all"])["failed"])
        del receiver.always["/gone"]
        self.tollgate("webhooks", "replay", made["gone"]["id"])
        processes.wait_until("the replay", lambda: len(receiver.events("/gone")) == len(own), PATIENCE_S)
        self.assertIn("public", state(inside)["last_error"])
        self.assertIn(made["ops"]["id"], self.tollgate("webhooks", "list"))
        for one in [*made.values(), inside]:
            rest.delete(f"/v1/webhooks/{one['id']}")

    def events_of(self, account):
        return self.stage.rest.get("/v1/events", account_id=account)["items"]

    def test_a_voucher_is_redeemed_at_the_peer_by_a_pin_that_stands_on_no_command_line(self):
        frida, file = self.stage.subscriber("frida"), self.stage.output / "voucher.pin"
        batch = {"id": str(uuid.uuid4()), "value": "10.00", "vouchers": 1, "expires_at": "2099-01-01T00:00:00Z"}
        file.write_text(self.stage.rest.post("/v1/voucher_batches", batch)["pins"][0]["pin"] + "\n")
        redeemed = frida.run("voucher", "--pin-file", file)
        self.assertEqual((0, 10_000_000), (redeemed.code, redeemed.event("voucher")["balance_micros"]))
        file.write_text("0000 0000 0000 0000\n")
        self.assertEqual("voucher_unknown", frida.run("voucher", "--pin-file", file).event("refused")["code"])

    def test_a_deck_comes_into_force_at_its_moment_while_the_gateway_runs(self):
        number, price = "+442079460205", lambda: self.stage.rest.post("/v1/route_simulations", dict(number=number))["price"]["price_per_minute"]
        self.stage.trunk(self.stage.free_port(), [number[1:]])
        self.assertEqual("0.60", price())
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
        later = (DECK + "442079460205,London,0.90,0,1,1\n").encode()
        self.stage.rest.post_csv(
            "/v1/rate_imports", later, deck="default", currency="EUR", effective_from=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        processes.wait_until("the ledger's new price", lambda: self.quoted(number) == "0.90", PATIENCE_S)
        processes.wait_until("the calls' new price", lambda: price() == "0.90", PATIENCE_S)
        self.assertLess(moment, datetime.datetime.now(datetime.timezone.utc), "it was in force before its moment")

    def quoted(self, number):
        return self.stage.rest.get("/v1/rates", number=number)["price_per_minute"]

    def test_what_is_sold_below_cost_is_told_by_the_import_and_in_the_log(self):
        file = self.stage.output / "carrier.csv"
        file.write_text("prefix,region,price\n44,UK,0.70\n")
        told = self.tollgate("rates", "import", file, "--deck", "carrier", "--kind", "cost")
        self.assertRegex(told, r"(?s)sold below cost \d+\n.* 44 +default 0.60 < carrier 0.70")
        self.stage.rest.put(f"/v1/carriers/{self.stage.carrier}/cost_deck", {"deck": "carrier"})
        told = lambda: "event=sold_below_cost" in self.stage.gateway.log_file.read_text()
        processes.wait_until("the log's line", told, PATIENCE_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)
