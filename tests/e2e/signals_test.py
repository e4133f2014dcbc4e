# SPDX-License-Identifier: Apache-2.0
"""What passes beside the voice: digits in each way that a trunk may want them, and the tones of calls that fail."""

import struct
import threading
import time
import unittest

import numpy

from carrier import Carrier
from stage import PATIENCE_S, StageTest, audio
from trunk_test import a_law

DIGITS = "159#"
DIGIT_MS = 100  # of the peer's
EVENT_PAYLOAD_TYPE = 101
IN_BAND_SDP = """\
v=0\r
o=x 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP 8\r
a=rtpmap:8 PCMA/8000\r
"""


def share(samples, frequency_hz):
    """Of the power of these samples (8 kHz), what lies at this frequency."""
    samples = numpy.array(samples, dtype=float)
    if not samples.any():
        return 0.0
    turn = numpy.exp(-2j * numpy.pi * frequency_hz * numpy.arange(len(samples)) / audio.RATE_HZ)
    return float(2 * abs((samples * turn).sum()) ** 2 / (len(samples) * (samples**2).sum()))


class Ear(threading.Thread):
    """Takes what comes to a carrier's RTP socket: (header, payload) of every packet."""

    def __init__(self, carrier):
        super().__init__(daemon=True)
        self.socket = carrier.rtp
        self.packets = []
        self.start()

    def run(self):
        while True:
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            if len(data) < 12:
                return
            self.packets.append((struct.unpack("!BBHII", data[:12]), data[12:]))

    def events(self):
        """Of each digit in turn: (event, durations of its packets, how many of them were ends)."""
        found = {}
        for (_, kind, _, timestamp, _), payload in list(self.packets):
            if kind & 0x7F != EVENT_PAYLOAD_TYPE:
                continue
            event, flags, duration = struct.unpack("!BBH", payload[:4])
            one = found.setdefault(timestamp, [event, [], 0])
            one[1].append(duration)
            one[2] += flags >> 7
        return list(found.values())


