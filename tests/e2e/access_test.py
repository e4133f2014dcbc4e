# SPDX-License-Identifier: Apache-2.0
"""Who gets in, and with what: tokens by the command line, TLS before the API with a certificate that the command line checks, and requests made
of the API's own document (api_fuzz.py; TOLLGATE_FUZZ_SECONDS and TOLLGATE_FUZZ_SEED for more of them)."""

import hashlib
import hmac
import json
import os
import random
import subprocess
import unittest
import uuid

from api_fuzz import Fuzz
from encrypted_node import encrypted_node, make_certificate
from stage import PATIENCE_S, StageTest, processes, program

DONE, WRONG_USE, UNREACHABLE, REFUSED = 0, 2, 3, 4
WEBHOOK_SECRET = "what the provider shares"
# What the document's examples make, and are about.
PLACES = {"account_id": "0190a0b0-0000-7000-8000-00000000a11c", "carrier_id": "0190a0b0-0000-7000-8000-00000000ca44",
          "trunk_id": "0190a0b0-0000-7000-8000-000000007241", "number": "+16505550177", "currency": "EUR", "term_months": "3", "country": "GB",
          "subject": "top_up", "webhook_id": "0190a0b0-0000-7000-8000-00000000eb00", "scope": "new", "measure": "spend_day",
          "message_id": "0190a0b0-0000-7000-8000-00000000ce11", "situation": "busy", "name": "warehouse"}
KEPT, LATE, GIVEN_BACK, REFUNDED = (f"+1650555019{digit}" for digit in range(4))


