# SPDX-License-Identifier: Apache-2.0
"""Call waiting: a second telephone calls while the subscriber talks to a first one. The device is told, and takes the call (the first
one is held or ended) or refuses it. And whose number a telephone sees, when the term has run out."""

import time
import unittest

from stage import LANDLINE, PATIENCE_S, StageTest, audio, processes
from trunk_test import a_law

ALICE_NUMBER = "+16505550100"
SECOND = "+442079460111"


class Waiting(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.said = stage.speech("said_by_first", "demo-moreinfo", 14)
        cls.told = stage.speech("said_by_alice", "demo-abouttotry", 12)
        second = stage.speech("said_by_second", "demo-thanks", 10)
        cls.telephone = stage.telephone(second, numbers=[SECOND], name="second")
        stage.trunk(cls.telephone.sip_port, [SECOND[1:]])

    def setUp(self):
        super().setUp()
        self.addCleanup(self.telephone.hang_up)
        self.known = len(self.stage.records(self.alice))

    def answer(self, *options):
        device = self.alice.start("answer", "--wait", PATIENCE_S, "--play", self.told, "--record", self.stage.wav("heard"), *options)
        device.await_event("waiting", PATIENCE_S)
        return device

    def talk_to_first(self, device, scenario="caller_talks"):
        """The first caller talks for 5 s, or 12; its far end, and the id of its call at the device."""
        first = self.stage.caller(scenario, ALICE_NUMBER, files={"speech.alaw": a_law(self.said)})
        return first, device.await_event("answered", PATIENCE_S)["call"]

    def second_calls(self):
        self.telephone.forget()
        self.recordings = self.telephone.recordings()
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)

    def events(self, device, name):
        return [event for event in device.events if event["event"] == name]

    def await_events(self, device, name, many):
        return processes.wait_until(f"{many} times {name}", lambda: (found := self.events(device, name)) and len(found) >= many and found, PATIENCE_S)

    def test_the_first_call_is_held_while_the_second_one_is_talked_to(self):
        device = self.answer("--second", "hold", "--ring-for", "0.5")
        first, first_call = self.talk_to_first(device, "caller_leaves_a_message")
        self.second_calls()
        incoming = self.await_events(device, "incoming", 2)[1]
        self.assertEqual((True, SECOND), (incoming["waiting"], incoming["from"]))
        self.assertNotEqual(first_call, incoming["call"])
        self.assertEqual(first_call, self.await_events(device, "held", 1)[0]["call"])
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(4)
        self.assertEqual([None, None], [each["cost_micros"] for each in self.stage.live_calls()], "calls in cost nothing")
        self.assertIsNone(first.process.poll(), "the first call has ended")
        self.telephone.hang_up()
        self.assertEqual(first_call, self.await_events(device, "resumed", 1)[0]["call"])
        heard = self.stage.wav("heard_by_second")
        self.telephone.keep_recording(self.recordings, heard)
        audio.write(self.stage.wav("beginning"), audio.read(self.told)[: 3 * audio.RATE_HZ])
        self.assert_heard(self.stage.wav("beginning"), heard)
        self.assertEqual(0, first.finish(PATIENCE_S), first.complaint())
        ended = self.await_events(device, "ended", 2)
        self.assertEqual([incoming["call"], first_call], [event["call"] for event in ended])
        self.assertEqual(["normal", "normal"], [event["code"] for event in ended])
        self.assertGreater(ended[1]["talk_ms"], ended[0]["talk_ms"])
        self.assert_sound()

    def test_the_first_call_is_ended_for_the_second_one(self):
        device = self.answer("--second", "end")
        first, first_call = self.talk_to_first(device)
        self.second_calls()
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        ended = self.await_events(device, "ended", 1)[0]
        self.assertEqual((first_call, "normal"), (ended["call"], ended["code"]))
        self.assertEqual("second", self.events(device, "hanging_up")[0]["why"])
        first.finish(PATIENCE_S)
        self.telephone.hang_up()
        self.await_events(device, "ended", 2)
        self.assert_sound()

    def test_a_second_call_that_is_refused_goes_to_the_mailbox_of_the_busy(self):
        device = self.answer("--second", "refuse")
        first, _ = self.talk_to_first(device)
        self.second_calls()
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        self.assertEqual(SECOND, self.await_events(device, "refused_second", 1)[0]["from"])
        self.telephone.hang_up()
        self.assertEqual("voicemail", self.stage.latest_record(self.alice, self.known)["direction"])
        self.assertEqual(0, first.finish(PATIENCE_S), first.complaint())
        self.assertEqual(1, len(self.await_events(device, "ended", 1)))
        self.assert_sound()

    def test_a_second_call_is_told_busy_where_there_is_no_mailbox(self):
        setting = lambda on: self.stage.rest._ask(
            "PATCH", f"/v1/numbers/{ALICE_NUMBER}", b'{"voicemail_enabled":%s}' % on, "application/json")
        setting(b"false")
        self.addCleanup(setting, b"true")
        device = self.answer("--second", "refuse")
        first, _ = self.talk_to_first(device)
        self.second_calls()
        closed = lambda: [event for event in self.telephone.events if event["type"] == "CALL_CLOSED"]
        self.assertIn("486", processes.wait_until("its being told", closed, PATIENCE_S)[0]["param"])
        self.assertEqual(0, first.finish(PATIENCE_S), first.complaint())
        self.assert_sound()

    def test_in_grace_calls_still_arrive_and_the_number_is_not_shown_any_more(self):
        def called_by_alice():
            carrier = self.stage.called("called_answers", echo=True)
            trunk = self.stage.trunk(carrier.port, [LANDLINE[1:]])
            call = self.alice.start("call", LANDLINE, "--duration", 1)
            call.finish(PATIENCE_S)
            self.assertEqual("normal", call.event("ended")["code"])
            self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
            self.stage.rest._ask("DELETE", f"/v1/trunks/{trunk['id']}", None, "")
            return carrier.header("From")

        self.assertIn(ALICE_NUMBER[1:], called_by_alice())
        term = "number = '%s'" % ALICE_NUMBER
        self.stage.query(f"UPDATE voicemail.number SET auto_renew = false, paid_until = now() - interval '1 hour' WHERE {term}")
        self.addCleanup(self.stage.query, "UPDATE voicemail.number SET state = 'assigned', auto_renew = true, "
                        f"paid_until = now() + interval '1 month', grace_until = NULL WHERE {term}")
        # With the gateway's own run, or before it: the dates decide.
        self.assertNotIn(ALICE_NUMBER[1:], called_by_alice())
        device = self.answer("--second", "refuse")
        first, _ = self.talk_to_first(device)
        self.assertEqual(0, first.finish(PATIENCE_S), first.complaint())
        self.stage.end_calls()  # the device, whose place the next call takes
        self.stage.query(f"UPDATE voicemail.number SET state = 'grace', grace_until = now() + interval '1 day' WHERE {term}")
        self.assertNotIn(ALICE_NUMBER[1:], called_by_alice())
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
