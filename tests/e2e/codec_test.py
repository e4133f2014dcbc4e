# SPDX-License-Identifier: Apache-2.0
"""Trunks that speak something else than G.711, and those that change their mind in mid-call."""

import unittest

from stage import PATIENCE_S, StageTest

SPEECH_S = 4
CHANGES_S = 15  # of sipp/called_changes_codec.xml, and some
# The lines of the telephone: what the trunk is told to offer, and what baresip calls it.
LINES = {
    "+442079460220": ("G722", "G722/16000/1"),
    "+442079460221": ("G726-32", "G726-32/8000/1"),
    "+442079460222": ("GSM", "GSM/8000/1"),
    "+442079460223": ("opus", "opus/48000/2"),
}
CHANGING = "+442079460230"


class Codecs(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00")
        cls.peer_speech = stage.speech("peer_speech", "demo-congrats", SPEECH_S)
        cls.landline_speech = stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        words = {number: word for number, (_, word) in LINES.items()}
        cls.telephone = stage.telephone(cls.landline_speech, list(LINES), codecs=words)
        for number, (codec, _) in LINES.items():
            stage.trunk(cls.telephone.sip_port, [number[1:]], codecs=[codec])

    def setUp(self):
        super().setUp()
        self.telephone.forget()
        self.known = len(self.stage.records(self.alice))

    def test_speech_goes_both_ways_in_every_codec(self):
        for number, (codec, _) in LINES.items():
            with self.subTest(codec):
                self.telephone.forget()
                recordings = self.telephone.recordings()
                known = len(self.stage.records(self.alice))
                heard, heard_there = self.stage.wav(f"{codec}_heard"), self.stage.wav(f"{codec}_heard_there")
                running = self.alice.start("call", number, "--play", self.peer_speech, "--record", heard,
                                           "--duration", SPEECH_S + 2)
                running.finish(PATIENCE_S)
                self.assertEqual("normal", running.event("ended")["code"], running.events[-1:])
                self.telephone.keep_recording(recordings, heard_there)
                record = self.stage.latest_record(self.alice, known)
                self.assertEqual((codec, "opus"), (record["trunk_codec"], record["overlay_codec"]))
                self.assert_heard(self.landline_speech, heard)
                self.assert_heard(self.peer_speech, heard_there)
        self.assert_sound()

    def test_the_codec_changes_in_mid_call_and_the_call_goes_on(self):
        carrier = self.stage.called("called_changes_codec", echo=True)
        self.stage.trunk(carrier.port, [CHANGING[1:]], codecs=["PCMA", "G722", "PCMU"])
        said = self.stage.speech("long_speech", "demo-congrats", CHANGES_S)
        heard = self.stage.wav("long_heard")
        running = self.alice.start("call", CHANGING, "--play", said, "--record", heard, "--duration", CHANGES_S + 2)
        running.finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assertEqual("normal", running.event("ended")["code"])
        self.assertEqual("G722", self.stage.latest_record(self.alice, self.known)["trunk_codec"])
        # Piece by piece: what the carrier held is missing in between.
        self.assert_heard(said, heard)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
