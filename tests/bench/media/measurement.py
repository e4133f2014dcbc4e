# SPDX-License-Identifier: Apache-2.0
"""One measurement: N calls through a gateway that was started for it, with the load generator on the other core."""

import contextlib
import subprocess

import rtpengine
from processes import Failure, Program, cores

SET_UP_S = 3  # until the jitter buffers have settled; not measured


class Bench:
    def __init__(self, programs, prompts, seconds, log):
        self.programs = programs  # folder of the built executables
        self.prompts = prompts
        self.seconds = seconds
        self.log = log
        self.core, self.other_core = cores()

    def floor(self):
        """What the libraries alone take, in ms per call-second, and its parts."""
        with Program([f"{self.programs}/bench_media_floor", self.prompts], self.core, log=self.log) as program:
            return program.hear()

    @contextlib.contextmanager
    def generator(self, pid, calls, keying, conversation):
        with Program([f"{self.programs}/bench_media_generator"], self.other_core, log=self.log) as program:
            program.tell({"calls": calls, "prompts": self.prompts, "conversation": conversation, "warm_up_s": SET_UP_S,
                          "seconds": self.seconds, "pid": pid, "keying": keying})
            yield program

    def gateway(self, calls, conversation=False):
        """Tollgate's media engine."""
        with Program([f"{self.programs}/bench_media_gateway"], self.core, log=self.log) as gateway, \
                self.generator(gateway.pid, calls, "dtls", conversation) as load:
            ends = load.hear()
            before_kib = gateway.status("VmRSS")
            gateway.tell(ends)
            load.tell(gateway.hear())
            facts = load.hear()
            facts["rss_per_call_kib"] = (gateway.status("VmRSS") - before_kib) / calls
            facts["threads"] = gateway.status("Threads")
            gateway.tell({"close": True})
            facts["gateway"] = gateway.hear()
        return facts

    def rtpengine(self, calls):
        with rtpengine.Rtpengine(self.core, self.log) as engine, \
                self.generator(engine.pid, calls, "sdes", False) as load:
            ends = load.hear()
            before_kib = engine.status("VmRSS")
            load.tell({"calls": [engine.open(far) for far in ends["calls"]]})
            facts = load.hear()
            facts["rss_per_call_kib"] = (engine.status("VmRSS") - before_kib) / calls
            facts["threads"] = engine.status("Threads")
        return facts


def is_clean(facts):
    """Nothing lost, at most one packet in a thousand a frame late, nothing made up by the gateway, and none missing."""
    received = 0
    for way in ("toward_peer", "toward_trunk"):
        received += facts[way]["received"]
        if facts[way]["lost"] or facts[way]["late"] > facts[way]["received"] / 1000:
            return False
    call_seconds = facts["expected"] / 50
    concealed = facts["gateway"]["concealed_ms"] / 1000
    return received >= 2 * facts["expected"] * 0.995 and concealed <= 0.001 * 2 * call_seconds


def generator_kept_up(facts):
    return facts["sent_late_p99_ms"] < 5
