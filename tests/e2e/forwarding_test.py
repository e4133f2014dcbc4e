# SPDX-License-Identifier: Apache-2.0
"""Calls to a rented number that go on to the owner's telephones: heard both ways, charged to the owner, by situation, and never
round in a loop."""

import audioop
import json
import re
import time
import unittest
import wave

from hearing import loudest_tone
from stage import LANDLINE, MICROS_PER_SECOND, PATIENCE_S, Problem, StageTest, audio, processes
from wire_peer import WirePeer

ALICE_NUMBER, BOB_NUMBER = "+16505550100", "+16505550101"
MOBILE, DEAR = "+442079460111", "+442079460999"
TALK_S = 6
WARNING_HZ = 1400


def a_law(path):
    """The samples of a WAV file as sipp plays them."""
    with wave.open(str(path)) as file:
        return audioop.lin2alaw(file.readframes(file.getnframes()), 2)


class Forwarding(StageTest):
    settings = {"billing.warn_first_s": 3, "billing.warn_last_s": 2}

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.bob = stage.subscriber("bob", credit="12.00", number=BOB_NUMBER)
        cls.said_by_caller = stage.speech("said_by_caller", "demo-moreinfo", 8)
        cls.said_by_mobile = stage.speech("said_by_mobile", "demo-abouttotry", 8, 0.9)
        cls.caller = stage.telephone(cls.said_by_caller)
        cls.mobile = stage.telephone(cls.said_by_mobile, [MOBILE, DEAR], name="mobile")
        stage.trunk(cls.caller.sip_port, [LANDLINE[1:]])
        stage.trunk(cls.mobile.sip_port, [MOBILE[1:], DEAR[1:]])

    def setUp(self):
        super().setUp()
        self.addCleanup(self.caller.hang_up)
        self.addCleanup(self.mobile.hang_up)
        self.known = len(self.stage.records(self.alice))

    def forward(self, *targets, number=ALICE_NUMBER, **rules):
        body = json.dumps({"forward": list(targets), **rules}).encode()
        return self.stage.rest._ask("PUT", f"/v1/numbers/{number}/rules", body, "application/json")

    def dial(self, number=ALICE_NUMBER):
        time.sleep(1)  # the telephone names its recordings by the second
        for phone in (self.caller, self.mobile):
            phone.forget()
        self.recordings = self.caller.recordings(), self.mobile.recordings()
        self.caller.dial(number, self.stage.gateway.sip_port)

    def records_of_call(self, peer, known, count=2):
        """By direction: the inbound half and those of the telephones."""
        fresh = lambda: len(self.stage.records(peer)) >= known + count and self.stage.records(peer)
        found = processes.wait_until("the CDRs", fresh, PATIENCE_S)[:-known or None]
        return {record["direction"]: record for record in found}, found

    def a_telephone(self, number, scenario, redirections="both", **options):
        agent = self.stage.called(scenario, **options)
        self.stage.trunk(agent.port, [number[1:]], redirections=redirections)
        return agent

    def test_a_call_reaches_the_owners_telephone_at_the_owners_cost(self):
        self.assertEqual([f"{MOBILE} offline 20"], self.forward(f"{MOBILE} offline")["forward"])
        before = self.stage.balance(self.alice)["posted_micros"]
        self.dial()
        self.caller.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(TALK_S)
        self.caller.press("7")
        processes.wait_until("the digit", lambda: self.mobile.digits() == "7", PATIENCE_S)
        self.caller.hang_up()
        heard = [self.stage.wav(name) for name in ("heard_by_caller", "heard_by_mobile")]
        for phone, known, file in zip((self.caller, self.mobile), self.recordings, heard):
            phone.keep_recording(known, file)
        for said, file in ((self.said_by_mobile, heard[0]), (self.said_by_caller, heard[1])):
            part = self.stage.wav("part")
            audio.write(part, audio.read(said)[: 4 * audio.RATE_HZ])
            self.assert_heard(part, file)

        records, found = self.records_of_call(self.alice, self.known)
        self.assertEqual(2, len(found))
        inbound, leg = records["in"], records["forward"]
        self.assertEqual(("normal", 0), (inbound["reason"], inbound["charged_micros"]))
        self.assertEqual((LANDLINE, ALICE_NUMBER), (inbound["caller"], inbound["callee"]))
        self.assertEqual((LANDLINE, MOBILE), (leg["caller"], leg["callee"]))
        self.assertEqual(inbound["call_id"], leg["parent_call_id"])
        self.assertGreaterEqual(leg["billed_s"], TALK_S)
        self.assertEqual(leg["billed_s"] * MICROS_PER_SECOND, leg["charged_micros"])
        self.assertEqual(before - leg["charged_micros"], self.stage.balance(self.alice)["posted_micros"])
        self.assert_sound()

    def test_a_device_that_rings_in_vain_is_followed_by_a_telephone_for_that_and_then_by_the_mailbox(self):
        silent = "+442079460202"
        rings = self.a_telephone(silent, "called_rings", redirections="history_info")
        self.forward(f"{MOBILE} busy,offline", f"{silent} no_answer 5")
        self.stage.rest._ask("PATCH", f"/v1/numbers/{ALICE_NUMBER}", b'{"ring_timeout_s": 5}', "application/json")
        device = self.alice.start("answer", "--ring-for", 60, "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        self.dial()
        device.await_event("incoming", PATIENCE_S)
        self.caller.await_event("CALL_ESTABLISHED", PATIENCE_S)
        self.assertEqual(0, rings.finish(PATIENCE_S), rings.complaint())
        self.assertEqual([f"<sip:{ALICE_NUMBER}@127.0.0.1>;index=1",
                          f"<sip:{silent}@127.0.0.1:{rings.port};cause=408>;index=1.1;mp=1"], rings.headers("History-Info"))
        self.assertFalse(rings.has_header("Diversion"))
        self.caller.hang_up()
        self.assertEqual([], self.mobile.events)
        records, _ = self.records_of_call(self.alice, self.known)
        self.assertEqual(("no_answer", 0), (records["forward"]["reason"], records["forward"]["charged_micros"]))
        self.assertEqual("voicemail", records["voicemail"]["direction"])
        self.assert_sound()

    def test_a_call_that_is_declined_goes_on_as_to_a_busy_line(self):
        self.forward(f"{MOBILE} busy")
        device = self.alice.start("answer", "--reject", "--count", 1, "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        self.dial()
        self.mobile.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(1)
        self.mobile.hang_up()  # and the caller is let go
        closed = lambda: any(event["type"] == "CALL_CLOSED" for event in self.caller.events)
        processes.wait_until("the end of the caller's call", closed, PATIENCE_S)
        records, _ = self.records_of_call(self.alice, self.known)
        self.assertEqual(("normal", "callee"), (records["in"]["reason"], records["in"]["hung_up_by"]))
        self.assertEqual("callee", records["forward"]["hung_up_by"])
        self.assert_sound()

    def test_the_caller_hears_the_telephones_network_and_then_the_mailbox(self):
        announced, busy = "+442079460301", "+442079460302"
        said = self.stage.speech("announced", "demo-thanks", 4)
        agent = self.a_telephone(announced, "called_announces", files={"speech.alaw": a_law(said)})
        refuses = self.a_telephone(busy, "called_refuses", redirections="diversion", keys={"refusal": "486 Busy Here"})
        self.forward(f"{busy} always", f"{announced} always")
        self.dial()
        self.caller.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(1)
        self.caller.hang_up()
        self.assertEqual(f"<sip:{ALICE_NUMBER}@127.0.0.1>;reason=unconditional;counter=1;privacy=off",
                         agent.header("Diversion"))
        self.assertEqual([f"<sip:{ALICE_NUMBER}@127.0.0.1>;index=1",
                          f"<sip:{announced}@127.0.0.1:{agent.port};cause=302>;index=1.1;mp=1"], agent.headers("History-Info"))
        self.assertTrue(refuses.has_header("Diversion"))
        self.assertFalse(refuses.has_header("History-Info"))
        self.assertEqual((0, 0), (agent.finish(), refuses.finish()))
        heard = self.stage.wav("heard_before_the_mailbox")
        self.caller.keep_recording(self.recordings[0], heard)
        part = self.stage.wav("part")
        audio.write(part, audio.read(said)[: 3 * audio.RATE_HZ])
        self.assert_heard(part, heard)
        records, found = self.records_of_call(self.alice, self.known, 3)
        self.assertEqual(["forward", "forward", "voicemail"], sorted(record["direction"] for record in found))
        self.assertEqual({"busy"}, {record["reason"] for record in found if record["callee"] == busy})
        self.assertEqual(0, sum(record["charged_micros"] for record in found))
        self.assert_sound()

    def test_a_call_that_was_redirected_to_us_before_is_not_sent_round(self):
        self.forward(f"{MOBILE} offline")
        for redirections in (
            f"Diversion: <sip:{ALICE_NUMBER}@carrier.example>;reason=no-answer;counter=1",  # by this very number
            f"Diversion: <sip:{MOBILE}@carrier.example>;reason=unconditional",  # by the telephone that it would go to
            "Diversion: <sip:+442079460444@carrier.example>;reason=unknown;counter=5",  # too often
            "History-Info: <sip:+442079460444@a.example>;index=1,"
            f" <sip:{MOBILE}@b.example;cause=302>;index=1.1;mp=1, <sip:{ALICE_NUMBER}@c.example;cause=302>;index=1.1.1;mp=1.1",
        ):
            with self.subTest(redirections):
                known = len(self.stage.records(self.alice))
                self.mobile.forget()
                caller = self.stage.caller("caller_was_redirected", ALICE_NUMBER, keys={"redirections": redirections})
                self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
                self.assertEqual("voicemail", self.stage.latest_record(self.alice, known)["direction"])
                self.assertEqual(known + 1, len(self.stage.records(self.alice)))
                self.assertEqual([], self.mobile.events)
        told = ["<sip:+442079460444@carrier.example?Privacy=history>;index=1", f"<sip:{ALICE_NUMBER}@a.example;cause=302>;index=1.1;mp=1"]
        caller = self.stage.caller(
            "caller_was_redirected", ALICE_NUMBER, keys={"redirections": f"History-Info: {told[0]}\nHistory-Info: {told[1]}"}
        )
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        self.mobile.await_event("CALL_ESTABLISHED", PATIENCE_S)
        self.assert_sound()
        leg = next(record for record in self.stage.records(self.alice) if record["direction"] == "forward")

        def invite():
            try:
                messages = self.stage.rest.get(f"/v1/traces/{leg['call_id']}")["messages"]
            except Problem:
                return None  # not kept yet
            return next((one["text"] for one in messages if one["text"].startswith("INVITE ")), None)

        sent = processes.wait_until("the forwarded call's INVITE", invite, PATIENCE_S)
        self.assertIn("\r\nMax-Forwards: 69\r\n", sent)  # one less than the caller's
        history = re.findall("^History-Info: (.*)\r$", sent, re.MULTILINE)
        self.assertEqual(told, history[:2])
        self.assertRegex(history[2], rf"^<sip:\{MOBILE}@127\.0\.0\.1:\d+;cause=503>;index=1\.1\.1;mp=1\.1$")
        self.assertEqual(
            [f"<sip:{ALICE_NUMBER}@127.0.0.1>;reason=unavailable;counter=1;privacy=off",
             "<sip:+442079460444@carrier.example>;reason=unconditional;counter=1;privacy=full"],
            re.findall("^Diversion: (.*)\r$", sent, re.MULTILINE),
        )

    def test_redirections_that_nobody_vouches_for_are_not_told_to_the_telephone_but_count(self):
        number, stranger = "+442079460303", "127.0.0.3"
        self.stage.trunk(self.stage.free_port(), ["4413"], host=stranger, trusted_identity=False)
        refuses = self.a_telephone(number, "called_refuses", keys={"refusal": "486 Busy Here"})
        self.forward(f"{number} always")
        redirected = "Diversion: <sip:+442079460444@carrier.example>;reason=unconditional"
        caller = self.stage.caller("caller_was_redirected", ALICE_NUMBER, address=stranger, keys={"redirections": redirected})
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        self.assertEqual(0, refuses.finish())
        self.assertEqual([f"<sip:{ALICE_NUMBER}@127.0.0.1>;reason=unconditional;counter=2;privacy=off"],
                         refuses.headers("Diversion"))  # the other one counts against a loop
        self.assertEqual("<sip:unknown@unknown.invalid>;index=1", refuses.headers("History-Info")[0])
        self.assert_sound()

    def test_the_caller_is_cut_off_when_the_owners_credit_ends(self):
        self.forward(f"{DEAR} always", number=BOB_NUMBER)  # EUR 0.50 a second
        device = WirePeer(self.stage.output / "bobs-device", self.stage.gateway.overlay_port, self.bob.name, self.bob.passphrase)
        self.addCleanup(device.close)
        device.attach()
        self.dial(BOB_NUMBER)
        self.caller.await_event("CALL_ESTABLISHED", PATIENCE_S)
        # Who pays is told wherever he is, and who is at the telephone hears it.
        warned = device.await_frame(lambda frame: frame["t"] == "event" and frame["body"]["kind"] == "low_credit")
        self.assertEqual(DEAR, warned["body"]["forwarded_to"])
        self.assertNotIn("call", warned)
        self.assertLessEqual(warned["body"]["seconds_left"], 3)
        device.close()
        closed = lambda: any(event["type"] == "CALL_CLOSED" for event in self.caller.events)
        processes.wait_until("the end of the caller's call", closed, PATIENCE_S)
        heard = self.stage.wav("warned")
        self.mobile.keep_recording(self.recordings[1], heard)
        self.assertGreater(loudest_tone(heard, WARNING_HZ), 0.05)
        self.assertLess(loudest_tone(self.said_by_caller, WARNING_HZ), 0.02, "what was said is no tone")
        records, _ = self.records_of_call(self.bob, 0)
        self.assertEqual(("credit_exhausted", 4), (records["forward"]["reason"], records["forward"]["billed_s"]))
        self.assertEqual(("credit_exhausted", 0), (records["in"]["reason"], records["in"]["charged_micros"]))
        self.assertEqual(0, self.stage.balance(self.bob)["available_micros"])
        self.forward(f"{DEAR} offline", number=BOB_NUMBER)
        self.dial(BOB_NUMBER)  # without credit there is the mailbox
        self.caller.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(0.5)
        self.caller.hang_up()
        records, _ = self.records_of_call(self.bob, 2)
        self.assertEqual("insufficient_credit", records["forward"]["reason"])
        self.assertIn("voicemail", records)
        self.assert_sound()

    def test_telephones_that_may_not_be_called_are_refused_at_once(self):
        in_stock = "+442079460400"
        self.stage.rest.post("/v1/numbers", {"number": in_stock})
        for target, code in (
            (f"{in_stock} always", "forward_loop"),
            ("+19005550100 always", "premium_rate"),
            ("+44207 always", None),
            (f"{MOBILE} sometimes", None),
            (f"{MOBILE} always 2", None),
        ):
            with self.subTest(target):
                with self.assertRaises(Problem) as refused:
                    self.forward(target)
                self.assertEqual(422, refused.exception.status)
                if code:
                    self.assertEqual(code, refused.exception.body["code"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
