# SPDX-License-Identifier: Apache-2.0
"""A subscriber's devices: log-in and its lock-out, several that ring at once, refusal, digits, and the mailbox."""

import time
import unittest

from stage import LANDLINE, PATIENCE_S, StageTest, audio, processes

ALICE_NUMBER = "+16505550100"
MESSAGE_S = 4
WRONG_LIMIT = 5


class Devices(StageTest):
    settings = {"overlay.logins_failed_limit": WRONG_LIMIT}

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.second = stage.second_device(cls.alice)
        cls.message = stage.speech("message", "demo-moreinfo", MESSAGE_S, voice=0.85)
        before_s = audio.prompt_s("vm-intro") + audio.prompt_s("beep") + 1
        said = audio.silence(before_s) + audio.speech("demo-moreinfo", MESSAGE_S, 0.85) + audio.silence(120)
        cls.call_until_message_s = before_s + MESSAGE_S + 0.5
        audio.write(stage.wav("caller_plays"), said)
        cls.telephone = stage.telephone(stage.wav("caller_plays"))
        stage.trunk(cls.telephone.sip_port, [LANDLINE[1:]])

    def setUp(self):
        super().setUp()
        self.telephone.forget()
        self.known = len(self.stage.records(self.alice))
        self.addCleanup(self.telephone.hang_up)

    def waiting(self, device, *options):
        """The device, attached and ready to ring."""
        running = device.start("answer", "--count", 1, "--wait", PATIENCE_S, *options)
        running.await_event("waiting", PATIENCE_S)
        return running

    def ring(self):
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)

    def record(self):
        return self.stage.latest_record(self.alice, self.known)

    def leave_message(self):
        """The telephone is being answered by the mailbox; it leaves its message and hangs up."""
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(self.call_until_message_s)
        self.telephone.hang_up()
        self.assertEqual("voicemail", self.record()["direction"])

    def messages(self):
        return self.alice.run("voicemail", "list").event("voicemail")["messages"]

    def test_after_five_wrong_passphrases_the_right_one_is_refused_too(self):
        mallory = self.stage.subscriber("mallory")
        for attempt in range(WRONG_LIMIT):
            refused = mallory.log_in(passphrase=f"guess {attempt}")
            self.assertEqual((3, "wrong_passphrase"), (refused.code, refused.event("refused")["code"]))
        refused = mallory.log_in()
        self.assertNotEqual(0, refused.code)
        self.assertIn(refused.event("refused")["code"], ("locked", "rate_limited"))
        self.assertEqual(0, self.alice.log_in().code, "another subscriber was locked out, too")

    def test_the_device_that_takes_a_call_silences_the_other(self):
        quick = self.waiting(self.alice, "--ring-for", 1, "--duration", 2)
        slow = self.waiting(self.second, "--ring-for", 60)
        self.ring()
        for device in (quick, slow):
            self.assertEqual(LANDLINE, device.await_event("incoming", PATIENCE_S)["from"])
        ended = slow.await_event("ended", PATIENCE_S)
        self.assertEqual(("taken", False), (ended["code"], ended["answered"]))
        quick.finish(PATIENCE_S)
        self.assertEqual(("normal", True), (quick.event("ended")["code"], quick.event("ended")["answered"]))
        record = self.record()
        self.assertEqual(("in", "callee", 0), (record["direction"], record["hung_up_by"], record["charged_micros"]))
        self.assert_sound()

    def test_digits_pass_both_ways_in_a_call_from_a_telephone(self):
        running = self.waiting(self.alice, "--dtmf", "159#", "--dtmf-after", 1)
        self.ring()
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        processes.wait_until("the peer's digits", lambda: self.telephone.digits() == "159#", PATIENCE_S)
        heard = lambda: "".join(event["digit"] for event in running.events if event["event"] == "digit")
        for pressed in ("2", "2*", "2*0"):
            self.telephone.press(pressed[-1])
            processes.wait_until("the telephone's digit", lambda: heard() == pressed, PATIENCE_S)
        self.telephone.hang_up()
        running.finish(PATIENCE_S)
        self.assertEqual(("159#", "2*0"), (self.telephone.digits(), heard()))
        self.assert_sound()

    def test_a_refused_call_goes_to_the_mailbox_whose_message_can_be_heard_and_deleted(self):
        running = self.waiting(self.alice, "--reject")
        self.ring()
        self.assertEqual(LANDLINE, running.await_event("incoming", PATIENCE_S)["from"])
        self.assertEqual("declined", running.await_event("ended", PATIENCE_S)["code"])
        self.leave_message()

        notice = self.alice.start("answer", "--await-voicemail", "--wait", PATIENCE_S)
        self.assertEqual(1, notice.await_event("voicemail", PATIENCE_S)["new"])
        notice.finish(PATIENCE_S)
        listed = self.messages()
        self.assertEqual([(LANDLINE, "new")], [(message["from"], message["state"]) for message in listed])
        fetched = self.stage.wav("message_fetched")
        self.assertEqual(0, self.alice.run("voicemail", "play", listed[0]["id"], "--output", fetched).code)
        self.assert_heard(self.message, fetched)
        self.assertEqual(["saved"], [message["state"] for message in self.messages()])

        self.assertEqual(0, self.alice.run("voicemail", "delete", listed[0]["id"]).code)
        self.assertEqual([], self.messages())
        again = self.alice.run("voicemail", "delete", listed[0]["id"])
        self.assertEqual((4, "message_unknown"), (again.code, again.event("refused")["code"]))
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
