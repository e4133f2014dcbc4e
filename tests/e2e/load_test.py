# SPDX-License-Identifier: Apache-2.0
"""A gateway under load gives up refinement, then refuses new calls from peers and trunks and says why; live calls go on, and it
takes calls again when some have ended. An emergency call is let in all the same. The limit is one hundredth of a core, so that a
few calls are a load on any machine."""

import itertools
import time
import unittest
import urllib.request

from stage import PATIENCE_S, StageTest, processes

BOB_NUMBER = "+16505550101"
NUMBER = "+442079460100"
FIRST_CALLS, MOST_CALLS = 3, 12
STEP_S = 6  # longer than the way through all levels takes
NORMAL, REFUSING = 0, 3


class Load(StageTest):
    settings = {"media.workers": 1, "media.load_high_percent": 1, "dial_policy.emergency_trunks": "emergency"}

    @classmethod
    def prepare(cls, stage):
        cls.bob = stage.subscriber("bob", credit="20.00", number=BOB_NUMBER)

    def metric(self, name):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.stage.rest.url + "/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name)

    def level(self):
        return self.metric('tollgate_media_load_level{worker="0"}')

    def refused(self):
        return self.metric("tollgate_media_calls_refused_total")

    def start_call(self):
        """One more live call, unless the load is too high for it already."""
        caller = self.stage.subscriber(f"caller{next(self.callers)}", credit="10.00")
        running = caller.start("call", NUMBER, "--play", "tone")
        if running.await_any(("answered", "ended"), PATIENCE_S)["event"] == "ended":
            self.assertEqual("overloaded", running.event("ended")["code"])
        else:
            self.live.append(running)

    def is_refusing(self, within_s):
        end = time.monotonic() + within_s
        while self.level() != REFUSING:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def load(self):
        """Live calls, as many as it takes until no more are let in."""
        self.live, self.callers = [], itertools.count(1)
        for _ in range(FIRST_CALLS):
            self.start_call()
        while not self.is_refusing(within_s=STEP_S):
            self.assertLess(len(self.live), MOST_CALLS, "never loaded")
            self.start_call()

    def test_new_calls_are_refused_on_both_sides_and_taken_again_after_the_load(self):
        self.assertEqual(NORMAL, self.level())
        carrier = self.stage.called("called_answers", echo=True, calls=MOST_CALLS + 2)
        self.stage.trunk(carrier.port, [NUMBER[1:]])
        self.load()
        before = self.refused()

        from_peer = self.bob.start("call", NUMBER)
        from_peer.finish(PATIENCE_S)
        self.assertEqual(("overloaded", False), (from_peer.event("ended")["code"], from_peer.event("ended")["answered"]))
        from_trunk = self.stage.caller("caller_is_refused", BOB_NUMBER)
        self.assertEqual(0, from_trunk.finish(PATIENCE_S), from_trunk.complaint())
        self.assertIn("503", [line.split()[1] for line in from_trunk.messages()])
        self.assertGreater(int(from_trunk.header("Retry-After")), 0)
        self.assertGreaterEqual(self.refused(), before + 2)
        self.assertEqual([], self.stage.records(self.bob))

        rescue = self.stage.called("called_answers", echo=True)
        self.stage.trunk(rescue.port, ["999999"], name="emergency")
        emergency = self.bob.start("call", "999", "--play", "tone", "--duration", 1)
        emergency.finish(PATIENCE_S)
        self.assertEqual(("normal", True), (emergency.event("ended")["code"], emergency.event("ended")["answered"]))
        self.assertEqual(0, rescue.finish(PATIENCE_S), rescue.complaint())

        self.assertEqual(len(self.live), len(self.stage.live_calls()))
        for running in self.live:
            self.assertIsNone(running.event("ended"), "a live call has ended")
            running.process.terminate()  # as Ctrl-C: hangs up
        for running in self.live:
            running.finish(PATIENCE_S)
            self.assertEqual("normal", running.event("ended")["code"])

        processes.wait_until("the end of the load", lambda: self.level() == NORMAL, PATIENCE_S)
        again = self.bob.start("call", NUMBER, "--play", "tone", "--duration", 1)
        again.finish(PATIENCE_S)
        self.assertEqual("normal", again.event("ended")["code"])
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