class Access(StageTest):
    settings = {"api.requests_per_minute": 0, "api.open_requests_per_minute": 0, "billing.webhook_secret": WEBHOOK_SECRET}

    def tollgate(self, *words, token=None):
        environment = {**os.environ, "TOLLGATE_ADMIN_TOKEN": token or self.stage.gateway.admin_token}
        command = [program("tollgate"), *words, "--url", self.stage.gateway.api_url]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

    def made(self, *words):
        answer = self.tollgate("token", *words, "--json")
        self.assertEqual(DONE, answer.returncode, answer.stderr)
        return json.loads(answer.stdout)

    def test_a_token_reaches_as_far_as_its_role(self):
        shown = self.tollgate("token", "create", "--role", "auditor", "--label", "the auditors", "--expires-in-days", "30")
        self.assertEqual(DONE, shown.returncode, shown.stderr)
        secret = shown.stdout.strip()
        self.assertEqual(DONE, self.tollgate("status", token=secret).returncode)
        drain = self.tollgate("drain", token=secret)
        self.assertEqual(REFUSED, drain.returncode)
        self.assertIn("403", drain.stderr)
        listed = self.tollgate("token", "list")
        self.assertIn("the auditors", listed.stdout)
        self.assertNotIn(secret, listed.stdout)
        self.assertEqual(WRONG_USE, self.tollgate("token", "create", "--role", "king", "--label", "x").returncode)

    def test_the_first_token_needs_no_gateway_and_no_token(self):
        folder = self.stage.output / "first"
        folder.mkdir()
        (folder / "tollgate.toml").write_text(f'state_directory = "{folder / "state"}"\n')
        keys = {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_ADMIN")}

        def locally(*words, **more):
            command = [program("tollgate"), "token", "create", "--local", *words, "--config", str(folder / "tollgate.toml")]
            return subprocess.run(command, env={**keys, **more}, capture_output=True, text=True, timeout=PATIENCE_S)

        empty = locally("--role", "admin", "--label", "first")  # its database is made for it
        self.assertEqual(DONE, empty.returncode, empty.stderr)
        self.assertRegex(empty.stdout, r"\Atga_[\w-]{43}\n\Z")
        # Beside a gateway that runs, by its database.
        url = f"host={self.stage.gateway.state / 'postgresql/socket'} user=tollgate dbname=tollgate"
        made = locally("--role", "admin", "--label", "by hand", "--json", TOLLGATE_DATABASE_URL=url)
        self.assertEqual(DONE, made.returncode, made.stderr)
        token = json.loads(made.stdout)
        self.assertEqual(DONE, self.tollgate("token", "list", token=token["token"]).returncode)
        line = next(each for each in self.stage.rest.get("/v1/audit_log")["items"] if each["address"] == "local")
        self.assertEqual((None, None, 201, token["id"]), (line["token_id"], line["role"], line["status"], line["after"]["id"]))
        self.assertNotIn(token["token"], json.dumps(line))
        for wrong in (("--role", "carrier", "--label", "x"), ("--role", "admin", "--label", "x", "--account", token["id"]), ("--role", "subscriber", "--label", "x", "--account", "1")):
            self.assertEqual(WRONG_USE, locally(*wrong, TOLLGATE_DATABASE_URL=url).returncode, wrong)
        nobody = locally("--role", "subscriber", "--label", "x", "--account", token["id"], TOLLGATE_DATABASE_URL=url)
        self.assertEqual(REFUSED, nobody.returncode, nobody.stderr)

    def test_tokens_of_subscribers_are_listed_where_they_are_asked_for(self):
        account = self.stage.rest.post("/v1/accounts", {"name": "listed", "passphrase": "correct horse"})["id"]
        made = self.made("create", "--role", "subscriber", "--label", "her own program", "--account", account)
        for words, shown in (((), False), (("--role", "subscriber"), True), (("--account", account), True), (("--role", "auditor"), False)):
            listed = self.tollgate("token", "list", *words)
            self.assertEqual(DONE, listed.returncode, listed.stderr)
            self.assertEqual(shown, made["id"] in listed.stdout, words)

    def test_rotated_and_revoked(self):
        first = self.made("create", "--role", "support", "--label", "desk")
        second = self.made("rotate", first["id"], "--overlap", "0")
        self.assertEqual(REFUSED, self.tollgate("status", token=first["token"]).returncode)
        self.assertEqual(DONE, self.tollgate("status", token=second["token"]).returncode)
        self.assertEqual(DONE, self.tollgate("token", "revoke", second["id"]).returncode)
        self.assertEqual(REFUSED, self.tollgate("status", token=second["token"]).returncode)

    def test_by_tls_with_a_certificate_that_is_checked(self):
        folder = self.stage.output / "tls"
        folder.mkdir()
        for name in ("client", "stranger"):
            make_certificate(folder, name, name)
        make_certificate(folder, "api", "api.example", "-addext", "subjectAltName=IP:127.0.0.1")
        with encrypted_node(self.stage, folder, client_authorities=folder / "client.pem") as (port, environment):
            def status(*words):
                command = [program("tollgate"), "status", *words]
                return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

            shown = ["--certificate", folder / "client.pem", "--key", folder / "client.key"]
            url = ["--url", f"https://127.0.0.1:{port}"]
            processes.wait_until("the node with TLS", lambda: status(*shown).returncode == DONE, PATIENCE_S)  # by its own configuration
            self.assertEqual(DONE, status(*url, *shown, "--ca", folder / "api.pem").returncode)
            self.assertEqual(UNREACHABLE, status(*url, *shown).returncode, "of no authority that the system knows")
            self.assertEqual(UNREACHABLE, status(*url, *shown, "--ca", folder / "stranger.pem").returncode)
            self.assertEqual(UNREACHABLE, status(*url, "--ca", folder / "api.pem").returncode, "without a certificate of its own")
            self.assertEqual(UNREACHABLE, status("--url", f"http://127.0.0.1:{port}").returncode, "not in clear")

    def test_no_request_that_its_document_tells_of_fails_inside(self):
        seconds = float(os.environ.get("TOLLGATE_FUZZ_SECONDS", "10"))
        seed = int(os.environ.get("TOLLGATE_FUZZ_SEED", random.SystemRandom().getrandbits(32)))
        print(f"fuzz: seed {seed}", flush=True)
        rest = self.stage.rest
        account = rest.post("/v1/accounts", {"name": "fuzz", "passphrase": "correct horse"})["id"]
        rest.post("/v1/payments", {"id": "fuzz", "account_id": account, "amount": "1000"})
        rest.post("/v1/numbers", {"number": "+442079460100", "area": "London"})
        known = {"account_id": [account], "number": ["+442079460100", "+442079460958"], "payment_id": ["fuzz"], "carrier_id": [self.stage.carrier],
                 "currency": ["EUR"], "kind": ["no_answer", "busy"], "deck": ["default"]}
        fuzz = Fuzz(self.stage.gateway.api_url, self.stage.gateway.admin_token, seed, webhook_secret=WEBHOOK_SECRET, known=known)
        self.send_every_example(fuzz)
        tried, wrong = fuzz.wrong_parameters(PLACES)
        print(f"fuzz: {tried} parameters", flush=True)
        self.assertEqual([], wrong)
        self.assertGreater(tried, 300)
        faults = fuzz.run(seconds)
        fuzz.link.close()
        self.fuzz_as_each_role(seed, known)
        print(f"fuzz: {fuzz.tried} requests, {fuzz.statuses}", flush=True)
        self.assertEqual([], faults, f"seed {seed}")
        self.assertGreater(sum(count for status, count in fuzz.statuses.items() if status < 300), 20, fuzz.statuses)
        self.assertEqual([], self.stage.violations())

    def send_every_example(self, fuzz):
        """Each of them is a success, in the state that it needs, and answered as the document says."""
        late = self.places_of_the_late(fuzz)
        first = {(method, path) for method, path, _ in fuzz.judge_by.operations} - set(late)
        queries = {("post", "/v1/cdrs/reconciliation"): "?from=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z&trunks=main"}
        sent, wrong = fuzz.examples(PLACES, first, queries)
        self.assertEqual([], wrong)
        self.arrange_for_the_late()
        for operation, places in late.items():
            more, wrong = fuzz.examples({**PLACES, **places}, {operation}, queries)
            self.assertEqual([], wrong)
            sent += more
        self.stage.rest.post(f"/v1/nodes/{late['post', '/v1/nodes/{node}/drain']['node']}/undrain", {})
        self.assertEqual(sum(len(list(fuzz.judge_by.examples(what))) for _, _, what in fuzz.judge_by.operations), sent)

    def places_of_the_late(self, fuzz):
        """What needs more than other examples have made, and the names in its path."""
        rest = self.stage.rest
        token = rest.post("/v1/api_tokens", {"role": "auditor", "label": "to be rotated"})["id"]
        return {("post", "/v1/numbers/{number}/reservation"): {"number": KEPT}, ("post", "/v1/numbers/{number}/renewal"): {"number": LATE},
                ("post", "/v1/numbers/{number}/release"): {"number": GIVEN_BACK}, ("post", "/v1/numbers/{number}/refund"): {"number": REFUNDED},
                ("patch", "/v1/mailboxes/{account_id}/voicemails/{message_id}"): {}, ("post", "/v1/accounts/{account_id}/vouchers"): {},
                ("put", "/v1/carriers/{carrier_id}/cost_deck"): {}, ("post", "/v1/api_tokens/{token_id}/rotation"): {"token_id": token},
                ("post", "/v1/drain"): {}, ("post", "/v1/nodes/{node}/drain"): {"node": rest.get("/v1/status")["node"]}}

    def arrange_for_the_late(self):
        rest, account = self.stage.rest, PLACES["account_id"]
        rest.post("/v1/payments", {"id": "for the numbers", "account_id": account, "amount": "200.00"})
        rest.post_csv("/v1/rate_imports", b"prefix,destination,price_per_minute\n44,United Kingdom,0.005\n", deck="example-cost", kind="cost")
        for number in (KEPT, LATE, GIVEN_BACK, REFUNDED):
            rest.post("/v1/numbers", {"number": number})
            if number != KEPT:
                rest.post("/v1/number_orders", {"id": str(uuid.uuid4()), "account_id": account, "number": number, "term_months": 3})
        # Its term is over, and nobody has renewed it.
        self.stage.query(f"UPDATE voicemail.number SET state = 'grace', paid_until = now() - interval '1 day', grace_until = now() + interval '5 days' WHERE number = '{LATE}'")
        self.stage.query("INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, size_bytes, sha256, audio) "
                         f"VALUES ('{account}', '{PLACES['message_id']}', '{PLACES['message_id']}', '+442079460958', '{KEPT}', now(), 4000, -30, 3, sha256('abc'), 'abc')")
        # The PIN of the example is nobody's but where it is made so: it is kept as an HMAC.
        key = bytes.fromhex((self.stage.gateway.state / "keys/voucher.key").read_text().strip())
        pin = hmac.new(key, b"4929184733056621", hashlib.sha256).hexdigest()
        self.stage.query(f"INSERT INTO billing.voucher (batch_id, serial, pin_hmac) SELECT batch_id, 9999, decode('{pin}', 'hex') FROM billing.voucher_batch LIMIT 1")

    def fuzz_as_each_role(self, seed, known):
        """Every operation once by each role, and by nobody; of a subscriber and a carrier, with the ids of others, too."""
        rest = self.stage.rest
        account, other = (rest.post("/v1/accounts", {"name": name, "passphrase": "correct horse"})["id"] for name in ("fuzzown", "fuzzother"))
        carrier, foreign = (rest.post("/v1/carriers", {"name": name})["id"] for name in ("fuzzown", "fuzzother"))
        bound = {"subscriber": {"account_id": account}, "carrier": {"carrier_id": carrier}}
        hidden = {"subscriber": [other, carrier, foreign], "carrier": [other, foreign, account]}
        known = {**known, "account_id": [account, other], "carrier_id": [carrier, foreign]}
        document = rest.get("/v1/openapi.json")
        named = {each["role"] for each in rest.get("/v1/roles")["items"]}
        self.assertLessEqual(set(bound) | {"admin", "auditor"}, named)
        for number, role in enumerate([*sorted(named - {"admin"}), None]):
            token = role and rest.post("/v1/api_tokens", {"role": role, "label": "fuzz", **bound.get(role, {})})["token"]
            fuzz = Fuzz(self.stage.gateway.api_url, token, seed + number, document=document, known=known, role=role or "nobody", hidden=hidden.get(role, []))
            faults = fuzz.run(0)
            fuzz.link.close()
            print(f"fuzz: {fuzz.role}: {fuzz.tried} requests, {fuzz.statuses}", flush=True)
            self.assertEqual([], faults, f"{fuzz.role}, seed {seed}")
            self.assertGreater(fuzz.statuses.get(401 if role is None else 403, 0), 10, f"what {fuzz.role} may not do")


if __name__ == "__main__":
    unittest.main(verbosity=2)