class Signals(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="10.00")
        cls.numbers = (f"+4420794602{number:02d}" for number in range(100))

    def start_call(self, port, *arguments, **trunk):
        number = next(self.numbers)
        self.stage.trunk(port, [number[1:]], **trunk)
        return self.alice.start("call", number, *arguments)

    # Digits

    def test_digits_reach_the_trunk_as_events_for_as_long_as_they_were_pressed(self):
        carrier = Carrier()
        self.addCleanup(carrier.close)
        ear = Ear(carrier)
        running = self.start_call(carrier.port, "--dtmf", DIGITS, "--duration", 4)
        running.finish(PATIENCE_S)
        events = ear.events()
        self.assertEqual(["0123456789*#ABCD".index(digit) for digit in DIGITS], [event for event, _, _ in events])
        for _, durations, ends in events:
            self.assertEqual(sorted(durations), durations)
            self.assertEqual(DIGIT_MS * 8, durations[-1])
            self.assertLess(durations[0], durations[-1], "it began before it had ended")
            self.assertEqual(3, ends)
        self.assert_sound()

    def test_events_of_the_trunk_reach_the_peer(self):
        carrier = Carrier()
        self.addCleanup(carrier.close)
        running = self.start_call(carrier.port, "--duration", 4)
        running.await_event("answered", PATIENCE_S)
        sequence = 1
        for index, digit in enumerate((3, 3, 11)):
            timestamp = 8000 + index * 4000
            durations = [160 * n for n in range(1, 8)] + [1200] * 3
            for n, duration in enumerate(durations):
                end = 0x80 if n >= 7 else 0
                packet = struct.pack("!BBHIIBBH", 0x80, EVENT_PAYLOAD_TYPE, sequence, timestamp, 77, digit, end | 10, duration)
                carrier.rtp.sendto(packet, carrier.talking_to)
                sequence += 1
                time.sleep(0.02)
            time.sleep(0.1)
        running.finish(PATIENCE_S)
        self.assertEqual("33#", "".join(event["digit"] for event in running.events if event["event"] == "digit"))
        self.assert_sound()

    def test_digits_pass_by_info_both_ways_where_the_trunk_wants_that(self):
        carrier = self.stage.called("called_signals", echo=True)
        running = self.start_call(carrier.port, "--dtmf", DIGITS, "--duration", 6, dtmf="info")
        running.finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        messages = carrier._messages_file()
        offer = messages[: messages.index("SIP/2.0 200")]
        self.assertNotIn("telephone-event", offer)
        places = [messages.find(f"Signal={digit}") for digit in DIGITS]
        self.assertNotIn(-1, places)
        self.assertEqual(sorted(places), places)
        self.assertIn(f"Duration={DIGIT_MS}", messages)
        self.assertEqual("78", "".join(event["digit"] for event in running.events if event["event"] == "digit"))
        self.assert_sound()

    def test_digits_are_tones_on_a_trunk_without_events(self):
        carrier = Carrier(body="")
        self.addCleanup(carrier.close)
        carrier.body = IN_BAND_SDP.format(port=carrier.rtp.getsockname()[1])
        ear = Ear(carrier)
        running = self.start_call(carrier.port, "--dtmf", "5", "--duration", 3, dtmf="in_band")
        running.finish(PATIENCE_S)
        self.assertEqual([], ear.events())
        a_law = b"".join(payload for (_, kind, _, _, _), payload in ear.packets if kind & 0x7F == 8)
        samples = numpy.array(decode_a_law(a_law), dtype=float)
        steps = [samples[at : at + 80] for at in range(0, len(samples) - 80, 80)]
        sounding = [step for step in steps if share(step, 770) + share(step, 1336) > 0.8 and abs(step).mean() > 1000]
        self.assertAlmostEqual(DIGIT_MS / 10, len(sounding), delta=3)
        self.assert_sound()

    # Tones

    def fail(self, refusal, **trunk):
        """A call that is refused: its end, what was told before, the CDR, and what the peer heard."""
        carrier = self.stage.called("called_refuses", keys={"refusal": refusal})
        known = len(self.stage.records(self.alice))
        heard = self.stage.wav(f"heard_{refusal[:3]}")
        running = self.start_call(carrier.port, "--record", heard, **trunk)
        notice = running.await_event("notice", PATIENCE_S)
        record = self.stage.latest_record(self.alice, known)
        running.finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        return running.event("ended"), notice, record, audio.read(heard)

    def assert_tone(self, samples, frequencies_hz, least_s):
        sounding = 0
        for at in range(0, len(samples) - 400, 400):
            piece = samples[at : at + 400]
            if sum(share(piece, frequency) for frequency in frequencies_hz) > 0.8:
                sounding += 0.05
        self.assertGreaterEqual(sounding, least_s)

    def test_it_rings_for_the_caller_until_the_media_comes_that_a_180_has_described(self):
        said = self.stage.speech("late_announcement", "demo-instruct", 4)
        number = next(self.numbers)
        carrier = self.stage.called("called_rings_and_announces", files={"speech.alaw": a_law(said)})
        self.stage.trunk(carrier.port, [number[1:]])
        heard = self.stage.wav("rung_and_announced")
        self.alice.start("call", number, "--record", heard).finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assert_tone(audio.read(heard), [400, 450], 0.4)  # British: twice 0.4 s
        self.assert_heard(said, heard)
        self.assert_sound()

    def test_a_busy_line_is_told_at_once_and_heard_as_busy_and_free(self):
        ended, notice, record, heard = self.fail("486 Busy Here")
        self.assertEqual("busy", ended["code"])
        self.assertEqual(("call_failed", "busy", "busy"), (notice["kind"], notice["code"], notice["tone"]))
        self.assertEqual(("busy", 0), (record["reason"], record["charged_micros"]))
        self.assert_tone(heard, [400], 0.8)
        self.assert_sound()

    def test_a_number_that_is_not_in_service_is_told_with_its_tone(self):
        ended, notice, record, heard = self.fail("404 Not Found")
        self.assertEqual(("number_unknown", "sit_vacant"), (ended["code"], notice["tone"]))
        self.assertEqual(0, record["charged_micros"])
        self.assert_tone(heard, [400], 1.5)  # British: continuous
        self.assert_sound()


def decode_a_law(data):
    """ITU-T G.711."""
    samples = []
    for byte in data:
        byte ^= 0x55
        mantissa, exponent = byte & 15, byte >> 4 & 7
        value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
        samples.append(value if byte & 0x80 else -value)
    return samples


if __name__ == "__main__":
    unittest.main(verbosity=2)
