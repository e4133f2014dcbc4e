# SPDX-License-Identifier: Apache-2.0
"""Calls over trunks to carriers of every temper, each a sipp: how they refuse, fall silent, announce, challenge and hang up, and
who may call in."""

import audioop
import hashlib
import re
import socket
import time
import unittest
import warnings
import wave

import hearing
from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest

ALICE_NUMBER = "+16505550100"
UNKNOWN_NUMBER = "+16505550199"
SPEECH_S = 4
REALM, USER, PASSWORD = "carrier.example", "trunk7", "se:cret"  # of sipp/called_challenges.xml


def a_law(path):
    """The samples of a WAV file as sipp plays them."""
    with wave.open(str(path)) as file:
        return audioop.lin2alaw(file.readframes(file.getnframes()), 2)


class Trunks(StageTest):
    settings = {"billing.report_interval_s": 1, "sip.address6": "::1", "media.address6": "::1"}  # beside 127.0.0.1

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER, ring_timeout_s=5)
        cls.peer_speech = stage.speech("peer_speech", "demo-congrats", SPEECH_S)
        cls.landline_speech = stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        cls.landline_samples = {"speech.alaw": a_law(cls.landline_speech)}
        cls.numbers = (f"+4420794601{number:02d}" for number in range(100))
        for host in ("127.0.0.1", "::1"):
            stage.trunk(stage.free_port(), ["4413"], host=host)  # serves nothing here, but callers from its host are taken

    def far_end(self, scenario, address="127.0.0.1", **options):
        """A carrier behind its own trunk, and the only number that it serves."""
        number = next(self.numbers)
        agent = self.stage.called(scenario, address=address, **options)
        self.stage.trunk(agent.port, [number[1:]], host=address)
        return agent, number

    def call(self, number, *arguments):
        """Alice calls; what her peer tells of the end, and the CDR."""
        known = len(self.stage.records(self.alice))
        running = self.alice.start("call", number, *arguments)
        running.finish(PATIENCE_S)
        ended = running.event("ended")
        self.assertIsNotNone(ended, running.events[-1:])
        return ended, self.stage.latest_record(self.alice, known)

    def assert_as_written(self, agent):
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())

    # Outbound

    def test_an_answered_call_carries_speech_both_ways_and_is_charged_by_the_second(self):
        carrier, number = self.far_end("called_answers", echo=True)
        heard = self.stage.wav("echo_heard")
        ended, record = self.call(number, "--play", self.peer_speech, "--record", heard, "--duration", SPEECH_S + 2)
        self.assert_as_written(carrier)
        self.assertEqual("normal", ended["code"])
        self.assert_heard(self.peer_speech, heard)
        self.assertEqual("caller", record["hung_up_by"])
        self.assertEqual("PCMA", record["trunk_codec"])
        self.assertGreaterEqual(record["billed_s"], SPEECH_S + 2)
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        self.assertEqual(record["charged_micros"], ended["summary"]["charged_micros"])
        self.assert_sound()

    def described_media(self, agent):
        """Address and family in the first description that the gateway has sent."""
        return re.search(r"message received .*?^c=IN (\S+ \S+?)\r?$", agent._messages_file(), re.MULTILINE | re.DOTALL)[1]

    def test_calls_out_and_in_by_ipv6_carry_speech_both_ways(self):
        number = next(self.numbers)
        phone = self.stage.telephone(self.landline_speech, [number], name="telephone6", address="::1")
        self.addCleanup(phone.hang_up)
        self.stage.trunk(phone.sip_port, [number[1:]], host="::1")
        for way in ("out", "in"):
            with self.subTest(way):
                phone.forget()
                recordings = phone.recordings()
                heard_here, heard_there = self.stage.wav(f"ipv6_{way}_peer"), self.stage.wav(f"ipv6_{way}_telephone")
                sound = ("--play", self.peer_speech, "--record", heard_here, "--duration", SPEECH_S + 2)
                if way == "out":
                    ended, _ = self.call(number, *sound)
                else:
                    time.sleep(1)  # the telephone names its recordings by the second
                    running = self.alice.start("answer", "--count", 1, "--wait", PATIENCE_S, *sound)
                    running.await_event("waiting", PATIENCE_S)
                    phone.dial(ALICE_NUMBER, self.stage.gateway.sip_port)
                    running.finish(PATIENCE_S)
                    ended = running.event("ended")
                self.assertEqual("normal", ended["code"])
                phone.keep_recording(recordings, heard_there)
                self.assert_heard(self.landline_speech, heard_here)
                self.assert_heard(self.peer_speech, heard_there)
        self.assert_sound()

    def test_a_call_goes_on_by_ipv4_where_the_carrier_of_ipv6_is_in_trouble(self):
        first, number = self.far_end("called_refuses", address="::1", keys={"refusal": "503 Service Unavailable"})
        second = self.stage.called("called_answers", echo=True)
        self.stage.trunk(second.port, [number[1:]], priority=1)
        heard = self.stage.wav("ipv4_heard")
        ended, record = self.call(number, "--play", self.peer_speech, "--record", heard, "--duration", SPEECH_S + 2)
        self.assert_as_written(first)
        self.assert_as_written(second)
        self.assertEqual([503, 200], [attempt["sip_code"] for attempt in record["attempts"]])
        for header in ("Via", "Contact"):
            self.assertEqual([True, False], ["[::1]" in agent.header(header) for agent in (first, second)], header)
        self.assertEqual(["IP6 ::1", "IP4 127.0.0.1"], [self.described_media(agent) for agent in (first, second)])
        self.assert_heard(self.peer_speech, heard)
        self.assert_sound()

    def test_media_move_to_ipv6_and_back_within_a_call(self):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.bind(("::1", 0))
            elsewhere.settimeout(PATIENCE_S)
            far_port = elsewhere.getsockname()[1]
            carrier, number = self.far_end("called_changes_family", echo=True, keys={"far_port": str(far_port)})
            heard = self.stage.wav("moved_heard")
            ended, _ = self.call(number, "--play", "tone", "--record", heard, "--duration", 5)
            self.assert_as_written(carrier)
            self.assertEqual("normal", ended["code"])
            self.assertEqual(8, elsewhere.recv(2048)[1] & 0x7F, "A-law to the IPv6 address")
        first = max(0, ended["times"]["answer_in_recording_ms"]) // 10
        frames = hearing.loudness(heard)
        before, during, after = (sorted(frames[first + begin : first + end])[(end - begin) // 2] for begin, end in ((30, 90), (150, 230), (350, 470)))
        self.assertGreater(min(before, after), during + 20, (before, during, after))
        self.assert_sound()

    def test_a_refusal_by_the_called_party_is_final_told_and_free(self):
        for refusal, code in (("486 Busy Here", "busy"), ("404 Not Found", "number_unknown"), ("603 Decline", "declined")):
            with self.subTest(refusal):
                carrier, number = self.far_end("called_refuses", keys={"refusal": refusal})
                ended, record = self.call(number)
                self.assert_as_written(carrier)
                self.assertEqual(code, ended["code"])
                self.assertFalse(ended["answered"])
                self.assertEqual((code, int(refusal[:3]), 0), (record["reason"], record["sip_code"], record["charged_micros"]))
        self.assert_sound()

    def test_a_carrier_in_trouble_is_followed_by_the_next_trunk(self):
        first, number = self.far_end("called_refuses", keys={"refusal": "503 Service Unavailable"})
        second = self.stage.called("called_answers", echo=True)
        self.stage.trunk(second.port, [number[1:]], priority=1)
        ended, record = self.call(number, "--duration", 1)
        self.assert_as_written(first)
        self.assert_as_written(second)
        self.assertEqual("normal", ended["code"])
        self.assertEqual([503, 200], [attempt["sip_code"] for attempt in record["attempts"]])
        self.assert_sound()

    def test_a_silent_carrier_is_followed_by_the_next_trunk(self):
        number = next(self.numbers)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", self.stage.free_port()))
            silent.settimeout(PATIENCE_S)
            self.stage.trunk(silent.getsockname()[1], [number[1:]])
            second = self.stage.called("called_answers", echo=True)
            self.stage.trunk(second.port, [number[1:]], priority=1)
            ended, record = self.call(number, "--duration", 1)
            self.assertTrue(silent.recv(65536).startswith(b"INVITE "))
        self.assert_as_written(second)
        self.assertEqual("normal", ended["code"])
        self.assertEqual([408, 200], [attempt["sip_code"] for attempt in record["attempts"]])
        self.assert_sound()

    def test_when_every_carrier_is_in_trouble_the_caller_is_told(self):
        carrier, number = self.far_end("called_refuses", keys={"refusal": "503 Service Unavailable"})
        ended, record = self.call(number)
        self.assert_as_written(carrier)
        self.assertEqual("network_failure", ended["code"])
        self.assertEqual(0, record["charged_micros"])
        self.assert_sound()

    def test_an_announcement_is_heard_before_any_answer_and_costs_nothing(self):
        carrier, number = self.far_end("called_announces", files=self.landline_samples)
        heard = self.stage.wav("announcement_heard")
        ended, record = self.call(number, "--record", heard)
        self.assert_as_written(carrier)
        self.assertFalse(ended["answered"])
        self.assertEqual("unavailable", ended["code"])
        self.assert_heard(self.landline_speech, heard)
        self.assertEqual((0, 0), (record["billed_s"], record["charged_micros"]))
        self.assert_sound()

    def call_with_password(self, scenario, password):
        """Alice calls over a trunk with this password, by a carrier that expects PASSWORD."""
        number = next(self.numbers)
        carrier = self.stage.called(scenario, echo=True)
        digest = {"username": USER, "password": password, "realm": REALM}
        self.stage.trunk(carrier.port, [number[1:]], digest=digest)
        ended, record = self.call(number, "--duration", 1)
        self.assert_as_written(carrier)
        return ended, record, carrier

    def test_a_password_is_given_to_a_carrier_that_asks_for_it(self):
        ended, record, _ = self.call_with_password("called_challenges", PASSWORD)
        self.assertEqual("normal", ended["code"])
        self.assertGreater(record["charged_micros"], 0)
        self.assert_sound()

    def test_a_carrier_that_does_not_take_the_password_forbids_the_call(self):
        ended, record, _ = self.call_with_password("called_challenges", "wrong")
        self.assertEqual(("forbidden", 0), (ended["code"], record["charged_micros"]))
        self.assert_sound()

    def test_a_password_is_given_to_a_proxy_that_asks_for_it(self):
        ended, _, carrier = self.call_with_password("called_challenges_as_proxy", PASSWORD)
        self.assertEqual("normal", ended["code"])
        header = carrier.header("Proxy-Authorization")
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', header.removeprefix("Digest ")))
        secret, request = (hashlib.md5(text.encode()).hexdigest() for text in (
            f"{USER}:{REALM}:{PASSWORD}", f"INVITE:{given['uri']}"))
        expected = f"{secret}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}:{request}"
        self.assertEqual(hashlib.md5(expected.encode()).hexdigest(), given["response"])
        self.assert_sound()

    def test_a_call_that_the_carrier_ends_is_charged_up_to_its_bye(self):
        carrier, number = self.far_end("called_hangs_up", echo=True)
        ended, record = self.call(number, "--play", "tone")
        self.assert_as_written(carrier)
        self.assertEqual(("normal", "callee"), (ended["code"], record["hung_up_by"]))
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        self.assertGreaterEqual(record["billed_s"], 2)
        self.assert_sound()

    def test_a_caller_who_gives_up_while_it_rings_cancels_and_pays_nothing(self):
        carrier, number = self.far_end("called_rings")
        known = len(self.stage.records(self.alice))
        running = self.alice.start("call", number)
        running.await_event("ringing", PATIENCE_S)
        running.process.terminate()  # as Ctrl-C: hangs up
        running.finish(PATIENCE_S)
        self.assert_as_written(carrier)
        self.assertIn("CANCEL", [line.split()[0] for line in carrier.messages()])
        record = self.stage.latest_record(self.alice, known)
        self.assertEqual(("cancelled", "caller", 0), (record["reason"], record["hung_up_by"], record["charged_micros"]))
        self.assert_sound()

    # Inbound

    def assert_refused(self, agent, status):
        self.assert_as_written(agent)
        self.assertIn(status, [line.split()[1] for line in agent.messages()])

    def test_a_call_to_a_number_that_nobody_rents_is_refused(self):
        known = len(self.stage.rest.get("/v1/cdrs")["items"])
        self.assert_refused(self.stage.caller("caller_is_refused", UNKNOWN_NUMBER), "404")
        self.stage.await_no_call()
        self.assertEqual(known, len(self.stage.rest.get("/v1/cdrs")["items"]))

    def test_a_stranger_is_refused_and_leaves_no_record(self):
        known = len(self.stage.rest.get("/v1/cdrs")["items"])
        self.assert_refused(self.stage.caller("caller_is_refused", ALICE_NUMBER, address="127.0.0.2"), "403")
        self.stage.await_no_call()
        self.assertEqual(known, len(self.stage.rest.get("/v1/cdrs")["items"]))

    def test_a_caller_who_cancels_stops_the_ringing(self):
        known = len(self.stage.records(self.alice))
        running = self.alice.start("answer", "--count", 1, "--ring-for", 60, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        caller = self.stage.caller("caller_cancels", ALICE_NUMBER)
        running.await_event("incoming", PATIENCE_S)
        ended = running.await_event("ended", PATIENCE_S)
        self.assert_as_written(caller)
        self.assertEqual(("cancelled", False), (ended["code"], ended["answered"]))
        record = self.stage.latest_record(self.alice, known)
        self.assertEqual(("in", "cancelled", "caller"), (record["direction"], record["reason"], record["hung_up_by"]))
        self.assert_sound()

    def test_a_caller_who_is_answered_is_heard_and_ends_the_call(self):
        known = len(self.stage.records(self.alice))
        heard = self.stage.wav("caller_heard")
        running = self.alice.start("answer", "--count", 1, "--record", heard, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        said = self.stage.speech("caller_speech", "demo-instruct", 2, voice=0.85)  # short: again and again, all of it is heard
        caller = self.stage.caller("caller_talks", ALICE_NUMBER, files={"speech.alaw": a_law(said)})
        running.finish(PATIENCE_S)
        self.assert_as_written(caller)
        self.assertEqual("normal", running.event("ended")["code"])
        record = self.stage.latest_record(self.alice, known)
        self.assertEqual(("in", "caller", 0), (record["direction"], record["hung_up_by"], record["charged_micros"]))
        self.assert_heard(said, heard)
        self.assert_sound()

    def test_a_call_that_nobody_takes_goes_to_the_mailbox(self):
        known = len(self.stage.records(self.alice))
        running = self.alice.start("answer", "--count", 1, "--ring-for", 60, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        caller = self.stage.caller("caller_leaves_a_message", ALICE_NUMBER, files=self.landline_samples)
        self.assertEqual("missed", running.await_event("ended", PATIENCE_S)["code"])
        self.assert_as_written(caller)
        record = self.stage.latest_record(self.alice, known)
        self.assertEqual("voicemail", record["direction"])
        messages = self.alice.run("voicemail", "list").event("voicemail")["messages"]
        self.assertEqual(1, len(messages))
        self.assertGreater(messages[0]["duration_ms"], 2000)
        self.assert_sound()


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    unittest.main(verbosity=2)
