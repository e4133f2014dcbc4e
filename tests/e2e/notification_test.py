# SPDX-License-Identifier: Apache-2.0
"""Owners who are told of their messages: by e-mail at a real mail server, by a signed webhook, by the lamp of a telephone; what is tried again and what is
never connected to. And recordings that nobody reads in the database, by keys that change, and for so many days."""

import email
import email.policy
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from stage import LANDLINE, PATIENCE_S, StageTest, audio, processes

ALICE_NUMBER = "+16505550100"
MAIL_USER, MAIL_PASSWORD = "tollgate", "handed in by the carrier"
SECRET = "a secret of the owner's"
KEYS = {"first": "1" * 64, "second": "2" * 64, "third": "3" * 64}
KEEP_DAYS = 20
MAILBOX_LIMIT_S = 3600  # voicemail.mailbox_limit_s
MESSAGES_MOST = 30


class Mailroom:
    """What the mail server does with letters: the first answers are those of `refusals`, then they are kept."""

    def __init__(self):
        self.letters, self.refusals, self.encrypted = [], [], []

    async def handle_DATA(self, server, session, envelope):
        self.encrypted.append(session.ssl is not None)
        if self.refusals:
            return self.refusals.pop(0)
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


def log_in(server, session, envelope, mechanism, given):
    good = (given.login, given.password) == (MAIL_USER.encode(), MAIL_PASSWORD.encode())
    return AuthResult(success=good)


