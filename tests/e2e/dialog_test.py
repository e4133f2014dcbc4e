# SPDX-License-Identifier: Apache-2.0
"""Dialogs of every temper: put on hold and taken back, fallen silent, too long, and ended from both sides at once. The far ends are
sipp, and one that sends comfort noise."""

import struct
import threading
import time
import unittest

import hearing
from carrier import Carrier
from demonstration import audio
from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest
from trunk_test import a_law

SILENCE_S, LONGEST_S = 5, 16
HOLD_S = 7  # longer than silence is suffered
ERIN_NUMBER = "+16505550100"


class NoisyCarrier(Carrier):
    """Speaks for a second, sends one packet of comfort noise (RFC 3389), and nothing more."""

    def __init__(self):
        super().__init__()
        self.noise_sent_at = None

    def talk(self):
        end = time.monotonic() + PATIENCE_S
        while "ACK" not in self.requests and time.monotonic() < end:
            time.sleep(0.01)
        for number in range(50):
            self._send(8, number, bytes([0xD5]) * 160)
            time.sleep(0.02)
        self._send(13, 50, bytes([0x40]))
        self.noise_sent_at = time.monotonic()

    def _send(self, payload_type, number, payload):
        self.rtp.sendto(struct.pack("!BBHII", 0x80, payload_type, number, 160 * number, 7) + payload, self.talking_to)


