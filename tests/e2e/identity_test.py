# SPDX-License-Identifier: Apache-2.0
"""Signatures of callers' numbers (STIR/SHAKEN, RFC 8224, 8225, 8588): ours, as somebody else's library reads them, and those of others,
good and bad, against what the gateway tells and refuses."""

import datetime
import json
import pathlib
import tempfile
import unittest
from email.utils import parsedate_to_datetime

from cryptography.hazmat.primitives.asymmetric import ec

import signatures
from stage import PATIENCE_S, StageTest, processes

CALLER = "442079460958"  # of the scenario
OWN_NUMBER, ALICE_NUMBER, FORWARDING_NUMBER = "+16505550140", "+16505550141", "+16505550142"
DEFAULT_NUMBER = "+16505550149"
FAR_NUMBERS = (f"+442079461{number:03d}" for number in range(100))


class Signed(StageTest):
    policy = "tell"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-identity-"))
        cls.authority, cls.stranger = signatures.Authority("STI authority"), signatures.Authority("STI authority")
        cls.web = signatures.Authority("web")
        server_key = ec.generate_private_key(ec.SECP256R1())
        server = cls.folder / "server.pem"
        server.write_bytes(signatures.pem_of(server_key) + cls.web.issue_server(server_key, ["127.0.0.1", "127.0.0.2"]))
        # The one may be reached by configuration; the other is what every private address is without it.
        cls.open, cls.private = (signatures.CertificateServer(address, server) for address in ("127.0.0.1", "127.0.0.2"))
        for one in (cls.open, cls.private):
            cls.addClassCleanup(one.close)
        cls.own_key, cls.carrier_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        cls.own_certificate = cls.authority.issue(cls.own_key)
        for name, content in (("own.key", signatures.pem_of(cls.own_key)), ("authorities.pem", cls.authority.pem()),
                              ("web.pem", cls.web.pem())):
            (cls.folder / name).write_bytes(content)
        cls.own_url = "https://certificates.tollgate.example/own.pem"
        cls.url = cls.open.put("/carrier.pem", cls.authority.issue(cls.carrier_key))
        cls.settings = {
            "identity.key_file": cls.folder / "own.key", "identity.certificate_url": cls.own_url,
            "identity.authorities": cls.folder / "authorities.pem", "identity.policy": cls.policy,
            "identity.fetch_networks": "127.0.0.1/32", "identity.fetch_timeout_ms": 10_000,
            "identity.fetch_authority": cls.folder / "web.pem",
        }
        super().setUpClass()

    def call_in(self, number, *lines, **options):
        """A call whose INVITE bears these lines: its final status, and its record where it got one."""
        known = len(self.stage.records(self.bob))
        agent = self.stage.caller("caller_signs", number, keys={"identity_lines": "\r\n".join(lines) or "Subject: none"}, **options)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        statuses = [line.split()[1] for line in agent.messages() if line.startswith("SIP/2.0") and not line.split()[1].startswith("1")]
        return int(statuses[0]), self.stage.latest_record(self.bob, known)

    def identity(self, **options):
        values = {"key": self.carrier_key, "url": self.url, "origin": CALLER, "destination": OWN_NUMBER[1:], **options}
        return "Identity: " + signatures.identity(**values)


# Numbers by which the carrier is known: its calls come from the address of sipp.
def inbound_trunk(stage):
    return stage.trunk(stage.free_port(), ["999"], inbound_sources=["127.0.0.1"])