class Hook(http.server.BaseHTTPRequestHandler):
    calls, answers = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append((self.path, self.headers, body))
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Notifications(StageTest):
    settings = {
        "notify.mail_from": "tollgate@carrier.example",
        "notify.webhook_networks": "127.0.0.1", "notify.subscriber_webhook_networks": "127.0.0.1",
        "notify.agent_networks": "127.0.0.1",
        "notify.interval_ms": 200,
        "notify.first_retry_s": 1,
    }

    @classmethod
    def setUpClass(cls):
        cls.mailroom = Mailroom()
        cls.files = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-"))
        cls.addClassCleanup(shutil.rmtree, cls.files)
        cls.write_keys(first=KEYS["first"])
        cls.mail_port = processes.free_port(set())
        cls.open_mail_server("mail")
        cls.addClassCleanup(lambda: cls.mail.stop())
        cls.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.web.shutdown)
        cls.settings = {
            **cls.settings,
            "notify.mail_server": f"smtp://localhost:{cls.mail_port}",
            "notify.mail_user": MAIL_USER,
            "notify.mail_password": MAIL_PASSWORD,
            "voicemail.audio_keys_file": cls.files / "keys",
            "voicemail.keep_days": KEEP_DAYS,
            "voicemail.mailbox_limit_messages": MESSAGES_MOST,
            "voicemail.upkeep_interval_s": 1,
            "notify.mail_authority": cls.files / "mail.crt",
            "notify.webhook_authority": cls.files / "mail.crt",
        }
        super().setUpClass()

    @classmethod
    def write_keys(cls, **keys):
        (cls.files / "keys").write_text("".join(f"{name} {key}\n" for name, key in keys.items()))

    @classmethod
    def context(cls, name):
        """Of a server with a certificate of that name, which is made if there is none."""
        certificate, key = cls.files / f"{name}.crt", cls.files / f"{name}.key"
        if not certificate.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                check=True, capture_output=True,
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    @classmethod
    def open_mail_server(cls, name):
        """It takes nothing without TLS and log-in."""
        cls.mail = Controller(cls.mailroom, hostname="127.0.0.1", port=cls.mail_port, tls_context=cls.context(name),
                              require_starttls=True, authenticator=log_in, auth_required=True)
        cls.mail.start()

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.said = stage.speech("said", "demo-moreinfo", 8)
        cls.telephone = stage.telephone(cls.said)
        stage.trunk(cls.telephone.sip_port, [LANDLINE[1:]])
        cls.mailbox = f"/v1/mailboxes/{cls.alice.account_id}"
        cls.hook = f"http://127.0.0.1:{cls.web.server_port}"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.telephone.hang_up)
        self.addCleanup(self.tell)
        self.mailroom.letters.clear()
        self.mailroom.refusals.clear()
        Hook.calls.clear()
        Hook.answers.clear()

    def tell(self, **where):
        return self.stage.rest._ask("PUT", f"{self.mailbox}/notifications", json.dumps(where).encode(), "application/json")

    def told(self):
        return self.stage.rest.get(f"{self.mailbox}/notifications")

    def messages(self):
        return self.stage.rest.get(f"{self.mailbox}/voicemails")["items"]

    def leave_message(self):
        """The message that this caller leaves."""
        known = {message["id"] for message in self.messages()}
        self.telephone.forget()
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(0.5)
        self.telephone.press("#")
        time.sleep(3)
        self.telephone.hang_up()
        fresh = lambda: [message for message in self.messages() if message["id"] not in known]
        return processes.wait_until("the message", fresh, PATIENCE_S)[0]

    def audio_of(self, message, form=""):
        rest = self.stage.rest
        request = urllib.request.Request(
            f"{rest.url}{self.mailbox}/voicemails/{message['id']}/audio{form}",
            headers={"Authorization": f"Bearer {rest.token}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S) as answer:
            return answer.read()

    def await_calm(self):
        return processes.wait_until("everybody's being told", lambda: self.told()["waiting"] == 0 and self.told(), PATIENCE_S)

    def test_a_message_is_told_by_mail_and_webhook_each_once(self):
        self.mailroom.refusals.append("451 try again")
        Hook.answers.append((500, {}))
        self.tell(email="alice@example.net", email_audio=True, webhook=self.hook + "/told", webhook_secret=SECRET)
        message = self.leave_message()
        self.assertEqual(0, self.await_calm()["failed"])

        letter, = self.mailroom.letters  # though the server refused it at first
        self.assertTrue(all(self.mailroom.encrypted))
        self.assertEqual(("tollgate@carrier.example", "alice@example.net"), (letter["From"].addresses[0].addr_spec,
                                                                             letter["To"].addresses[0].addr_spec))
        self.assertIn(f"{LANDLINE}, unverified", letter["Subject"])
        self.assertIn(message["id"], letter["Message-ID"])
        attached, = letter.iter_attachments()
        self.assertEqual("audio/ogg", attached.get_content_type())
        self.assertEqual(self.audio_of(message), attached.get_content())

        self.assertEqual(2, len(Hook.calls))
        for path, headers, body in Hook.calls:
            self.assertEqual("/told", path)
            event = json.loads(body)
            self.assertEqual((message["id"], LANDLINE), (event["message"]["id"], event["message"]["caller"]))
            parts = dict(part.split("=") for part in headers["Tollgate-Signature"].split(","))
            expected = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
            self.assertEqual(expected, parts["v1"])
            self.assertLess(abs(time.time() - int(parts["t"])), 300)
        self.assertEqual(Hook.calls[0][2], Hook.calls[1][2])
        time.sleep(1)
        self.assertEqual((1, 2), (len(self.mailroom.letters), len(Hook.calls)))
        self.assert_sound()

    def open_web_server(self, name, port):
        web = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook)
        web.socket = self.context(name).wrap_socket(web.socket, server_side=True)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        return web

    def test_a_webhook_over_https_goes_to_nobody_else(self):
        impostor = self.open_web_server("impostor", 0)
        port = impostor.server_port
        self.tell(webhook=f"https://127.0.0.1:{port}/told", webhook_secret=SECRET)
        message = self.leave_message()
        processes.wait_until("the refusal", lambda: "certificate" in (self.told()["last_error"] or ""), PATIENCE_S)
        self.assertEqual([], Hook.calls)
        impostor.shutdown()
        impostor.server_close()
        self.open_web_server("mail", port)
        self.await_calm()
        self.assertEqual([message["id"]], [json.loads(body)["message"]["id"] for _, _, body in Hook.calls])
        self.assert_sound()

    def test_a_letter_waits_for_the_mail_server_and_goes_to_no_other(self):
        self.mail.stop()
        self.tell(email="alice@example.net")
        message = self.leave_message()
        processes.wait_until("the attempt in vain", lambda: self.told()["last_error"], PATIENCE_S)
        self.open_mail_server("impostor")  # at the same place, by a certificate that nobody has signed
        failure = processes.wait_until(
            "the refusal", lambda: "SSL" in self.told()["last_error"] and self.told(), PATIENCE_S)
        self.assertEqual((1, 0), (failure["waiting"], failure["failed"]))
        self.assertEqual([], self.mailroom.letters)
        self.mail.stop()
        self.open_mail_server("mail")
        self.await_calm()
        letter, = self.mailroom.letters
        self.assertIn(message["id"], letter["Message-ID"])
        self.assertEqual([], list(letter.iter_attachments()))
        new = len(self.messages())
        self.assertIn(f"{new} new, 0 saved", letter.get_body().get_content())
        self.assert_sound()

    def test_the_lamp_of_a_telephone_shows_what_waits(self):
        lamp = self.stage.called("notified", calls=4)
        shown = lambda: re.findall(r"Voice-Message: (\d+/\d+)", lamp._messages_file())
        shows = lambda *counts: processes.wait_until(f"the lamp's showing {counts}", lambda: shown() == list(counts), PATIENCE_S)
        count = lambda state: len([message for message in self.messages() if message["state"] == state])
        new, saved = count("new"), count("saved")
        self.tell(mwi=f"sip:alice@127.0.0.1:{lamp.port}")
        shows(f"{new}/{saved}")
        message = self.leave_message()
        shows(f"{new}/{saved}", f"{new + 1}/{saved}")
        path = f"{self.mailbox}/voicemails/{message['id']}"
        self.stage.rest._ask("PATCH", path, json.dumps({"state": "saved"}).encode(), "application/json")
        shows(f"{new}/{saved}", f"{new + 1}/{saved}", f"{new}/{saved + 1}")
        self.stage.rest._ask("DELETE", path, None, None)
        shows(f"{new}/{saved}", f"{new + 1}/{saved}", f"{new}/{saved + 1}", f"{new}/{saved}")
        self.assertEqual(0, lamp.finish(PATIENCE_S), lamp.complaint())
        self.await_calm()

        port = self.stage.free_port()
        self.tell(mwi=f"sip:alice@127.0.0.1:{port}")  # nobody is there yet
        processes.wait_until("the attempt in vain", lambda: self.told()["last_error"], PATIENCE_S)
        lamp = self.stage.called("notified", port=port)
        self.await_calm()
        self.assertEqual(0, lamp.finish(PATIENCE_S), lamp.complaint())
        self.tell(mwi=f"sip:alice@127.0.0.2:{port}")
        processes.wait_until("the refusal", lambda: "not public" in self.told()["last_error"], PATIENCE_S)
        self.assert_sound()

    def test_a_webhook_leads_nowhere_inside(self):
        message = self.leave_message()
        port = self.web.server_port
        for target in (f"http://[::1]:{port}/", "http://169.254.169.254/latest/meta-data/", f"http://0.0.0.0:{port}/"):
            with self.subTest(target):
                self.tell(webhook=target)
                self.stage.query(
                    "INSERT INTO voicemail.notification (account_id, channel, message_id) "
                    f"SELECT account_id, 'webhook', message_id FROM voicemail.message WHERE message_id = '{message['id']}'")
                processes.wait_until("the refusal", lambda: "not public" in self.told()["last_error"], PATIENCE_S)
                self.tell()
        Hook.answers += [(302, {"Location": self.hook + "/elsewhere"})]
        self.mailroom.refusals.append("451 try again")
        events = self.stage.rest.post("/v1/webhooks", {"url": "mailto:desk@carrier.example", "event_types": ["voicemail.received"]})
        self.addCleanup(self.stage.rest._ask, "DELETE", f"/v1/webhooks/{events['id']}", None, None)
        answered = self.tell(webhook=self.hook + "/moved")
        self.assertEqual(64, len(answered["webhook_secret"]))
        self.assertNotIn("webhook_secret", self.told())
        message = self.leave_message()
        self.await_calm()
        self.assertEqual({"/moved"}, {path for path, _, _ in Hook.calls})
        self.assertEqual(2, len(Hook.calls))
        self.assert_told_by_letter(events, message)
        self.assert_sound()

    def assert_told_by_letter(self, webhook, message):
        """The operator, who has a mailbox for a webhook: once, though the mail server refused it at first."""
        path = f"/v1/webhooks/{webhook['id']}"
        processes.wait_until("the letter", lambda: self.mailroom.letters and self.stage.rest.get(path)["waiting"] == 0, PATIENCE_S)
        letter, = self.mailroom.letters
        self.assertEqual(("tollgate@carrier.example", "desk@carrier.example"), (letter["From"].addresses[0].addr_spec, letter["To"].addresses[0].addr_spec))
        self.assertIn("voicemail.received", letter["Subject"])
        event, = self.stage.rest.get("/v1/events", type="voicemail.received", sort="-position", limit="1")["items"]
        self.assertEqual(message["id"], event["data"]["message_id"])
        self.assertIn(event["id"], letter["Message-ID"])
        text = letter.get_body().get_content()
        self.assertIn(message["id"], text)
        self.assertEqual([], self.stage.rest.get(path + "/deliveries")["items"])
        self.assertTrue(self.mailroom.encrypted[-1])

    def stop(self):
        process = self.stage.gateway.process
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)

    def restart(self, **keys):
        self.stop()
        self.write_keys(**keys)
        self.stage.gateway.resume()

    def assert_refuses_to_start(self, why, **keys):
        self.stop()
        self.write_keys(**keys)
        with self.assertRaises(RuntimeError):
            self.stage.gateway.resume()
        last = self.stage.gateway.log_file.read_text().rsplit("event=start_failed error=", 1)[1]
        last = json.JSONDecoder().raw_decode(last)[0]  # quoted as JSON's strings are
        self.assertIn("voicemail.audio_keys_file", last)
        self.assertIn(why, last)
        for key in KEYS.values():
            self.assertNotIn(key, last)

    def test_recordings_are_encrypted_at_rest_and_keys_change(self):
        first, second, third = KEYS.values()
        message = self.leave_message()
        whole = self.audio_of(message)
        self.assertEqual(message["sha256"], hashlib.sha256(whole).hexdigest())
        self.assertIn(b"OpusHead", whole)
        stored = lambda: self.stage.query(
            f"SELECT key_id, position('OpusHead'::bytea IN audio), octet_length(audio) FROM voicemail.message "
            f"WHERE message_id = '{message['id']}'")
        self.assertEqual([["first", "0", str(len(whole) + 28)]], stored())
        self.assert_refuses_to_start('by the key "first", which is not there', second=second)
        self.assert_refuses_to_start('"first" is not the one', first=third)
        self.assert_refuses_to_start("line 1", first=first[1:])
        self.write_keys(second=second, first=first)
        self.stage.gateway.resume()
        processes.wait_until("the new key", lambda: stored()[0][0] == "second", PATIENCE_S)
        self.restart(third=third, second=second)
        processes.wait_until("the newest key", lambda: stored()[0][0] == "third", PATIENCE_S)
        self.restart(third=third)
        self.assertEqual(whole, self.audio_of(message))
        file, part = self.stage.wav("kept"), self.stage.wav("part")
        file.write_bytes(self.audio_of(message, "?format=wav"))
        audio.write(part, audio.read(file)[: 2 * audio.RATE_HZ])
        self.assert_heard(part, self.said)

    def test_a_full_mailbox_says_so(self):
        self.leave_message()
        count, limits = len(self.messages()), f"/v1/mailboxes/{self.alice.account_id}/limits"
        set_limits = lambda **own: self.stage.rest._ask("PUT", limits, json.dumps(own).encode(), "application/json")
        set_limits(messages=count)  # of its own: the carrier's has room
        self.assertLess(count, MESSAGES_MOST)
        self.addCleanup(set_limits)
        time.sleep(1)  # the telephone names its recordings by the second
        recordings = self.telephone.recordings()
        self.telephone.forget()
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.telephone.await_event("CALL_CLOSED", PATIENCE_S)
        heard = self.stage.wav("full")
        self.telephone.keep_recording(recordings, heard)
        self.assert_heard(audio.PROMPTS / "vm-mailboxfull.wav", heard)
        self.assertEqual(count, len(self.messages()))
        self.assert_sound()

    def test_a_message_that_was_begun_with_room_is_taken_whole(self):
        first = self.leave_message()
        this_one = f"message_id = '{first['id']}'"
        others = f"SELECT coalesce(sum(duration_ms), 0) FROM voicemail.message WHERE account_id = '{self.alice.account_id}' AND NOT {this_one}"
        update = "UPDATE voicemail.message SET duration_ms = {} WHERE " + this_one
        self.stage.query(update.format(f"{MAILBOX_LIMIT_S} * 1000 - 1500 - ({others})"))
        self.addCleanup(self.stage.query, update.format(first["duration_ms"]))
        self.assertGreater(self.leave_message()["duration_ms"], 1500)

    def test_old_messages_go_but_none_that_is_being_heard(self):
        old, heard, fresh = (self.leave_message() for _ in range(3))
        self.audio_of(heard)
        ids = ", ".join(f"'{message['id']}'" for message in (old, heard))
        self.stage.query("UPDATE voicemail.message SET received_at = received_at - "
                         f"interval '{KEEP_DAYS} days 1 minute' WHERE message_id IN ({ids})")
        left = lambda: {message["id"] for message in self.messages()}
        processes.wait_until("the old one's end", lambda: old["id"] not in left(), PATIENCE_S)
        time.sleep(2)  # two more looks
        self.assertLessEqual({heard["id"], fresh["id"]}, left())
        self.stage.query(f"UPDATE voicemail.message SET played_until = now() WHERE message_id = '{heard['id']}'")
        processes.wait_until("the heard one's end", lambda: heard["id"] not in left(), PATIENCE_S)
        self.assertIn(fresh["id"], left())
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