class Dialogs(StageTest):
    settings = {
        "billing.report_interval_s": 1, "media.silence_timeout_s": SILENCE_S, "call.longest_s": LONGEST_S,
    }

    @classmethod
    def prepare(cls, stage):
        names = ("alice", "bob", "carol", "dave", "frank")
        cls.alice, cls.bob, cls.carol, cls.dave, cls.frank = (stage.subscriber(name, credit="10.00") for name in names)
        cls.erin = stage.subscriber("erin", credit="30.00", number=ERIN_NUMBER)
        cls.said = {"speech.alaw": a_law(stage.speech("said", "demo-instruct", 2))}
        cls.numbers = (f"+4420794605{number:02d}" for number in range(100))
        stage.trunk(stage.free_port(), ["4413"])  # serves nothing here, but callers from its host are taken

    def far_end(self, scenario, **options):
        agent = self.stage.called(scenario, **options)
        return agent, self.number_to(agent.port)

    def number_to(self, port):
        number = next(self.numbers)
        self.stage.trunk(port, [number[1:]])
        return number

    def waiting(self, *arguments):
        """Erin's peer, which answers one call."""
        running = self.erin.start("answer", "--count", 1, "--wait", PATIENCE_S, *arguments)
        running.await_event("waiting", PATIENCE_S)
        return running

    def ended(self, running):
        running.finish(PATIENCE_S)
        ended = running.event("ended")
        self.assertIsNotNone(ended, running.events[-1:])
        return ended

    def assert_as_written(self, agent):
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())

    def only_record(self, peer):
        """The one CDR of a subscriber who made one call."""
        record = self.stage.latest_record(peer, 0)
        self.assertEqual(1, len(self.stage.records(peer)))
        return record

    def assert_paid(self, record):
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])

    def loudness(self, ended, wav, begin_s, end_s):
        """The median in dB, of so many seconds after the answer on."""
        first = max(0, ended["times"]["answer_in_recording_ms"]) / 1000
        frames = hearing.loudness(wav)[round((first + begin_s) * 100) : round((first + end_s) * 100)]
        return sorted(frames)[len(frames) // 2]

    # These take their time, and so are made at once.

    def test_what_ends_a_call_that_nobody_ends(self):
        heard, heard_by_erin = self.stage.wav("around_the_hold"), self.stage.wav("around_the_other_hold")
        holding, held_number = self.far_end("called_holds", echo=True, keys={"hold": f"{HOLD_S}000"})
        silent, silent_number = self.far_end("called_falls_silent", files=self.said)
        late, late_number = self.far_end("called_answers_late", echo=True)
        noisy = NoisyCarrier()
        self.addCleanup(noisy.close)
        known = len(self.stage.records(self.erin))
        noisy_number = self.number_to(noisy.port)
        receiving = self.waiting("--play", "tone", "--record", heard_by_erin)

        held = self.alice.start("call", held_number, "--play", "tone", "--record", heard, "--duration", HOLD_S + 5)
        lost = self.bob.start("call", silent_number, "--play", "tone")
        quiet = self.carol.start("call", noisy_number, "--duration", SILENCE_S + 6)
        threading.Thread(target=noisy.talk, daemon=True).start()
        endless = self.dave.start("call", late_number, "--play", "tone")
        caller = self.stage.caller("caller_holds", ERIN_NUMBER, echo=True, keys={"hold": f"{HOLD_S}000"})

        with self.subTest("held by the called end"):
            ended, record = self.ended(held), self.only_record(self.alice)
            self.assert_as_written(holding)
            self.assertEqual(("normal", "caller"), (ended["code"], record["hung_up_by"]), ended)
            self.assert_paid(record)
            before, during, after = (self.loudness(ended, heard, *span) for span in ((0.5, 1.5), (4, HOLD_S + 1), (HOLD_S + 3, HOLD_S + 4)))
            self.assertGreater(min(before, after), during + 20, (before, during, after))
        with self.subTest("held by the caller"):
            ended, record = self.ended(receiving), self.stage.latest_record(self.erin, known)
            self.assert_as_written(caller)
            self.assertEqual(("normal", "in", "caller"), (ended["code"], record["direction"], record["hung_up_by"]), ended)
            before, during, after = (
                self.loudness(ended, heard_by_erin, *span) for span in ((0.5, 1.5), (4, HOLD_S + 1), (HOLD_S + 2.7, HOLD_S + 3.5)))
            self.assertGreater(min(before, after), during + 20, (before, during, after))
        with self.subTest("fallen silent"):
            ended, record = self.ended(lost), self.only_record(self.bob)
            self.assert_as_written(silent)
            self.assertEqual(("media_lost", "media_lost", "gateway", 27),
                             (ended["code"], record["reason"], record["hung_up_by"], record["q850_cause"]))
            self.assertGreaterEqual(record["billed_s"], 2 + SILENCE_S)
            self.assert_paid(record)
        with self.subTest("silent after comfort noise"):
            ended, record = self.ended(quiet), self.only_record(self.carol)
            self.assertIsNotNone(noisy.noise_sent_at)
            self.assertEqual(("normal", "caller"), (ended["code"], record["hung_up_by"]), ended)
            self.assertGreaterEqual(record["billed_s"], SILENCE_S + 6)
        with self.subTest("too long"):
            ended, record = self.ended(endless), self.only_record(self.dave)
            self.assert_as_written(late)
            self.assertEqual(("longest_duration", "longest_duration", "gateway"), (ended["code"], record["reason"], record["hung_up_by"]))
            self.assertEqual((LONGEST_S, LONGEST_S * MICROS_PER_SECOND), (record["billed_s"], record["charged_micros"]))
            self.assertGreaterEqual(record["ring_ms"], 2900)
        self.assert_sound()

    def test_media_follow_an_early_update_and_every_kind_of_hold(self):
        heard = self.stage.wav("moved")
        carrier = self.stage.called("called_moves", echo=True)
        number = next(self.numbers)
        self.stage.trunk(carrier.port, [number[1:]], reliable_progress=True)
        running = self.frank.start("call", number, "--play", "tone", "--record", heard, "--duration", 9)
        ended = self.ended(running)
        self.assert_as_written(carrier)
        self.assertEqual(("normal", True), (ended["code"], ended["answered"]), ended)
        spans = ((0.5, 2), (3.5, 5), (7, 8.5))
        before, during, after = (self.loudness(ended, heard, *span) for span in spans)
        self.assertGreater(min(before, after), during + 20, (before, during, after))
        self.assert_sound()

    def test_a_caller_that_does_not_answer_our_offer_is_hung_up_on(self):
        known = len(self.stage.records(self.erin))
        receiving = self.waiting("--play", "tone")
        caller = self.stage.caller("caller_answers_nothing", ERIN_NUMBER)
        self.ended(receiving)
        self.assert_as_written(caller)
        record = self.assert_one_record_more(self.erin, known)
        self.assertEqual(("gateway", "no_common_codec"), (record["hung_up_by"], record["reason"]))

    # Both ends at once

    def assert_one_record_more(self, peer, known):
        """And that it is the only one, once everything has settled."""
        record = self.stage.latest_record(peer, known)
        self.assert_sound()
        self.assertEqual(known + 1, len(self.stage.records(peer)))
        return record

    def test_an_answer_that_crosses_the_cancel_is_ended_and_costs_nothing(self):
        carrier, number = self.far_end("called_answers_across_cancel", echo=True)
        known = len(self.stage.records(self.frank))
        running = self.frank.start("call", number)
        running.await_event("ringing", PATIENCE_S)
        running.process.terminate()  # as Ctrl-C: hangs up
        running.finish(PATIENCE_S)
        self.assert_as_written(carrier)
        self.assertEqual(["INVITE", "CANCEL", "ACK", "BYE"], [line.split()[0] for line in carrier.messages()])
        record = self.assert_one_record_more(self.frank, known)
        self.assertEqual(("cancelled", "caller", 487, 0, 0),
                         tuple(record[name] for name in ("reason", "hung_up_by", "sip_code", "billed_s", "charged_micros")))

    def test_a_cancel_that_crosses_our_answer_changes_nothing(self):
        known = len(self.stage.records(self.erin))
        receiving = self.waiting("--play", "tone")
        caller = self.stage.caller("caller_cancels_across_answer", ERIN_NUMBER, echo=True)
        ended = self.ended(receiving)
        self.assert_as_written(caller)
        record = self.assert_one_record_more(self.erin, known)
        self.assertEqual(("normal", "normal", "caller", 200), (ended["code"], record["reason"], record["hung_up_by"], record["sip_code"]))
        self.assertGreaterEqual(record["talk_ms"], 900)

    def test_what_crosses_our_bye_changes_nothing(self):
        for scenario in ("called_byes_across_bye", "called_reinvites_across_bye"):
            with self.subTest(scenario):
                carrier, number = self.far_end(scenario, echo=True)
                known = len(self.stage.records(self.frank))
                ended = self.ended(self.frank.start("call", number, "--duration", 1))
                self.assert_as_written(carrier)
                record = self.assert_one_record_more(self.frank, known)
                self.assertEqual(("normal", "normal", "caller"), (ended["code"], record["reason"], record["hung_up_by"]))
                self.assertGreaterEqual(record["billed_s"], 1)
                self.assert_paid(record)


if __name__ == "__main__":
    unittest.main(verbosity=2)
