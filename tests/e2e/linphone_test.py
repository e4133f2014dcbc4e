# SPDX-License-Identifier: Apache-2.0
"""Calls with Linphone's command line client as the telephone at the far end of a trunk, both ways. In a network of its own (own_network), since
Linphone names the address of the default route in its offers, whatever it is bound to: there that is the loopback."""

import subprocess
import unittest

from linphone import Linphone
from stage import PATIENCE_S, StageTest

ALICE_NUMBER, LINPHONE_NUMBER = "+16505550160", "+442079460777"
SPEECH_S = 4


def setUpModule():
    links = subprocess.run(["ip", "-brief", "link"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    if len(links) > 1:
        raise unittest.SkipTest("not in a network of its own: tests/e2e/own_network")
    for words in ("link set lo up", "route add default dev lo"):
        subprocess.run(["ip", *words.split()], check=True)


class LinphoneInterop(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER)
        cls.peer_speech = stage.speech("peer_speech", "demo-congrats", SPEECH_S)
        cls.linphone_speech = stage.speech("linphone_speech", "demo-instruct", SPEECH_S, voice=0.85, then_silence_s=30)
        cls.said = stage.speech("linphone_says", "demo-instruct", SPEECH_S, voice=0.85)

    def linphone(self, name):
        self.heard = self.stage.wav(f"{name}_linphone_heard")
        one = Linphone(self.stage.output / name, self.stage.free_port(), self.stage.free_port(2), self.linphone_speech, self.heard)
        self.addCleanup(one.stop)
        return one

    def test_linphone_is_called_and_both_hear_each_other(self):
        linphone = self.linphone("called")
        self.stage.trunk(linphone.sip_port, [LINPHONE_NUMBER[1:]])
        peer_heard = self.stage.wav("out_peer_heard")
        running = self.alice.start("call", LINPHONE_NUMBER, "--play", self.peer_speech, "--record", peer_heard, "--duration", SPEECH_S + 2)
        running.finish(PATIENCE_S)
        linphone.stop()
        self.assertEqual("normal", running.event("ended")["code"], running.events[-1:])
        self.assert_heard(self.said, peer_heard)
        self.assert_heard(self.peer_speech, self.heard)
        self.assert_sound()

    def test_linphone_calls_and_both_hear_each_other(self):
        linphone = self.linphone("calls")
        self.stage.trunk(linphone.sip_port, ["999"])
        peer_heard = self.stage.wav("in_peer_heard")
        known = len(self.stage.records(self.alice))
        waiting = self.alice.start("answer", "--count", 1, "--wait", PATIENCE_S, "--play", self.peer_speech, "--record", peer_heard,
                                   "--duration", SPEECH_S + 2)
        waiting.await_event("waiting", PATIENCE_S)
        linphone.tell(f"call sip:{ALICE_NUMBER}@127.0.0.1:{self.stage.gateway.sip_port}")
        waiting.finish(PATIENCE_S)
        linphone.stop()
        self.assertEqual("normal", self.stage.latest_record(self.alice, known)["reason"])
        self.assert_heard(self.said, peer_heard)
        self.assert_heard(self.peer_speech, self.heard)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main()
