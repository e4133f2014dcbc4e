# SPDX-License-Identifier: Apache-2.0
"""The subscriber's page, as the gateway serves it, in front of a person: log-in, price and credit, a call out and one in, the call list,
voicemail."""

import base64
import http.client
import json
import re
import ssl
import subprocess
import time
import unittest
import urllib.request

import network
from chromium import Chromium, PageError
from stage import LANDLINE, PATIENCE_S, StageTest, audio, processes

ALICE_NUMBER = "+16505550100"
SPEECH_S = 4
TALK_S = 6
SPOKEN_S = 5


class Page(StageTest):
    settings = {
        "overlay.address": "0.0.0.0", "overlay.names": network.GATEWAY,
        "media.address": "0.0.0.0", "media.advertised_address": network.GATEWAY, "api.address": "0.0.0.0",
    }

    @classmethod
    def setUpClass(cls):
        cls.network = network.Network()
        cls.addClassCleanup(cls.network.close)
        super().setUpClass()

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="50.00", number=ALICE_NUMBER)
        cls.page_speech = stage.speech("page_speech", "demo-congrats", SPEECH_S)
        cls.landline_speech = stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        audio.write(stage.wav("landline_plays"), (audio.read(cls.landline_speech) + audio.silence(1)) * 20)
        cls.telephone = stage.telephone(stage.wav("landline_plays"), address=network.GATEWAY)
        stage.trunk(cls.telephone.sip_port, [LANDLINE[1:]], host=network.GATEWAY)
        folder = stage.output / "browser"
        folder.mkdir()
        cls.person = Chromium(folder, cls.network.browser, cls.page_speech, stage.gateway.authority_file, "person.mjs")
        cls.addClassCleanup(cls.person.close)
        cls.person.await_event("ready", PATIENCE_S)
        cls.url = f"https://{network.GATEWAY}:{stage.gateway.overlay_port}/"
        cls.person.call("open", cls.url)
        cls.log_in(cls.alice.passphrase)
        cls.person.call("await", "#credit", "EUR", PATIENCE_S * 1000, timeout_s=PATIENCE_S + 5)  # attached: calls reach it

    @classmethod
    def log_in(cls, passphrase):
        cls.person.call("fill", "#login_name", "alice")
        cls.person.call("fill", "#login_passphrase", passphrase)
        cls.person.call("click", "#log_in")

    def setUp(self):
        super().setUp()
        self.telephone.forget()
        self.known = self.telephone.recordings()
        self.addCleanup(self.telephone.hang_up)

    def see(self, selector, pattern):
        try:
            self.person.call("await", selector, pattern, PATIENCE_S * 1000, timeout_s=PATIENCE_S + 5)
        except PageError as failure:
            shown = {name: self.person.call("text", name) for name in ("#state", "#trouble", "#far_end", "#price", "#messages")}
            raise AssertionError(f"{selector} never showed {pattern}; the page says {shown}") from failure
        return self.person.call("text", selector)

    def keep_heard(self, name):
        """What the page has played since "listen", as WAV."""
        recorded = self.stage.output / f"{name}.webm"
        recorded.write_bytes(base64.b64decode(self.person.call("heard")))
        wav = self.stage.wav(name)
        subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", recorded, "-ar", "16000", "-ac", "1", wav], check=True)
        return wav

    def test_a_call_out_with_its_price_and_its_place_in_the_list(self):
        self.see("#credit", r"EUR \d+\.\d+")
        self.person.call("fill", "#number", LANDLINE)
        self.assertEqual("EUR 0.60 a minute (United Kingdom)", self.see("#price", "a minute"))
        self.person.call("describe_slowly", 1000)  # slower than the telephone answers
        self.person.call("click", "#call")
        self.see("#clock", r"0:0\d")
        self.person.call("listen", "ear")
        self.person.call("click", "#keypad button:nth-child(5)")
        processes.wait_until("the page's digit", lambda: self.telephone.digits() == "5", PATIENCE_S)
        time.sleep(TALK_S)
        heard = self.keep_heard("page_heard")
        self.assertRegex(self.person.call("text", "#cost"), r"EUR 0\.\d\d")
        self.person.call("click", "#hang_up")
        ended = self.see("#state", "EUR")
        record = self.stage.records(self.alice)[0]
        self.assertIn(f"EUR {record['charged']}", ended)
        self.see("#calls tr:first-child", re.escape(LANDLINE))
        self.assertIn(f"EUR {record['charged']}", self.person.call("text", "#calls tr:first-child"))
        self.telephone.keep_recording(self.known, self.stage.wav("landline_heard"))
        self.assert_heard(self.landline_speech, heard)
        self.assert_heard(self.page_speech, self.stage.wav("landline_heard"))
        self.assert_sound()

    def test_a_number_that_cannot_be_called_says_why(self):
        self.person.call("fill", "#number", "+44")
        self.person.call("fill", "#number", "+4420")
        self.see("#price", "too short")
        self.person.call("fill", "#number", "112")
        self.person.call("click", "#call")
        self.see("#state", "Emergency numbers cannot be called")
        self.assert_sound()

    def test_a_call_in_is_answered(self):
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.see("#far_end", re.escape(LANDLINE) + r"\)?, unverified$")
        self.person.call("click", "#answer")
        self.see("#clock", r"0:0\d")
        self.person.call("listen", "ear")
        time.sleep(TALK_S)
        heard = self.keep_heard("page_heard_in")
        self.telephone.hang_up()
        self.see("#state", "0:")
        self.see("#calls tr:first-child", re.escape(LANDLINE) + ", unverified")
        self.telephone.keep_recording(self.known, self.stage.wav("landline_heard_in"))
        self.assert_heard(self.landline_speech, heard)
        self.assert_heard(self.page_speech, self.stage.wav("landline_heard_in"))
        self.assert_sound()

    def test_a_message_is_heard_saved_deleted_and_had_back(self):
        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.see("#far_end", re.escape(LANDLINE))
        self.person.call("click", "#decline")
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(12)  # greeting and beep, then speech
        self.telephone.hang_up()
        self.see("#unheard", "1 new")
        self.see("#messages li", re.escape(LANDLINE) + r"\)?, unverified, ")
        self.person.call("click", "#messages button:has-text('Play')")
        playing = lambda: self.person.call("player", "player")["currentTime"] > 1
        processes.wait_until("the message's being played", playing, PATIENCE_S)
        self.assertGreater(self.person.call("player", "player")["duration"], 2)
        self.person.call("click", "#messages button:has-text('Save')")
        self.see("#messages li", "None")
        self.person.call("click", "#folders button[data-state=saved]")
        self.see("#messages li", re.escape(LANDLINE))
        self.person.call("click", "#messages button:has-text('Delete')")
        self.see("#messages li", "None")
        self.person.call("click", "#folders button[data-state=deleted]")
        self.see("#messages li", re.escape(LANDLINE))
        self.person.call("click", "#messages button:has-text('Restore')")
        self.see("#messages li", "None")
        (kept,) = self.stage.rest.get(f"/v1/mailboxes/{self.alice.account_id}/voicemails")["items"]
        self.assertEqual("saved", kept["state"])
        self.person.call("click", "#folders button[data-state=new]")
        self.assert_sound()

    def test_a_folder_of_more_messages_than_a_frame_takes_is_shown_whole(self):
        count = 45
        self.stage.query(
            "INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, "
            f"size_bytes, sha256, audio, state) SELECT '{self.alice.account_id}', gen_random_uuid(), gen_random_uuid(), '{LANDLINE}', "
            f"'{ALICE_NUMBER}', now() - interval '1 year', 1000, -77, 1, sha256('a'), 'a', 'saved' FROM generate_series(1, {count})"
        )
        self.addCleanup(self.stage.query, "DELETE FROM voicemail.message WHERE level_dbov = -77")
        self.person.call("click", "#folders button[data-state=saved]")
        self.see("#messages li:nth-child(40)", re.escape(LANDLINE))
        self.assertFalse(self.person.call("sees", "#messages li:nth-child(41)"))
        self.person.call("click", "#older")
        self.see(f"#messages li:nth-child({count})", re.escape(LANDLINE))
        self.assertFalse(self.person.call("sees", "#older"))
        self.person.call("click", "#folders button[data-state=new]")

    def test_a_greeting_is_spoken_at_the_page_and_heard_by_the_next_caller(self):
        self.person.call("click", "#greetings summary")
        self.see("#greeting_busy", "default")
        self.person.call("click", "#greeting_busy button:has-text('Record')")
        self.see("#greeting_busy", "recording")
        time.sleep(SPOKEN_S)
        self.person.call("click", "#greeting_busy button:has-text('Stop')")
        self.see("#greeting_busy", r"0:0\d")
        kept = self.stage.output / "page_greeting.ogg"
        request = urllib.request.Request(
            f"{self.stage.rest.url}/v1/mailboxes/{self.alice.account_id}/greetings/busy",
            headers={"Authorization": f"Bearer {self.stage.rest.token}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S) as answer:
            kept.write_bytes(answer.read())
        spoken = self.stage.wav("page_greeting")
        subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", kept, "-ar", str(audio.RATE_HZ), "-ac", "1", spoken], check=True)
        audio.write(spoken, audio.read(spoken)[audio.RATE_HZ : 4 * audio.RATE_HZ])
        over_and_over = self.stage.wav("page_speech_twice")  # the microphone is in the midst of it when the recording begins
        audio.write(over_and_over, audio.read(self.page_speech) * 2)
        self.assert_heard(spoken, over_and_over)

        self.telephone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
        self.see("#far_end", re.escape(LANDLINE))
        self.person.call("click", "#decline")
        self.telephone.await_event("CALL_ESTABLISHED", PATIENCE_S)
        time.sleep(SPOKEN_S)
        self.telephone.hang_up()
        self.telephone.keep_recording(self.known, self.stage.wav("caller_heard"))
        self.assert_heard(spoken, self.stage.wav("caller_heard"))
        self.person.call("click", "#greeting_busy button:has-text('Delete')")
        self.see("#greeting_busy", "default")
        self.person.call("click", "#greetings summary")
        self.assert_sound()

    def test_the_owner_of_a_number_decides_what_is_done_with_its_callers(self):
        number, rest = f"#number_{ALICE_NUMBER[1:]}", self.stage.rest
        self.person.call("click", "#numbers summary")
        self.see(number, "paid until")
        rules = lambda: rest.get(f"/v1/numbers/{ALICE_NUMBER}/rules")
        settings = lambda: rest.get(f"/v1/numbers/{ALICE_NUMBER}")
        self.addCleanup(rest._ask, "PUT", f"/v1/numbers/{ALICE_NUMBER}/rules", b"{}", "application/json")
        self.person.call("click", f"{number} details summary")
        self.person.call("fill", f"{number} textarea[name=quiet]", "mon,tue 22:00-07:00")
        self.person.call("fill", f"{number} textarea[name=blocked]", "+3314*\n+33140000001")
        self.person.call("fill", f"{number} input[name=ring]", "30")
        self.person.call("click", f"{number} button[name=save]")
        set_rules = {"quiet": ["mon,tue 22:00-07:00"], "blocked": ["+3314*", "+33140000001"]}
        processes.wait_until("quiet and blocked", lambda: set_rules.items() <= rules().items(), PATIENCE_S)
        processes.wait_until("the time for ringing", lambda: settings()["ring_timeout_s"] == 30, PATIENCE_S)
        self.person.call("click", f"{number} input[name=do_not_disturb]")
        processes.wait_until("do not disturb", lambda: rules()["do_not_disturb"], PATIENCE_S)
        for name in ("auto_renew", "voicemail"):
            self.person.call("click", f"{number} input[name={name}]")
        processes.wait_until("the settings", lambda: not settings()["auto_renew"] and not settings()["voicemail_enabled"], PATIENCE_S)
        self.person.call("fill", f"{number} input[type=tel]", "+44 900")
        self.person.call("click", f"{number} form button")
        self.see("#trouble", ".")
        self.assertEqual([], rules()["forward"])
        self.person.call("fill", f"{number} input[type=tel]", f"{LANDLINE[:3]} {LANDLINE[3:]}")
        self.person.call("click", f"{number} form button")
        processes.wait_until("the telephone", lambda: rules()["forward"] == [f"{LANDLINE} busy,no_answer,offline 20"], PATIENCE_S)
        self.assertTrue(rules()["do_not_disturb"], "what was not asked for stays")
        self.person.call("fill", f"{number} input[type=tel]", "")
        self.person.call("click", f"{number} form button")
        self.stage.query(f"UPDATE voicemail.number SET state = 'grace', anchor = anchor - interval '93 days', paid_until = paid_until - "
                         f"interval '93 days', grace_until = now() + interval '10 days' WHERE number = '{ALICE_NUMBER}'")
        self.person.call("click", "#numbers summary")
        self.person.call("click", "#numbers summary")
        self.person.call("click", f"{number} button[name=renew]")
        processes.wait_until("the renewal", lambda: settings()["state"] == "assigned", PATIENCE_S)
        rest.post(f"/v1/numbers/{ALICE_NUMBER}/release", {"account_id": self.alice.account_id})
        self.person.call("click", "#numbers summary")
        self.person.call("click", "#numbers summary")
        self.person.call("click", f"{number} button[name=terms]")
        self.person.call("click", f"{number} button:has-text('3 months')")
        processes.wait_until("its being had back", lambda: settings()["state"] == "assigned", PATIENCE_S)
        self.see(number, "paid until")
        self.person.call("click", "#telling summary")
        self.person.call("fill", "#telling_time_zone", "Europe/Paris")
        self.person.call("click", "#telling_form button")
        mailbox = lambda: rest.get(f"/v1/mailboxes/{self.alice.account_id}")
        processes.wait_until("the time zone", lambda: mailbox()["time_zone"] == "Europe/Paris", PATIENCE_S)
        self.person.call("click", "#telling summary")
        for name in ("do_not_disturb", "auto_renew", "voicemail"):
            self.person.call("click", f"{number} input[name={name}]")
        processes.wait_until("all of it as before", lambda: settings()["voicemail_enabled"] and rules()["forward"] == [], PATIENCE_S)
        self.person.call("click", "#numbers summary")

    def test_who_has_logged_in_stays_so_until_logging_out(self):
        self.person.call("reload")
        self.see("#credit", "EUR")
        self.assertEqual("alice", self.person.call("text", "#name"))
        self.person.call("click", "#log_out")
        self.see("#log_in", "Log in")
        self.assertFalse(self.person.call("sees", "#desk"))
        self.person.call("reload")
        self.see("#log_in", "Log in")
        self.log_in("wrong pass-phrase")
        self.see("#trouble", "pass-phrase is wrong")
        self.log_in(self.alice.passphrase)
        self.see("#credit", "EUR")

    def test_nothing_but_the_page_is_served_and_nothing_foreign_gets_into_it(self):
        trust = ssl.create_default_context(cafile=self.stage.gateway.authority_file)
        asked = http.client.HTTPSConnection(network.GATEWAY, self.stage.gateway.overlay_port, context=trust, timeout=PATIENCE_S)
        self.addCleanup(asked.close)
        for path in ("/", "/page.js", "/?from=mail"):
            asked.request("GET", path)
            answer = asked.getresponse()
            self.assertEqual(200, answer.status, path)
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
            self.assertTrue(answer.read())
        for method, path in (("GET", "/../file.cpp"), ("GET", "/nothing"), ("POST", "/"), ("GET", "/%2e%2e/")):
            asked.request(method, path)
            answer = asked.getresponse()
            self.assertEqual(426, answer.status, path)
            answer.read()
            asked.close()

    def test_the_documentation_of_the_api_is_read(self):
        document = self.stage.rest.get("/v1/openapi.json")
        operations = {f"{method}{path}": what for path, methods in document["paths"].items() for method, what in methods.items()}
        url = f"http://{network.GATEWAY}:{self.stage.gateway.api_port}/v1/docs"
        seen = self.person.call("read_documentation", url, "post/v1/accounts", "post subscriber prepaid", PATIENCE_S * 1000, timeout_s=PATIENCE_S + 5)
        self.assertEqual([], seen["wrong"])
        self.assertEqual("Tollgate: REST API", seen["title"])
        self.assertEqual(sorted(operations), seen["operations"])
        resources = {path.split("/")[2] if path.startswith("/v1/") else "the node" for path in document["paths"]}
        self.assertEqual(resources, set(seen["resources"]))
        self.assertEqual(seen["resources"], seen["sections"])
        self.assertFalse(seen["closed"], "an example is shown before its operation is opened")
        schema = operations["post/v1/accounts"]["requestBody"]["content"]["application/json"]["schema"]
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        self.assertEqual(schema["examples"][0], json.loads(seen["example"]))
        self.assertIn(operations["post/v1/accounts"]["summary"], seen["text"])
        self.assertIn("post/v1/accounts", seen["found"])
        self.assertLess(len(seen["found"]), len(operations) / 4)
        self.assertIn("default-src 'none'", seen["policy"])
        self.assertFalse(seen["intruded"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