class Told(Signed):
    @classmethod
    def prepare(cls, stage):
        inbound_trunk(stage)
        cls.bob = stage.subscriber("bob", credit="30.00", number=OWN_NUMBER)
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER)
        cls.carol = stage.subscriber("carol", credit="30.00")

    def verdict(self, *lines):
        status, record = self.call_in(OWN_NUMBER, *lines)
        self.assertEqual(200, status)
        return record["caller_verdict"]

    def test_what_holds_is_told_as_far_as_it_goes(self):
        for attest in "ABC":
            self.assertEqual(f"verified_{attest.lower()}", self.verdict(self.identity(attest=attest)))
        self.assertLessEqual(self.open.asked.count("/carrier.pem"), 1)  # the certificate was kept

    def test_what_does_not_hold_is_told(self):
        other_key = ec.generate_private_key(ec.SECP256R1())
        foreign = self.open.put("/foreign.pem", self.stranger.issue(self.carrier_key))
        expired = self.open.put("/expired.pem", self.authority.issue(self.carrier_key, valid_for=datetime.timedelta(days=-1)))
        nothing = self.open.put("/nothing.pem", b"<html>nothing here</html>")
        huge = self.open.put("/huge.pem", b"A" * 1_000_000)
        for why, line in {
            "failed_bad_signature": self.identity(key=other_key),
            "failed_bad_signature ": self.identity(orig={"tn": CALLER}, attest="B", origid="changed"),
            "failed_stale": self.identity(age_s=90),
            "failed_number_mismatch": self.identity(origin="442079460000"),
            "failed_number_mismatch ": self.identity(destination=ALICE_NUMBER[1:]),
            "failed_credential_untrusted": self.identity(url=foreign),
            "failed_credential_untrusted ": self.identity(url=expired),
            "failed_credential_malformed": self.identity(url=nothing),
            "failed_credential_unavailable": self.identity(url=self.open.url + "/absent.pem"),
            "failed_credential_unavailable ": self.identity(url=huge),
            "failed_malformed": "Identity: nonsense;info=<https://127.0.0.1/a>",
            "none": "Subject: unsigned",
        }.items():
            with self.subTest(why):
                self.assertEqual(why.strip(), self.verdict(line))

    def test_a_certificate_at_a_private_address_is_not_asked_for(self):
        url = self.private.put("/carrier.pem", self.authority.issue(self.carrier_key))
        self.assertEqual("failed_credential_unavailable", self.verdict(self.identity(url=url)))
        self.assertEqual([], self.private.asked)

    def test_the_device_is_told_before_it_answers(self):
        waiting = self.bob.start("answer", "--count", 1, "--wait", PATIENCE_S)
        waiting.await_event("waiting", PATIENCE_S)
        status, record = self.call_in(OWN_NUMBER, self.identity())
        waiting.finish(PATIENCE_S)
        self.assertEqual((200, "verified_a"), (status, record["caller_verdict"]))
        self.assertEqual("verified_a", waiting.event("incoming")["from_verdict"])

    def signed_call(self, peer, **trunk):
        number = next(FAR_NUMBERS)
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]], **trunk)
        running = peer.start("call", number, "--duration", 1)
        running.finish(PATIENCE_S)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        return number, agent

    def test_our_calls_are_signed_as_anybody_can_check(self):
        for peer, caller, attest in ((self.alice, ALICE_NUMBER, "A"), (self.carol, DEFAULT_NUMBER, "B")):
            number, agent = self.signed_call(peer, sign_identity=True, default_caller=DEFAULT_NUMBER)
            header, claims, parameters = signatures.read(agent.header("Identity"), self.own_certificate)
            self.assertEqual({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": self.own_url}, header)
            self.assertEqual(({"tn": caller[1:]}, {"tn": [number[1:]]}, attest), (claims["orig"], claims["dest"], claims["attest"]))
            self.assertRegex(claims["origid"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            self.assertEqual([f"info=<{self.own_url}>", "alg=ES256", "ppt=shaken"], parameters)
            dated = parsedate_to_datetime(agent.header("Date")).timestamp()
            self.assertLessEqual(abs(dated - claims["iat"]), 1)
            self.assertIn(f"sip:{caller}@", agent.header("From"))

    def test_a_trunk_that_does_not_ask_for_it_gets_no_signature(self):
        _, agent = self.signed_call(self.alice)
        self.assertEqual(["INVITE", "ACK", "BYE"], [line.split()[0] for line in agent.messages()])
        self.assertFalse(agent.has_header("Identity"))

    def test_a_call_from_elsewhere_that_is_forwarded_is_signed_as_that(self):
        number = next(FAR_NUMBERS)
        dave = self.stage.subscriber("dave", credit="30.00", number=FORWARDING_NUMBER)
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]], sign_identity=True)
        rules = json.dumps({"forward": [f"{number} always"]}).encode()
        self.stage.rest._ask("PUT", f"/v1/numbers/{FORWARDING_NUMBER}/rules", rules, "application/json")
        caller = self.stage.caller("caller_signs", FORWARDING_NUMBER,
                                   keys={"identity_lines": self.identity(destination=FORWARDING_NUMBER[1:])})
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        _, claims, _ = signatures.read(agent.header("Identity"), self.own_certificate)
        self.assertEqual(({"tn": CALLER}, {"tn": [number[1:]]}, "C"), (claims["orig"], claims["dest"], claims["attest"]))
        fresh = lambda: len(self.stage.records(dave)) == 2 and self.stage.records(dave)
        records = processes.wait_until("both records", fresh, PATIENCE_S)
        self.assertEqual({"in": "verified_a", "forward": ""}, {one["direction"]: one["caller_verdict"] for one in records})


class Required(Signed):
    policy = "require"

    @classmethod
    def prepare(cls, stage):
        inbound_trunk(stage)
        cls.bob = stage.subscriber("bob", credit="30.00", number=OWN_NUMBER)

    def test_calls_are_refused_with_the_status_of_rfc_8224(self):
        other_key = ec.generate_private_key(ec.SECP256R1())
        foreign = self.open.put("/foreign.pem", self.stranger.issue(self.carrier_key))
        private = self.private.put("/carrier.pem", self.authority.issue(self.carrier_key))
        for wanted, verdict, line in (
            (200, "verified_b", self.identity(attest="B")),
            (428, "none", "Subject: unsigned"),
            (438, "failed_bad_signature", self.identity(key=other_key)),
            (438, "failed_number_mismatch", self.identity(origin="442079460000")),
            (403, "failed_stale", self.identity(age_s=90)),
            (437, "failed_credential_untrusted", self.identity(url=foreign)),
            (436, "failed_credential_unavailable", self.identity(url=private)),
        ):
            with self.subTest(verdict):
                status, record = self.call_in(OWN_NUMBER, line)
                self.assertEqual((wanted, verdict), (status, record["caller_verdict"]))
                if wanted != 200:
                    self.assertEqual((wanted, "caller_unverified"), (record["sip_code"], record["reason"]))
        self.assertEqual([], self.private.asked)


if __name__ == "__main__":
    unittest.main()
