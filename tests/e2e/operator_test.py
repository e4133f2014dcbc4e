# SPDX-License-Identifier: Apache-2.0
"""The operator's command line against a gateway: accounts and their credit, trunks, numbers, prices, live calls, the doctor, and the
shell's completion."""

import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest
import urllib.request
import uuid

from stage import PATIENCE_S, ROOT, Problem, StageTest, processes, program

DONE, FAILED, WRONG_USE, UNREACHABLE, REFUSED = 0, 1, 2, 3, 4
PASSPHRASE = "correct horse battery"


class Operator(StageTest):
    def tollgate(self, *words, given="", **environment):
        command = [program("tollgate"), "--config", str(self.stage.gateway.configuration_file), *words]
        whole = {**os.environ, **environment}
        return subprocess.run(command, env=whole, input=given, capture_output=True, text=True, timeout=PATIENCE_S)

    def done(self, *words, **more):
        """What a command that must succeed answers, as JSON."""
        answer = self.tollgate(*words, "--json", **more)
        self.assertEqual(DONE, answer.returncode, answer.stderr)
        return json.loads(answer.stdout)

    def account(self, name):
        return self.done("accounts", "create", name, "--passphrase-file", "-", "--region", "GB", given=PASSPHRASE + "\n")

    def test_an_account_from_its_beginning_to_its_end(self):
        made = self.account("dora")
        self.assertEqual(["dora", "active"], [made["name"], made["status"]])
        shown = self.tollgate("accounts", "show", "dora")
        self.assertRegex(shown.stdout, rf"account +{made['id']}\n")
        listed = self.tollgate("accounts", "list", "--name", "dora").stdout.splitlines()
        self.assertEqual(2, len(listed), listed)
        self.assertTrue(listed[0].startswith("account") and listed[1].startswith(made["id"]), listed)
        self.assertEqual("crm/7", self.done("accounts", "name", "dora", "crm/7")["external_id"])
        self.assertEqual([made["id"]], [one["id"] for one in self.done("accounts", "list", "--external-id", "crm/7")["items"]])
        self.account("dorothy")
        page = self.tollgate("accounts", "list", "--limit", "1")
        (cursor,) = re.findall("There are more: --cursor (.+)", page.stderr)
        self.assertNotIn(page.stdout.splitlines()[1], self.tollgate("accounts", "list", "--cursor", cursor).stdout)
        self.assertEqual("blocked", self.done("accounts", "block", "dora")["status"])
        self.assertEqual("active", self.done("accounts", "unblock", made["id"])["status"])
        self.assertEqual("dora", self.done("accounts", "passphrase", "dora", "--passphrase-file", "-", given="another pass-phrase\n")["name"])
        self.assertEqual(made["id"], self.stage.rest.post("/v1/sessions", {"name": "dora", "passphrase": "another pass-phrase"})["account_id"])
        self.assertEqual("closed", self.done("accounts", "close", "dora")["status"])

    def test_a_payment_counts_once(self):
        self.account("paul")
        payment = str(uuid.uuid4())
        first = self.done("topup", "paul", "12.50", "--id", payment, "--note", "by cheque")
        again = self.done("topup", "paul", "12.50", "--id", payment)
        self.assertEqual([False, True], [first["repeated"], again["repeated"]])
        self.assertEqual(12_500_000, self.done("accounts", "balance", "paul")["available_micros"])
        entries = self.done("accounts", "entries", "paul")["items"]
        self.assertEqual([["top_up", "by cheque"]], [[one["kind"], one["note"]] for one in entries])

    def test_a_payment_whose_answer_is_lost_is_repeated_and_counts_once(self):
        self.account("lois")
        gateway = self.stage.gateway.api_url

        class Loses(http.server.BaseHTTPRequestHandler):
            """A proxy that hands on what it is asked, and has forgotten the answer of a POST."""

            def do_GET(self):
                self.hand_on(None)

            def do_POST(self):
                self.hand_on(self.rfile.read(int(self.headers["Content-Length"])))

            def hand_on(self, body):
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if self.headers[name]}
                with urllib.request.urlopen(urllib.request.Request(gateway + self.path, body, headers)) as answer:
                    status, text = (503, b'{"detail":"the answer is lost"}') if body else (answer.status, answer.read())
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if status < 300 else "application/problem+json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *ignored):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loses) as proxy:
            threading.Thread(target=proxy.serve_forever).start()
            try:
                lost = self.tollgate("topup", "lois", "10", "--url", f"http://127.0.0.1:{proxy.server_port}")
            finally:
                proxy.shutdown()
        self.assertEqual(REFUSED, lost.returncode, lost.stderr)
        (made,) = re.findall("repeat it with --id ([0-9a-f-]{36})", lost.stderr)
        self.assertTrue(self.done("topup", "lois", "10", "--id", made)["repeated"])
        self.assertEqual(10_000_000, self.done("accounts", "balance", "lois")["available_micros"])

    def test_what_is_wrong_is_told_and_changes_nothing(self):
        self.account("wilma")
        missing = self.tollgate("topup", "nobody", "10")
        self.assertEqual(WRONG_USE, missing.returncode)
        self.assertIn("there is nothing named 'nobody' in /v1/accounts", missing.stderr)
        little = self.tollgate("topup", "wilma", "0.50")
        self.assertEqual(REFUSED, little.returncode)
        self.assertIn("less than the least top-up", little.stderr)
        self.assertEqual(0, self.done("accounts", "balance", "wilma")["available_micros"])
        self.assertEqual(WRONG_USE, self.tollgate("numbers", "assign", "+16505550111", "wilma", "--months", "many").returncode)
        unread = self.tollgate("accounts", "create", "x", "--passphrase-file", "/nowhere")
        self.assertEqual(WRONG_USE, unread.returncode)
        self.assertIn("'/nowhere' cannot be read", unread.stderr)
        silent = self.tollgate("topup", "3d5b1d43-8e0b-4f9c-9ea9-3a4a2b1c0d9e", "10", "--url", "http://127.0.0.1:9")
        self.assertEqual(UNREACHABLE, silent.returncode)
        self.assertRegex(silent.stderr, r"repeat it with --id [0-9a-f-]{36}")

    def test_carriers_and_trunks_by_name(self):
        self.assertEqual("north", self.done("carriers", "create", "north", "--calls", "50")["name"])
        port = str(self.stage.free_port())
        words = ["--carrier", "north", "--host", "127.0.0.1", "--port", port, "--username", "us", "--password-file", "-"]
        words += ["--codec", "PCMU", "--codec", "PCMA", "--prefix", "47", "--prefix", "46", "--source", "127.0.0.9"]
        made = self.done("trunks", "create", "north-1", *words, given="secret\n")
        self.assertEqual(["PCMU", "PCMA"], made["codecs"])
        self.assertEqual(["47", "46"], made["served_prefixes"])
        self.assertEqual("us", made["digest"]["username"])
        self.assertIn("47,46", self.tollgate("trunks", "list").stdout)
        self.assertEqual(made["id"], self.done("trunks", "show", "north-1")["id"])
        self.assertFalse(self.done("trunks", "disable", "north-1")["enabled"])
        self.assertTrue(self.done("trunks", "enable", "north-1")["enabled"])
        changed = self.done("trunks", "set", "north-1", "--priority", "3", "--external-id", "erp-1")
        self.assertEqual((3, "us", "erp-1"), (changed["priority"], changed["digest"]["username"], changed["external_id"]))
        self.assertEqual([["secret"]], self.stage.query("SELECT digest_password FROM pstn.trunk WHERE name = 'north-1'"))
        self.assertEqual("done\n", self.tollgate("trunks", "remove", "north-1").stdout)
        self.assertEqual("done\n", self.tollgate("carriers", "remove", "north").stdout)
        self.assertNotIn("north", self.tollgate("trunks", "list").stdout + self.tollgate("carriers", "list").stdout)

    def test_numbers_from_a_list_to_a_subscriber(self):
        csv = "number,area\n+16505550121,Palo Alto\n+16505550122,Palo Alto\n"
        wrong = self.tollgate("numbers", "import", "-", "--dry-run", given="number,area\n+1650x,Palo Alto\n")
        self.assertIn("mistakes  1", wrong.stdout)
        refused = self.tollgate("numbers", "import", "-", given="number,area\n+1650x,Palo Alto\n")
        self.assertEqual(REFUSED, refused.returncode)
        self.assertIn("line 2: number_invalid", refused.stderr)
        self.assertEqual(2, self.done("numbers", "import", "-", given=csv)["numbers"])
        self.assertEqual("done", self.done("numbers", "imports")["items"][0]["outcome"])
        self.assertRegex(self.tollgate("numbers", "search", "--prefix", "1650", "--contains", "121").stdout, r"\+16505550121 +US +Palo Alto +3,12 +10.00,30.00 +none")
        found = self.done("numbers", "search", "--country", "US", "--area", "Palo Alto")["items"]
        self.assertEqual({"+16505550121", "+16505550122"}, {one["number"] for one in found})
        self.account("nina")
        self.done("topup", "nina", "20")
        order = self.done("numbers", "assign", "+16505550121", "nina", "--months", "3")
        self.assertEqual(10_000_000, order["charged_micros"])
        self.assertEqual(["+16505550121"], [one["number"] for one in self.done("numbers", "list", "--account", "nina")["items"]])
        self.assertEqual("assigned", self.done("numbers", "show", "+16505550121")["state"])
        early = self.done("numbers", "renew", "+16505550121", "nina")
        self.assertEqual(order["paid_until"], early["paid_until"], "a term is paid for again only once it is over")
        self.assertEqual(10_000_000, self.done("accounts", "balance", "nina")["available_micros"])
        self.assertEqual([], self.done("numbers", "search", "--price-most", "9.99")["items"])
        self.assertEqual("+16505550122", self.done("numbers", "reserve", "+16505550122", "nina")["number"])
        rules = self.done("numbers", "set-rules", "+16505550121", "--block", "+4420*", "--quiet", "sun 22:00-07:00", "--do-not-disturb")
        self.assertEqual((["+4420*"], True), (rules["blocked"], rules["do_not_disturb"]))
        self.assertEqual(rules, self.done("numbers", "rules", "+16505550121"))
        self.assertIn("10.00", [one["price"] for one in self.done("numbers", "prices", "--number", "+16505550121")["items"]])
        limits = self.done("mailboxes", "set-limits", "nina", "--messages", "5")
        self.assertEqual((5, limits), (limits["in_force"]["messages"], self.done("mailboxes", "limits", "nina")))
        self.assertEqual("fr", self.done("mailboxes", "change", "nina", "--language", "fr")["language"])
        self.assertEqual("fr", self.done("mailboxes", "show", "nina")["language"])
        self.assertEqual([], self.done("mailboxes", "messages", "nina")["items"])
        self.assertEqual([], self.done("mailboxes", "greetings", "nina")["items"])
        self.assertRegex(self.tollgate("mailboxes", "list").stdout, r"nina +\w+ +- +0 +0")
        self.assertEqual(0, self.done("mailboxes", "notifications", "nina")["failed"])
        back = self.done("numbers", "refund", "+16505550121")
        self.assertEqual(("assigned", False), (back["number"]["state"], back["repeated"]))
        self.done("numbers", "release", "+16505550121", "nina")
        self.assertEqual("quarantined", self.done("numbers", "events", "+16505550121")["items"][0]["state"])
        self.assertEqual([], self.done("numbers", "country-rules")["items"])
        self.assertEqual("quarantined", self.done("numbers", "show", "+16505550121")["state"])

    def test_a_withdrawn_number_is_paid_back_and_replaced_and_its_owner_told(self):
        number, free = "+16505550131", "+16505550132"
        owner = self.stage.subscriber("olga", credit="20.00", number=number)
        self.stage.rest.post("/v1/numbers", {"number": free})
        state = lambda which: self.done("numbers", "show", which)["state"]
        device = owner.start("answer", "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        wrong = self.tollgate("numbers", "withdraw", "-", given="number,replacement\n+16505559999,\n")
        self.assertEqual(REFUSED, wrong.returncode)
        self.assertIn("line 2: ", wrong.stderr)
        csv = f"number,replacement\n{number},{free}\n"
        self.done("numbers", "withdraw", "-", "--dry-run", given=csv)
        self.assertEqual(["assigned", "available"], [state(number), state(free)])
        self.assertEqual(1, self.done("numbers", "withdraw", "-", given=csv)["numbers"])
        self.assertEqual(["withdrawn", "reserved"], [state(number), state(free)])

        told = processes.wait_until(
            "the notice", lambda: [one for one in device.events if one.get("kind") == "number_withdrawn"], PATIENCE_S)
        self.assertEqual([(number, free)], [(one["number"], one["replacement"]) for one in told])
        kept = 20_000_000 - self.done("accounts", "balance", "olga")["available_micros"]
        self.assertTrue(10_000_000 // 92 <= kept <= 10_000_000 // 89 + 1, kept)  # of EUR 10, for the day that has begun
        events = self.stage.rest.get(f"/v1/numbers/{number}/events")["items"]
        self.assertEqual(["withdrawn", "assigned", "available"], [one["state"] for one in events])
        self.assertEqual(owner.account_id, events[0]["account_id"])
        for name in ("actor", "at"):
            self.assertTrue(all(one[name] for one in events), events)
        self.done("numbers", "assign", free, "olga", "--months", "3")
        self.assertEqual("assigned", state(free))
        self.assertEqual([], self.stage.violations())

    def test_a_number_that_is_ported_away_is_its_owners_no_more(self):
        number = "+16505550133"
        owner = self.stage.subscriber("otto", credit="20.00", number=number)
        device = owner.start("answer", "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        self.assertEqual("ported_out", self.done("numbers", "port-out", number)["state"])
        told = processes.wait_until(
            "the notice", lambda: [one for one in device.events if one.get("kind") == "number_ported"], PATIENCE_S)
        kept = 20_000_000 - self.done("accounts", "balance", "otto")["available_micros"]
        self.assertTrue(10_000_000 // 92 <= kept <= 10_000_000 // 89 + 1, kept)  # of EUR 10, for the day that has begun
        self.assertEqual(10_000_000 - kept, told[0]["amount_micros"])
        processes.wait_until("the event", lambda: [one["resource"] for one in self.stage.rest.get(
            "/v1/events", type="number.ported", account_id=owner.account_id)["items"]] == [f"number:{number}"], PATIENCE_S)
        events = self.stage.rest.get(f"/v1/numbers/{number}/events")["items"]
        self.assertEqual([("ported_out", owner.account_id), ("assigned", owner.account_id)],
                         [(one["state"], one["account_id"]) for one in events[:2]])
        self.assertEqual([], self.done("numbers", "list", "--account", "otto")["items"])
        refused = self.tollgate("numbers", "assign", number, "otto", "--months", "3")
        self.assertEqual(REFUSED, refused.returncode)

    def test_prices(self):
        found = self.done("rates", "search", "+442079460958", "--duration", "90")
        self.assertEqual([600_000, 900_000], [found["price_per_minute_micros"], found["price_micros"]])

    def test_the_rates_of_accounts_and_carriers_and_limits(self):
        rates = "prefix,region,price\n44,UK,0.01\n"
        for deck, kind in (("operators-cost", "cost"), ("gold", "sell")):
            imported = self.tollgate("rates", "import", "-", "--deck", deck, "--kind", kind, given=rates)
            self.assertEqual(DONE, imported.returncode, imported.stderr)
        self.assertEqual("operators-cost", self.done("carriers", "cost-deck", "carrier", "operators-cost")["deck"])
        self.account("rita")
        chosen = self.done("accounts", "tariff", "rita", "--own-deck", "gold")
        self.assertEqual(["default", "gold"], [chosen["rate_deck"], chosen["own_rate_deck"]])
        self.assertIn("spend_hour", {one["measure"] for one in self.done("limits", "list")["items"]})
        self.assertIn("items", self.done("limits", "events"))
        self.assertEqual("new", self.done("accounts", "limits", "rita")["level"])
        self.assertFalse(self.done("accounts", "unlock", "rita")["was_locked"])

    def test_a_deck_is_checked_and_committed_and_taken_back(self):
        columns = "prefix,region,price\n"
        self.tollgate("rates", "import", "-", "--deck", "slate", given=columns + "44,UK,0.01\n")
        checked = self.done("rates", "diff", "-", "--deck", "slate", "--note", "autumn", given=columns + "44,UK,0.02\n33,France,0.01\n")
        self.assertEqual(("checked", 1, 1), (checked["outcome"], checked["counts"]["dearer"], checked["counts"]["new"]))
        price = lambda: self.done("rates", "search", "+442079460958", "--deck", "slate")["price_per_minute"]
        self.assertEqual("0.01", price())
        self.assertEqual("imported", self.done("rates", "commit", checked["id"])["outcome"])
        self.assertEqual("0.02", price())
        self.assertRegex(self.tollgate("rates", "imports", "--deck", "slate").stdout, rf"{checked['id']} +slate +sell +imported +2 +2 .* autumn")
        again = self.done("rates", "import", "-", "--dry-run", "--deck", "slate", given=columns + "44,UK,0.03\n")
        self.assertEqual(3, self.done("rates", "rollback", checked["id"])["restored_version"])
        self.assertEqual("0.01", price())
        stale = self.tollgate("rates", "commit", again["id"])
        self.assertEqual(REFUSED, stale.returncode)
        self.assertIn("the deck has changed", stale.stderr)
        self.assertEqual("rolled_back", self.done("rates", "show-import", checked["id"])["outcome"])

    def test_two_stored_versions_of_a_deck_are_compared(self):
        for price in ("0.01", "0.02"):
            self.tollgate("rates", "import", "-", "--deck", "chalk", given=f"prefix,region,price\n44,UK,{price}\n")
        told = self.tollgate("rates", "diff", "chalk", "--from", "1", "--to", "2")
        self.assertEqual(DONE, told.returncode, told.stderr)
        self.assertRegex(told.stdout, r"(?s)dearer.*44.*0\.01.*0\.02.*unchanged 0")
        self.assertEqual(1, self.done("rates", "diff", "chalk", "--from", "2", "--to", "1")["difference"]["cheaper"]["count"])
        self.assertEqual(REFUSED, self.tollgate("rates", "diff", "chalk", "--from", "1", "--to", "9").returncode)
        self.assertEqual(WRONG_USE, self.tollgate("rates", "diff", "chalk", "--from", "1").returncode)

    def test_who_changed_what_is_found(self):
        made = self.account("audrey")
        self.done("accounts", "block", "audrey")
        lines = self.done("audit", "--resource", f"/v1/accounts/{made['id']}")["items"]
        self.assertEqual([("PATCH", "blocked")], [(one["method"], one["after"]["status"]) for one in lines])
        table = self.tollgate("audit", "--operation", "PATCH /v1/accounts/{}", "--limit", "1")
        self.assertRegex(table.stdout, rf"admin .*PATCH +/v1/accounts/{made['id']} +200")
        self.assertEqual([], self.done("audit", "--resource", f"/v1/accounts/{made['id']}", "--until", "2026-01-01T00:00:00Z")["items"])

    def test_routes_are_listed_by_prefix(self):
        words = ["--carrier", self.stage.carrier, "--host", "127.0.0.1", "--port", str(self.stage.free_port())]
        self.done("trunks", "create", "north", *words, "--prefix", "4420", "--prefix", "4421")
        table = self.tollgate("trunks", "routes")
        self.assertRegex(table.stdout, r"(?m)^4420 +north ")
        self.assertEqual(["4421"], [one["prefix"] for one in self.done("trunks", "routes")["items"] if one["prefix"] == "4421"])
        self.tollgate("trunks", "remove", "north")

    def test_a_file_of_calls_is_ordered_and_fetched(self):
        self.assertIn("items", self.done("cdr", "list", "--answered", "--min-duration", "1"))
        order = str(uuid.uuid4())
        made = self.done("cdr", "order", "--prefix", "+4420", "--id", order)
        self.assertEqual(order, made["id"])
        self.assertEqual(order, self.done("cdr", "order", "--prefix", "+4420", "--id", order)["id"])
        processes.wait_until("the file", lambda: self.done("cdr", "progress", order)["state"] == "done", PATIENCE_S)
        file = self.tollgate("cdr", "fetch", order)
        self.assertTrue(file.stdout.startswith("call_id,account_id,"), file.stdout + file.stderr)
        self.assertIn(order, self.tollgate("cdr", "exports").stdout)
        self.assertEqual(DONE, self.tollgate("cdr", "forget", order).returncode)
        self.assertEqual(REFUSED, self.tollgate("cdr", "fetch", order).returncode)

    def test_a_gateway_is_drained_and_takes_calls_again(self):
        not_ready = lambda: self.stage.rest.not_ready()
        (name,) = [one["node"] for one in self.done("nodes", "list")["items"]]
        self.assertTrue(self.done("drain")["draining"])
        self.assertIn("draining", not_ready())
        self.assertTrue(self.done("nodes", "show", name)["draining"])
        self.assertEqual(f"{name} takes calls\n", self.tollgate("undrain").stdout)
        self.assertNotIn("draining", not_ready())
        # As another gateway on the database asks it.
        ask = "UPDATE gateway.node SET order_number = order_number + 1, order_instance = instance, order_at = now(), order_wish = '{}'"
        self.stage.query(ask.format("drain"))
        processes.wait_until("the drain", lambda: "draining" in not_ready(), PATIENCE_S)
        self.stage.query(ask.format("serve"))
        processes.wait_until("its end", lambda: "draining" not in not_ready(), PATIENCE_S)
        self.assertEqual(REFUSED, self.tollgate("drain", "--node", "nowhere").returncode)
        self.assertFalse(self.done("undrain", "--node", name)["draining"])

    def test_what_everybody_may_call_is_set_while_the_gateway_runs(self):
        verdict = lambda: self.done("simulate", "+442079460958")["verdict"]
        before = verdict()
        self.assertEqual("set", self.done("dial-policy", "set", "--shut-country", "GB", "--shared-cost")["source"])
        self.assertEqual("barred", verdict())
        self.assertRegex(self.tollgate("dial-policy", "list").stdout, r"gateway +set +false +true")
        self.done("dial-policy", "reset")
        self.assertEqual("configuration", self.done("dial-policy", "show")["source"])
        self.assertEqual(before, verdict())
        # As another gateway on the database sets it.
        self.stage.query("INSERT INTO gateway.dial_policy VALUES (true, false, false, false, false, '{}', '{44}', '{}', '{}')")
        processes.wait_until("the policy", lambda: verdict() == "barred", PATIENCE_S)
        self.stage.query("DELETE FROM gateway.dial_policy")
        processes.wait_until("its end", lambda: verdict() == before, PATIENCE_S)

    def test_the_prices_of_terms_and_the_rules_of_countries_are_set(self):
        set_price = self.done("numbers", "set-price", "CHF", "12", "31.50")
        self.assertEqual(("CHF", 31_500_000), (set_price["currency"], set_price["price_micros"]))
        prices = {(one["currency"], one["term_months"]): one["price"] for one in self.done("numbers", "prices", "--currency", "CHF")["items"]}
        self.assertEqual("31.50", prices["CHF", 12])
        rules = "country,address,identity,least_term_months,most_numbers,note\nFR,area,yes,12,2,by post\n"
        self.assertEqual(REFUSED, self.tollgate("numbers", "set-country-rules", "-", given=rules.replace("FR", "France")).returncode)
        self.assertEqual("valid", self.done("numbers", "set-country-rules", "-", "--dry-run", given=rules)["outcome"])
        self.assertEqual([], self.done("numbers", "country-rules")["items"])
        self.assertEqual(1, self.done("numbers", "set-country-rules", "-", given=rules)["countries"])
        (rule,) = self.done("numbers", "country-rules")["items"]
        self.assertEqual(("FR", "area", True, 12, 2), tuple(rule[name] for name in ("country", "address", "identity", "least_term_months", "most_numbers")))
        self.done("numbers", "set-country-rules", "-", given=rules.splitlines()[0] + "\n")  # as before, for the other tests
        self.assertEqual([], self.done("numbers", "country-rules")["items"])

    def test_live_calls_are_watched(self):
        command = [program("tollgate"), "--config", str(self.stage.gateway.configuration_file), "calls", "--watch"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
            seen = ""
            while seen.count("live calls") < 2:
                line = watching.stdout.readline()
                self.assertNotEqual("", line, seen)
                seen += line
            watching.send_signal(signal.SIGINT)
            self.assertEqual(-signal.SIGINT, watching.wait(PATIENCE_S))
        self.assertIn("0 live calls", seen)

    def test_the_doctor_of_a_gateway_that_runs(self):
        silent = self.stage.free_port()
        self.stage.rest.post(
            "/v1/trunks", {"name": "silent", "carrier_id": self.stage.carrier, "host": "127.0.0.1", "port": silent, "served_prefixes": ["999"]}
        )
        down = lambda: any(one["name"] == "silent" and not one["up"] for one in self.stage.rest.get("/v1/status")["trunks"])
        processes.wait_until("the trunk's being down", down, PATIENCE_S)
        seen = {}
        answer = self.tollgate("doctor", "--json")
        for each in json.loads(answer.stdout)["findings"]:
            seen.setdefault(each["what"], []).append(each)
        self.assertEqual(FAILED, answer.returncode)
        self.assertEqual(["good"], [one["verdict"] for one in seen["gateway"]])
        self.assertIn("its schema is up to date", [one["text"] for one in seen["database"]])
        self.assertNotIn("ports", seen)
        (silent_trunk,) = [one for one in seen["trunks"] if one["text"].startswith("silent")]
        self.assertEqual("failure", silent_trunk["verdict"])
        self.assertIn("ask the carrier", silent_trunk["remedy"])
        self.tollgate("trunks", "remove", "silent")

    def test_the_doctor_of_one_that_does_not_start(self):
        # Elsewhere, on ports that the running one has.
        elsewhere = {
            "TOLLGATE_API_ADDRESS": "127.0.0.3",
            "TOLLGATE_STATE_DIRECTORY": "/proc/tollgate",
            "TOLLGATE_VOICEMAIL_PROMPTS": "/nowhere",
            "TOLLGATE_OVERLAY_CERTIFICATE": str(self.stage.gateway.configuration_file),
            "TOLLGATE_OVERLAY_KEY": str(self.stage.gateway.configuration_file),
            "TOLLGATE_DATABASE_URL": "host=127.0.0.1 port=9 dbname=none",
        }
        answer = self.tollgate("doctor", **elsewhere)
        self.assertEqual(FAILED, answer.returncode)
        for line in (
            r"failure +disk +/proc/tollgate[^\n]*\n +-> (run tollgate as the user that owns it|make room there)",
            r"failure +prompts +/nowhere is not there[^\n]*\n +-> install asterisk-core-sounds",
            r"failure +certificates +.* is no PEM certificate\n +-> renew it, and restart the gateway",
            r"failure +database +[^>]*refused[^>]*-> look at database.url, and whether the server runs",
            rf"failure +ports +overlay TCP 127.0.0.1:{self.stage.gateway.overlay_port}: Address already in use\n +-> end what uses it",
            rf"failure +ports +sip UDP 127.0.0.1:{self.stage.gateway.sip_port}: Address already in use",
            r"warning +gateway +it does not run[^\n]*\n +-> systemctl start tollgate",
        ):
            self.assertRegex(answer.stdout, line)

    def test_ready_with_a_trunk_that_is_up(self):
        self.assertEqual({"trunks"}, self.stage.rest.not_ready())
        words = ["--carrier", self.stage.carrier, "--host", "127.0.0.1", "--port", str(self.stage.free_port())]
        self.done("trunks", "create", "west", *words)
        processes.wait_until("the trunk's being in use", lambda: self.stage.rest.not_ready() == set(), PATIENCE_S)
        processes.wait_until("its being down", lambda: self.stage.rest.not_ready() == {"trunks"}, PATIENCE_S)
        self.tollgate("trunks", "remove", "west")

    def metrics(self):
        with urllib.request.urlopen(self.stage.gateway.api_url + "/metrics", timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def test_dashboard_and_alerts_ask_for_what_there_is(self):
        self.done("accounts", "list")
        self.done("trunks", "create", "east", "--carrier", self.stage.carrier, "--host", "127.0.0.1", "--port", str(self.stage.free_port()))
        self.addCleanup(self.tollgate, "trunks", "remove", "east")
        # By the samples, as Prometheus names its series; a family whose first sample is still to come is known by its kind.
        text = self.metrics()
        given = set(re.findall(r"^(tollgate_\w+)[{ ]", text, re.M))
        for name, kind in re.findall(r"^# TYPE (tollgate_\w+) (\w+)", text, re.M):
            given |= {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
        for file in ("tollgate.json", "alerts.yml"):
            asked = set(re.findall(r"\btollgate_\w+", (ROOT / "deploy/dashboards" / file).read_text()))
            self.assertGreater(len(asked), 10)
            self.assertEqual(set(), asked - given, file)
        labels = {name: set(re.findall(r'(\w+)="', sets)) for name, sets in re.findall(r"^(tollgate_\w+)\{(.*)\} ", text, re.M)}
        self.assertEqual({"method", "route", "code"}, labels["tollgate_api_requests_total"])
        known = {"method", "route", "code", "le", "reason", "trunk", "worker", "side", "outcome", "measure"}
        self.assertLessEqual(set().union(*labels.values()), known, "a label that may tell of a subscriber")

    def test_metrics_count_operations_and_tell_no_names(self):
        count = lambda code: sum(int(n) for n in re.findall(
            rf'^tollgate_api_requests_total{{method="GET",route="/v1/accounts/{{}}",code="{code}"}} (\d+)$', self.metrics(), re.M))
        known, missed = count("2xx"), count("4xx")
        account = self.stage.subscriber("metrics-subject").account_id
        self.stage.rest.get(f"/v1/accounts/{account}")
        with self.assertRaises(Problem):
            self.stage.rest.get("/v1/accounts/00000000-0000-4000-8000-000000000000")
        self.assertEqual((known + 1, missed + 1), (count("2xx"), count("4xx")))
        text = self.metrics()
        for secret in (account, "metrics-subject", "127.0.0.1"):
            self.assertNotIn(secret, text)
        value = lambda name: float(re.search(rf"^tollgate_{name} (\S+)$", text, re.M)[1])
        process = self.stage.gateway.process.pid
        self.assertAlmostEqual(value("process_open_fds"), len(os.listdir(f"/proc/{process}/fd")), delta=20)
        self.assertGreater(value("process_max_fds"), value("process_open_fds"))
        self.assertGreater(value("process_resident_memory_bytes"), 1 << 20)
        self.assertGreater(value("api_connections"), 0)
        self.assertGreater(value("api_database_wait_seconds_count"), 0)
        self.assertLess(abs(value("process_start_time_seconds") - time.time()), 3600)

    def completed(self, *words):
        """What bash offers for the last of these words."""
        script = self.tollgate("completion", "bash").stdout
        script += f"COMP_WORDS=({' '.join(repr(word) for word in ('tollgate', *words))}); COMP_CWORD={len(words)}\n"
        script += '_tollgate; printf "%s\\n" "${COMPREPLY[@]}"\n'
        answer = subprocess.run(["bash", "--norc"], input=script, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual("", answer.stderr)
        return answer.stdout.split()

    def test_every_command_that_asks_a_gateway_answers_in_json(self):
        def commands(words):
            """Commands below these words that have none below them."""
            below = [word for word in self.completed(*words, "") if not word.startswith("-")]
            return [leaf for word in below for leaf in commands((*words, word))] if below else [words]

        found = commands(())
        self.assertGreater(len(found), 80)
        without = {words[0] for words in found if "--json" not in self.completed(*words, "--js")}
        self.assertEqual({"serve", "migrate", "check", "completion"}, without)

    def test_the_shell_completes_commands_and_options(self):
        self.assertEqual(["numbers"], self.completed("num"))
        self.assertEqual(["import", "imports"], self.completed("numbers", "im"))
        self.assertEqual(["--dry-run"], self.completed("numbers", "import", "--dr"))
        self.assertEqual(["--dry-run"], self.completed("rates", "import", "--deck", "default", "--dr"))
        help_text = self.tollgate("--help").stdout
        commands = set(re.findall(r"^  ([a-z-]+) {2,}", help_text, re.M))
        self.assertLessEqual(commands, set(self.completed("")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
