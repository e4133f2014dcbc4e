# SPDX-License-Identifier: Apache-2.0
"""The mailbox at an ordinary telephone (baresip): leaving a message and reviewing it, hearing it with the PIN, own greetings, the
lock after wrong PINs; the same messages by REST; and messages while the database is away."""

import array
import audioop
import contextlib
import json
import math
import os
import pathlib
import secrets
import shutil
import signal
import tempfile
import time
import unittest
import urllib.request

from stage import LANDLINE, LIKENESS_LEAST, PATIENCE_S, Problem, StageTest, audio, processes

ALICE_NUMBER, BOB_NUMBER = "+16505550100", "+16505550101"
KEY_S = 0.25  # from one key to the next
SPOKEN_S = 3
LONGEST_S, SILENCE_S = 8, 3  # of a message; of what ends it

INFO = """<send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Bob" <sip:+442079460958@[local_ip]:[local_port]>;tag=[pid]F[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {number} INFO
Max-Forwards: 70
Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=160
]]></send><recv response="200" /><pause milliseconds="{pause_ms}" />"""
TONES_HZ = {key: (low, high) for low, row in zip((697, 770, 852, 941), ("123", "456", "789", "*0#"))
            for high, key in zip((1209, 1336, 1477), row)}  # ITU-T Q.23
THOUGHT_S = 3  # between the two groups of keys: the PIN is checked


def keys_by_info(*groups):
    """Steps of caller_presses_keys, and its files."""
    steps, number = '<pause milliseconds="1500" />', 2
    for group in groups:
        for place, key in enumerate(group):
            pause = THOUGHT_S if place == len(group) - 1 else KEY_S
            steps += INFO.format(number=number, key=key, pause_ms=round(pause * 1000))
            number += 1
    return steps, {}


