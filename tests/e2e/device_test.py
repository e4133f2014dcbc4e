# SPDX-License-Identifier: Apache-2.0
"""A subscriber's devices: log-in and its lock-out, several that ring at once, refusal, digits, and the mailbox."""

import base64
import time
import unittest

from stage import LANDLINE, PATIENCE_S, StageTest, audio, processes
from wire_peer import WirePeer

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

    def messages(self, *options):
        return self.alice.run("voicemail", "list", *options).event("voicemail")["messages"]

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
        self.assertEqual(0, self.alice.run("voicemail", "mark", listed[0]["id"], "new").code)
        self.assertEqual(["new"], [message["state"] for message in self.messages("--state", "new")])
        self.assertEqual(0, self.alice.run("voicemail", "mark", listed[0]["id"], "saved").code)

        # What another node, or an admin at the database, has changed is told to the devices that are attached here.
        notice = self.alice.start("answer", "--await-voicemail", "--wait", PATIENCE_S)
        self.assertEqual((0, 1), (notice.await_event("voicemail", PATIENCE_S)["new"], notice.event("voicemail")["saved"]))
        self.stage.query("UPDATE voicemail.message SET state = 'new'")
        notice.finish(PATIENCE_S)
        self.assertEqual(1, [event for event in notice.events if event["event"] == "voicemail"][-1]["new"])

        self.assertEqual(0, self.alice.run("voicemail", "delete", listed[0]["id"]).code)
        self.assertEqual([], self.messages())
        (deleted,) = self.messages("--state", "deleted")
        self.assertEqual(0, self.alice.run("voicemail", "undelete", deleted["id"]).code)
        self.assertEqual([listed[0]["id"]], [message["id"] for message in self.messages()])
        self.assertEqual(0, self.alice.run("voicemail", "delete", listed[0]["id"]).code)
        again = self.alice.run("voicemail", "delete", listed[0]["id"])
        self.assertEqual((4, "message_unknown"), (again.code, again.event("refused")["code"]))
        self.assert_sound()

    def test_a_mailbox_of_more_messages_than_a_frame_takes_is_listed_whole(self):
        carol = self.stage.subscriber("carol")
        self.stage.query(
            "INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, "
            f"size_bytes, sha256, audio) SELECT '{carol.account_id}', gen_random_uuid(), gen_random_uuid(), '{LANDLINE}', "
            f"'{ALICE_NUMBER}', now(), 1000, -30, 1, sha256('a'), 'a' FROM generate_series(1, 95)"
        )
        listed = lambda *options: carol.run("voicemail", "list", *options).event("voicemail")
        whole = listed()
        ids = [message["id"] for message in whole["messages"]]
        self.assertEqual((95, 95, False), (len(ids), len(set(ids)), whole["more"]))
        first = listed("--limit", 50)
        self.assertEqual((ids[:50], True), ([message["id"] for message in first["messages"]], first["more"]))
        rest = listed("--before", ids[49])
        self.assertEqual((ids[50:], False), ([message["id"] for message in rest["messages"]], rest["more"]))
        self.assertEqual(0, carol.run("voicemail", "delete", ids[-1]).code)
        self.assertEqual([ids[-1]], [message["id"] for message in listed("--state", "deleted")["messages"]])

    def test_a_device_of_anybodys_making_declines_a_call_and_brings_a_greeting_in_pieces(self):
        device = WirePeer(self.stage.output / "wire", self.stage.gateway.overlay_port, "alice", self.alice.passphrase)
        self.addCleanup(device.close)
        device.attach()
        self.ring()
        offer = device.await_frame(lambda frame: frame["t"] == "offer")
        device.send({"v": 1, "t": "hangup", "call": offer["call"], "body": {"code": "declined"}})
        ended = device.await_frame(lambda frame: frame["t"] in ("hangup", "taken"))
        self.assertEqual(("hangup", offer["call"], "declined"), (ended["t"], ended["call"], ended["body"]["code"]))
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)  # by the mailbox
        self.telephone.hang_up()

        ask = lambda **body: device.request("voicemail", {"situation": "busy", **body})
        code = lambda answer: answer["body"].get("code")
        put = lambda offset, data, size: ask(op="greeting_put", offset=offset, size_bytes=size, data=base64.b64encode(data).decode())
        file = self.message.read_bytes()  # WAV, 16 bit
        self.assertEqual({"situation": "busy", "offset": 5000}, put(0, file[:5000], len(file))["body"])
        self.assertEqual("bad_request", code(put(5001, file[5001:9000], len(file))), "a gap")
        self.assertEqual("bad_request", code(put(5000, file[5000:9000], len(file))), "of what was forgotten")
        self.assertEqual("bad_request", code(ask(op="greeting_put", situation="never", offset=0, size_bytes=1, data="YQ==")))
        self.assertEqual("bad_request", code(put(0, file[:5000], 4999)), "more than was said")
        self.assertEqual("greeting_too_large", code(put(0, file[:5000], 1 << 21)))
        self.assertEqual("audio_unreadable", code(put(0, b"RIFF but no audio", 17)))
        self.assertEqual([], ask(op="greetings")["body"]["greetings"])
        for offset in range(0, len(file), 11_000):
            kept = put(offset, file[offset : offset + 11_000], len(file))
        self.assertEqual((len(file), MESSAGE_S * 1000), (kept["body"]["offset"], kept["body"]["duration_ms"]))
        self.assertEqual("busy", ask(op="greeting_delete")["body"]["situation"])
        self.assertEqual("greeting_unknown", code(ask(op="greeting_fetch", offset=0)))
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