def keys_as_tones(*groups):
    samples = list(audio.silence(1.5))
    for group in groups:
        for key in group:
            low, high = (2 * math.pi * hz / audio.RATE_HZ for hz in TONES_HZ[key])
            samples += [int(5000 * (math.sin(low * n) + math.sin(high * n))) for n in range(audio.RATE_HZ // 8)]
            samples += audio.silence(KEY_S)
        samples += audio.silence(THOUGHT_S)
    sound = audioop.lin2alaw(array.array("h", samples).tobytes(), 2)
    return (f'<nop><action><exec rtp_stream="keys.alaw,1,8" /></action></nop><pause milliseconds="{len(samples) // 8}" />',
            {"keys.alaw": sound})


class Voicemail(StageTest):
    """All of it with recordings that are encrypted at rest; other tests store them plain."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        (folder / "keys").write_text(f"today {secrets.token_hex(32)}\n")
        cls.settings = {"voicemail.audio_keys_file": folder / "keys", "voicemail.message_limit_s": LONGEST_S,
                        "voicemail.silence_limit_s": SILENCE_S}
        super().setUpClass()

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.bob = stage.subscriber("bob", credit="20.00", number=BOB_NUMBER)
        cls.pin = stage.rest.post(f"/v1/mailboxes/{cls.alice.account_id}/pin", {})["pin"]
        cls.talk = stage.wav("talk")  # without an end, so that whatever is recorded is full of it
        audio.write(cls.talk, audio.speech("demo-moreinfo", 8, 0.85) + audio.speech("demo-abouttotry", 12, 0.9) * 5)
        cls.telephone = stage.telephone(cls.talk)
        stage.trunk(cls.telephone.sip_port, [LANDLINE[1:]])

    def setUp(self):
        super().setUp()
        self.known = len(self.stage.records(self.alice))
        self.mailbox = f"/v1/mailboxes/{self.alice.account_id}"
        self.addCleanup(self.telephone.hang_up)

    def dial(self, number=ALICE_NUMBER):
        self.telephone.forget()
        self.recordings = self.telephone.recordings()
        self.telephone.dial(number, self.stage.gateway.sip_port)
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(0.5)

    def keys(self, keys):
        for key in keys:
            self.telephone.press(key)
            time.sleep(KEY_S)

    def hang_up(self, name="heard"):
        """Ends the call; what was heard in it."""
        self.telephone.hang_up()
        return self.heard(name)

    def heard(self, name):
        self.telephone.keep_recording(self.recordings, self.stage.wav(name))
        return self.stage.wav(name)

    def messages(self, account=None, **query):
        return self.stage.rest.get(f"/v1/mailboxes/{account or self.alice.account_id}/voicemails", **query)["items"]

    def await_state(self, what, messages, **query):
        return processes.wait_until(what, lambda: (found := self.messages(**query)) and messages(found) and found, PATIENCE_S)

    def fetch(self, path, byte_range=None):
        """Status, headers and body of a GET."""
        rest = self.stage.rest
        request = urllib.request.Request(rest.url + path, headers={"Authorization": f"Bearer {rest.token}"})
        if byte_range:
            request.add_header("Range", byte_range)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, answer.read()

    def upload(self, path, wav):
        return self.stage.rest._ask("PUT", path, wav.read_bytes(), "audio/wav")

    def leave_message(self, number=ALICE_NUMBER):
        """To the beep at once, some speech, and the choices that follow it."""
        self.dial(number)
        self.keys("#")
        time.sleep(1 + SPOKEN_S)
        self.keys("#")

    def log_in(self, pin):
        self.dial()
        self.keys("*" + pin + "#")

    def message_by_rest(self, message):
        """Whole, in pieces, and decoded: the file of the last."""
        path = f"{self.mailbox}/voicemails/{message['id']}/audio"
        status, headers, whole = self.fetch(path)
        self.assertEqual((200, "bytes", message["size_bytes"]), (status, headers["Accept-Ranges"], len(whole)))
        pieces = b""
        for first in range(0, len(whole), 1000):
            status, headers, piece = self.fetch(path, f"bytes={first}-{first + 999}")
            self.assertEqual(206, status)
            self.assertEqual(f"bytes {first}-{first + len(piece) - 1}/{len(whole)}", headers["Content-Range"])
            pieces += piece
        self.assertEqual(whole, pieces)
        self.assertEqual(whole[-5:], self.fetch(path, "bytes=-5")[2])
        file = self.stage.wav("by_rest")
        file.write_bytes(self.fetch(path + "?format=wav")[2])
        return file

    def test_a_message_is_reviewed_by_its_caller_and_heard_by_its_owner(self):
        self.leave_message()
        self.keys("2")
        time.sleep(1 + SPOKEN_S)
        self.keys("3")  # again, which is what is kept
        time.sleep(1 + SPOKEN_S)
        self.keys("#41")  # urgent, save
        message = self.await_state("the message", lambda found: len(found) == 1)[0]
        self.assertEqual(("new", True, LANDLINE), (message["state"], message["urgent"], message["caller"]))
        self.assert_some_of_the_talk(self.hang_up("left"))
        file = self.message_by_rest(message)
        self.assert_heard(file, self.talk)
        audio.write(self.stage.wav("middle"), audio.read(file)[2 * audio.RATE_HZ // 10 : 28 * audio.RATE_HZ // 10])

        self.log_in(self.pin)
        self.keys("1")
        self.await_state("its being heard", lambda found: found[0]["state"] == "saved")
        self.keys("7")
        deleted = self.await_state("its deletion", lambda found: True, state="deleted")[0]
        self.assertEqual([], self.messages())
        self.assertIsNotNone(deleted["deleted_at"])
        self.keys("9")
        self.await_state("its being undeleted", lambda found: found[0]["state"] == "saved")
        self.keys("3" + BOB_NUMBER[1:] + "#")
        processes.wait_until("the copy", lambda: self.messages(self.bob.account_id), PATIENCE_S)
        heard = self.hang_up("heard_by_owner")
        self.assert_heard(self.stage.wav("middle"), heard)
        copy = self.messages(self.bob.account_id)[0]
        self.assertEqual((message["sha256"], LANDLINE, BOB_NUMBER), (copy["sha256"], copy["caller"], copy["called"]))

        # The same by REST and by the owner's device.
        rest = self.stage.rest
        rest._ask("DELETE", f"{self.mailbox}/voicemails/{message['id']}", None, "")
        self.assertEqual("saved", rest.post(f"{self.mailbox}/voicemails/{message['id']}/restoration", {})["state"])
        self.assertEqual(0, self.alice.run("voicemail", "delete", message["id"]).code)
        self.assertEqual(0, self.alice.run("voicemail", "undelete", message["id"]).code)
        self.assertEqual(1, len(self.messages()))
        self.hear_options_and_change_the_pin()
        self.assert_sound()

    def hear_options_and_change_the_pin(self):
        """Of the saved message: who left it and when, what may be done, and on to the options."""
        self.log_in(self.pin)
        self.keys("2")
        time.sleep(1)
        self.keys("4")
        time.sleep(12)  # twelve digits, the day and the time
        self.keys("0")
        time.sleep(3)
        new_pin = "739105"
        self.keys(f"*35{new_pin}#{new_pin}#")
        time.sleep(4)
        heard = self.hang_up("options")
        to_repeat = self.stage.wav("to_repeat")  # the recording says "press five to repeat", and is told with a one
        audio.write(to_repeat, audio.read(audio.PROMPTS / "vm-repeat.wav")[audio.RATE_HZ :])
        prompts = [audio.PROMPTS / f"{name}.wav" for name in ("vm-unknown-caller", "vm-num-i-have", "vm-received", "vm-passchanged")]
        for prompt in (*prompts, to_repeat):
            with self.subTest(prompt):
                self.assertGreater(audio.likeness(prompt, heard)[0], LIKENESS_LEAST)
        type(self).pin = new_pin
        self.log_in(self.pin)
        self.keys("27")
        self.await_state("its deletion with the new PIN", lambda found: True, state="deleted")
        self.assertEqual([], self.messages())
        self.hang_up()

    def test_own_greetings_are_recorded_by_telephone_and_uploaded(self):
        self.log_in(self.pin)
        self.keys("310")  # options, no answer, to the beep
        time.sleep(1.5 + SPOKEN_S)
        self.keys("#1")
        greetings = lambda: self.stage.rest.get(self.mailbox)["greetings"]
        processes.wait_until("the greeting", greetings, PATIENCE_S)
        self.hang_up()
        recorded = self.fetch(f"{self.mailbox}/greetings/no_answer")
        self.assertEqual(greetings()[0]["size_bytes"], len(recorded[2]))
        self.dial()
        time.sleep(4)
        heard = self.hang_up("own_greeting")
        self.assert_heard(self.middle_of(heard), self.talk)

        temporary = self.stage.speech("temporary", "demo-thanks", 3)
        self.assertEqual("temporary", self.upload(f"{self.mailbox}/greetings/temporary", temporary)["situation"])
        temporary = self.greet_from_the_peer("temporary")
        self.dial()
        time.sleep(4)
        self.assert_heard(temporary, self.hang_up("temporary_greeting"))
        self.stage.rest._ask("DELETE", f"{self.mailbox}/greetings/temporary", None, "")
        self.stage.rest._ask("DELETE", f"{self.mailbox}/greetings/no_answer", None, "")
        with self.assertRaises(Problem) as refused:
            self.stage.rest._ask("PUT", f"{self.mailbox}/greetings/busy", b"RIFF no audio", "audio/wav")
        self.assertEqual(422, refused.exception.status)
        self.stage.rest._ask("PATCH", self.mailbox, json.dumps({"language": "it"}).encode(), "application/json")
        self.dial()
        time.sleep(4)
        italian = self.stage.wav("italian")
        audio.write(italian, audio.read(audio.PROMPTS.parent / "it_IT_m_Carlo/vm-intro.wav")[: 3 * audio.RATE_HZ])
        self.assert_heard(italian, self.hang_up("italian_greeting"))
        self.stage.rest._ask("PATCH", self.mailbox, json.dumps({"language": None}).encode(), "application/json")
        self.assert_sound()

    def greet_from_the_peer(self, situation):
        """Puts another greeting in place of the one that is there, and looks at it; what was said."""
        said, fetched = self.stage.speech("said_by_peer", "demo-echotest", 3), self.stage.wav("greeting_fetched")
        short = self.stage.speech("short", "demo-echotest", 0.2)
        long = self.stage.wav("long")
        audio.write(long, audio.speech("demo-echotest", 8) * 7)
        for file, code in ((short, "greeting_too_short"), (long, "greeting_too_long")):
            refused = self.alice.run("voicemail", "greeting", "set", situation, file)
            self.assertEqual((4, code), (refused.code, refused.event("refused")["code"]))
        self.assertEqual(0, self.alice.run("voicemail", "greeting", "set", situation, said).code)
        listed = self.alice.run("voicemail", "greeting", "list").event("greetings")["greetings"]
        self.assertIn((situation, 3000), [(one["situation"], one["duration_ms"]) for one in listed])
        self.assertEqual(0, self.alice.run("voicemail", "greeting", "play", situation, "--output", fetched).code)
        self.assert_heard(said, fetched)
        self.alice.run("voicemail", "greeting", "set", "name", said)
        self.assertEqual(0, self.alice.run("voicemail", "greeting", "delete", "name").code)
        gone = self.alice.run("voicemail", "greeting", "delete", "name")
        self.assertEqual((4, "greeting_unknown"), (gone.code, gone.event("refused")["code"]))
        return said

    def middle_of(self, heard):
        """What was spoken to us, without the edges of the recording."""
        samples = audio.read(heard)
        audio.write(self.stage.wav("middle_of_greeting"), samples[audio.RATE_HZ : 35 * audio.RATE_HZ // 10])
        return self.stage.wav("middle_of_greeting")

    def test_five_wrong_pins_lock_the_mailbox_to_every_telephone_until_a_new_one_is_set(self):
        for guesses in ("1#2#3#", "4#5#"):
            self.log_in("")
            self.keys(guesses)
            if len(guesses) == 6:
                self.telephone_is_let_go()
            else:
                locked = lambda: self.stage.rest.get(self.mailbox)["locked_until"]
                processes.wait_until("the lock", locked, PATIENCE_S)
                self.hang_up()
        # Told once the last PIN is known to be wrong; the lock is there before, lest many be tried at once.
        events = lambda: self.stage.rest.get(f"/v1/accounts/{self.alice.account_id}/events")["items"]
        told = lambda: "voicemail_locked" in [event["kind"] for event in events()]
        processes.wait_until("the event of the lock", told, PATIENCE_S)
        self.log_in(self.pin)
        self.telephone_is_let_go()

        with self.assertRaises(Problem) as refused:
            self.stage.rest.post(f"{self.mailbox}/pin", {"pin": "123456"})
        self.assertEqual("pin_unsuitable", refused.exception.body["code"])
        made = self.alice.run("voicemail", "pin")  # at the device, which ends the lock as well
        self.assertEqual(0, made.code)
        type(self).pin = made.event("pin_set")["pin"]
        self.assertRegex(self.pin, "^[0-9]{6}$")
        self.log_in(self.pin)
        self.keys("#")
        self.telephone_is_let_go()
        self.assertIsNone(self.stage.rest.get(self.mailbox)["locked_until"])
        own = self.stage.output / "own_pin"
        for pin, code in (("111111", 4), (ALICE_NUMBER[-6:], 4), ("730518", 0)):
            own.write_text(pin + "\n")
            self.assertEqual(code, self.alice.run("voicemail", "pin", "--pin-file", own).code, pin)
        type(self).pin = "730518"
        log = (self.stage.output / "gateway.log").read_text(errors="replace")
        self.assertNotRegex(log, rf"\b{self.pin}\b|\b{made.event('pin_set')['pin']}\b")
        self.assert_sound()

    def begin_message_without_database(self):
        """A caller has spoken and pressed #, and the database is away; what brings it back."""
        data = self.stage.gateway.state / "postgresql/data"
        away = data.with_name("data.away")
        self.dial()
        self.keys("#")
        time.sleep(1 + SPOKEN_S)
        data.rename(away)  # so that it cannot be started again
        pid = int((away / "postmaster.pid").read_text().split()[0])
        mark = processes.started_at(pid)
        os.kill(pid, signal.SIGKILL)
        processes.wait_until("the database's end", lambda: processes.started_at(pid) != mark, PATIENCE_S)
        self.keys("#")
        return lambda: away.rename(data)

    def test_a_message_left_without_the_database_survives_the_gateways_death_and_comes_once(self):
        known = {message["id"] for message in self.messages()}
        bring_back = self.begin_message_without_database()
        try:
            self.keys("1")
            spool = self.stage.gateway.state / "spool/messages"
            spooled = processes.wait_until(
                "the message's being spooled", lambda: list(spool.glob("*.record")), PATIENCE_S)
            self.assertNotIn(b"OpusHead", spooled[0].read_bytes())
            gateway = self.stage.gateway.process
            gateway.kill()
            gateway.wait()
            self.telephone.hang_up()
        finally:
            bring_back()
        self.stage.gateway.resume()
        fresh = lambda: [message for message in self.messages() if message["id"] not in known]
        message = processes.wait_until("the message", fresh, PATIENCE_S)[0]
        processes.wait_until("an empty spool", lambda: not any(spool.iterdir()), PATIENCE_S)
        self.assertEqual(1, len(fresh()))
        self.assert_heard(self.message_by_rest(message), self.talk)
        self.assert_sound()

    @contextlib.contextmanager
    def full_spool(self):
        """As good as a full disk: nothing can be written there."""
        spool = self.stage.gateway.state / "spool/messages"
        aside = spool.with_name("messages.aside")
        spool.rename(aside)
        spool.write_bytes(b"")
        try:
            yield
        finally:
            spool.unlink()
            aside.rename(spool)

    def assert_apology(self, name):
        apology = self.stage.wav("apology")
        audio.write(apology, audio.read(audio.PROMPTS / "im-sorry.wav") + audio.read(audio.PROMPTS / "vm-goodbye.wav"))
        self.assertGreater(audio.likeness(apology, self.heard(name))[0], LIKENESS_LEAST)

    def let_store(self, possible):
        """Whether the database takes what is written, as one whose disk is full does not."""
        self.stage.query("ALTER SYSTEM RESET default_transaction_read_only" if possible else
                         "ALTER SYSTEM SET default_transaction_read_only = on")
        self.stage.query("SELECT pg_reload_conf()")
        seen = lambda: self.stage.query("SHOW default_transaction_read_only") == [["off" if possible else "on"]]
        processes.wait_until("the database's heeding it", seen, PATIENCE_S)

    def test_a_caller_whose_message_can_be_kept_nowhere_is_told_in_place_of_the_greeting(self):
        with self.full_spool():
            self.let_store(False)
            try:
                self.dial()
                self.telephone_is_let_go()
            finally:
                self.let_store(True)
        self.assert_apology("told_before")
        self.assertEqual("voicemail", self.stage.latest_record(self.alice, self.known)["direction"])
        self.assert_sound()

    def test_a_caller_whose_message_can_be_kept_nowhere_is_told(self):
        known = len(self.messages())
        bring_back = self.begin_message_without_database()
        try:
            with self.full_spool():
                self.keys("1")
                self.telephone_is_let_go()
            self.assert_apology("told")
            # And who calls while the database is away: before the answer, and then the call is refused.
            time.sleep(1)  # the telephone names its recordings by the second
            self.telephone.forget()
            self.recordings = self.telephone.recordings()
            self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
            self.telephone_is_let_go()
            self.assertIn("503", self.telephone.events[-1]["param"])
            self.assert_apology("told_without_database")
        finally:
            bring_back()
        processes.wait_until("the database's return", self.stage.rest.has_database, PATIENCE_S)
        self.assertEqual(known, len(self.messages()))
        self.assert_sound()

    def send(self, method, path, **body):
        return self.stage.rest._ask(method, path, json.dumps(body).encode(), "application/json")

    def set_rules(self, **rules):
        self.send("PUT", f"/v1/numbers/{ALICE_NUMBER}/rules", **rules)

    def hear_at_own_telephone(self, message):
        """No greeting and no *: the PIN is asked for at once."""
        self.send("PATCH", f"{self.mailbox}/voicemails/{message['id']}", state="new")
        self.dial()
        self.keys(self.pin + "#")
        self.keys("1")
        heard = lambda: [one for one in self.messages() if one["id"] == message["id"] and one["state"] == "saved"]
        processes.wait_until("its being heard", heard, PATIENCE_S)
        self.hang_up()

    def test_owners_hear_their_messages_where_callers_get_to_no_mailbox(self):
        for message in self.messages():  # so that the one left here is the first to be heard
            self.stage.rest._ask("DELETE", f"{self.mailbox}/voicemails/{message['id']}", None, "")
        self.leave_message()
        self.keys("1")
        message = processes.wait_until("the message", self.messages, PATIENCE_S)[0]
        self.hang_up("left_for_later")
        own_numbers = lambda *numbers: self.send("PUT", f"/v1/accounts/{self.alice.account_id}/caller_id", verified_numbers=numbers)
        self.addCleanup(own_numbers)
        self.addCleanup(self.set_rules)
        self.addCleanup(self.send, "PATCH", f"/v1/numbers/{ALICE_NUMBER}", voicemail_enabled=True)

        self.send("PATCH", f"/v1/numbers/{ALICE_NUMBER}", voicemail_enabled=False)
        self.telephone.forget()
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.telephone_is_let_go()
        self.assertIn("480", self.telephone.events[-1]["param"])
        own_numbers(LANDLINE)
        self.hear_at_own_telephone(message)

        own_numbers()
        self.send("PATCH", f"/v1/numbers/{ALICE_NUMBER}", voicemail_enabled=True)
        self.set_rules(forward=[f"{LANDLINE} always"])
        self.hear_at_own_telephone(message)
        self.assert_sound()

    def test_the_owner_decides_which_callers_ring(self):
        set_rules = self.set_rules
        self.addCleanup(set_rules)
        device = self.alice.start("answer", "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        second = self.stage.second_device(self.alice)
        set_by_device = lambda *options: self.assertEqual(0, second.run("numbers", "set", ALICE_NUMBER, *options).code)
        set_by_device("--block", "+4420*", "--ring", 25)
        told = second.run("numbers", "set", ALICE_NUMBER).event("number")
        self.assertEqual((["+4420*"], 25), (told["blocked"], told["ring_timeout_s"]))
        self.telephone.forget()
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.telephone_is_let_go()
        self.assertIn("603", self.telephone.events[-1]["param"])
        record = self.stage.latest_record(self.alice, self.known)
        self.assertEqual(("blocked", 0), (record["reason"], record["charged_micros"]))
        set_rules(refuse_anonymous=True)
        nobody = self.stage.caller("caller_is_anonymous", ALICE_NUMBER)
        self.assertEqual(0, nobody.finish(PATIENCE_S), nobody.complaint())
        self.assertEqual("blocked", self.stage.latest_record(self.alice, self.known + 1)["reason"])

        # Both devices of the owner are told what waits, whoever changes it.
        set_by_device("--quiet", "sun,mon,tue,wed,thu,fri,sat 00:00-00:00", "--ring", 0)
        other = second.start("answer", "--wait", PATIENCE_S)
        other.await_event("waiting", PATIENCE_S)
        counts = lambda: tuple(sum(one["state"] == state for one in self.messages()) for state in ("new", "saved"))
        unread, saved = counts()
        self.leave_message()
        self.hang_up()
        self.assertEqual("voicemail", self.stage.latest_record(self.alice, self.known + 2)["direction"])
        self.assert_told((device, other), unread + 1, saved)
        self.assertEqual((unread + 1, saved), counts())
        message = f"{self.mailbox}/voicemails/{self.messages()[0]['id']}"
        self.stage.rest._ask("PATCH", message, json.dumps({"state": "saved"}).encode(), "application/json")
        self.assert_told((device, other), unread, saved + 1)
        self.stage.rest._ask("DELETE", message, None, "")
        self.assert_told((device, other), unread, saved)
        self.assertEqual([], [event for event in device.events + other.events if event["event"] == "incoming"])
        self.assert_sound()

    def assert_told(self, devices, unread, saved):
        told = lambda device: (unread, saved) in [
            (event["new"], event["saved"]) for event in device.events if event["event"] == "voicemail"][-1:]
        for device in devices:
            processes.wait_until(f"the counts {unread}, {saved}", lambda: told(device), PATIENCE_S)

    def assert_some_of_the_talk(self, heard, seconds=12):
        """Two seconds of what the telephone says again and again; which ones depends on how busy the machine is."""
        talk, piece = audio.read(self.talk), self.stage.wav("piece")
        likeness = []
        for start in range(0, seconds * audio.RATE_HZ, audio.RATE_HZ // 2):
            audio.write(piece, talk[start : start + 2 * audio.RATE_HZ])
            likeness.append(audio.likeness(piece, heard)[0])
        self.assertGreater(max(likeness), LIKENESS_LEAST)

    def test_silence_and_length_end_a_message(self):
        says_little = self.stage.wav("says_little")
        audio.write(says_little, audio.speech("demo-moreinfo", 4, 0.85) + audio.silence(60))
        self.addCleanup(self.telephone.play_in_next_call, self.talk)
        for source, least_s, most_s in ((says_little, SILENCE_S, LONGEST_S - 0.5), (self.talk, LONGEST_S - 0.5, LONGEST_S + 0.1)):
            with self.subTest(source.name):
                known = {message["id"] for message in self.messages()}
                self.telephone.play_in_next_call(source)
                self.dial()
                self.keys("#")
                fresh = lambda: [message for message in self.messages() if message["id"] not in known]
                message = processes.wait_until("the message", fresh, PATIENCE_S)[0]
                self.telephone_is_let_go()
                self.assertTrue(least_s * 1000 < message["duration_ms"] < most_s * 1000, message["duration_ms"])
                file = self.message_by_rest(message)
                samples = audio.read(file)
                if source == says_little:
                    samples = samples[: len(samples) - SILENCE_S * audio.RATE_HZ]
                audio.write(file, samples)
                self.assert_heard(file, source)
        self.assert_sound()

    def test_who_is_refused_hears_the_greeting_for_busy(self):
        busy = self.stage.speech("busy", "demo-thanks", 3)
        self.upload(f"{self.mailbox}/greetings/busy", busy)
        self.addCleanup(self.stage.rest._ask, "DELETE", f"{self.mailbox}/greetings/busy", None, "")
        device = self.alice.start("answer", "--reject", "--wait", PATIENCE_S)
        device.await_event("waiting", PATIENCE_S)
        self.dial()
        time.sleep(3.3)
        self.assert_heard(busy, self.hang_up("busy_greeting"))
        self.assert_sound()

    def test_a_caller_is_told_that_a_number_of_ours_is_not_in_service(self):
        rest, (given_up, free) = self.stage.rest, ("+16505550102", "+16505550103")
        owner = self.stage.subscriber("carol", credit="20.00", number=given_up)
        rest.post(f"/v1/numbers/{given_up}/release", {"account_id": owner.account_id})
        rest.post("/v1/numbers", {"number": free})
        for number, state in ((given_up, "quarantined"), (free, "available")):
            with self.subTest(state):
                self.assertEqual(state, rest.get(f"/v1/numbers/{number}")["state"])
                time.sleep(1)  # the telephone names its recordings by the second
                self.telephone.forget()
                recordings = self.telephone.recordings()
                self.telephone.dial(number, self.stage.gateway.sip_port)
                self.telephone_is_let_go()
                self.assertIn("404", self.telephone.events[-1]["param"])
                heard = self.stage.wav(f"not_in_service_{state}")
                self.telephone.keep_recording(recordings, heard)
                self.assert_heard(audio.PROMPTS / "ss-noservice.wav", heard)
        self.assert_sound()

    def test_the_owner_presses_keys_by_info_or_as_tones_in_the_voice(self):
        for way in (keys_by_info, keys_as_tones):
            with self.subTest(way.__name__):
                for message in self.messages():  # so that the one left here is the first to be heard
                    self.stage.rest._ask("DELETE", f"{self.mailbox}/voicemails/{message['id']}", None, "")
                self.leave_message()
                self.keys("1")
                message = processes.wait_until("the message", self.messages, PATIENCE_S)[0]
                self.hang_up("left_again")
                steps, files = way(f"*{self.pin}#", "1")
                caller = self.stage.caller("caller_presses_keys", ALICE_NUMBER, keys={"steps": steps}, files=files)
                self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
                saved = lambda: [one for one in self.messages() if one["id"] == message["id"] and one["state"] == "saved"]
                processes.wait_until("its being heard", saved, PATIENCE_S)
        self.assert_sound()

    def telephone_is_let_go(self):
        """The gateway ends the call by itself."""
        closed = lambda: any(event["type"] == "CALL_CLOSED" for event in self.telephone.events)
        processes.wait_until("the gateway's hanging up", closed, PATIENCE_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)
