# SPDX-License-Identifier: Apache-2.0
"""One measurement: N calls through a gateway that was started for it, with the load generator on the other core."""

import contextlib
import sys

import rtpengine
from processes import Failure, Program, cores

PROMPTS = "/usr/share/asterisk/sounds/en_US_f_Allison"
SET_UP_S = 3  # until the jitter buffers have settled; not measured
FLOOR_S = 1.5


class Bench:
    def __init__(self, programs, prompts, seconds, log):
        self.programs = programs  # folder of the built executables
        self.prompts = prompts
        self.seconds = seconds
        self.log = log
        self.core, self.other_core = cores()
        self.floors = []  # all that were measured, in time
        self.awake = contextlib.ExitStack()

    def __enter__(self):
        """Keeps the measured core from halting: a virtual machine gives a core that halts away, and its caches with it, for each
        pause between two packets. What has no work of its own (SCHED_IDLE) yields to everything at once."""
        self.awake.enter_context(self.without_work(self.core))
        return self

    def without_work(self, core):
        return Program([sys.executable, "-c", "while True: pass"], core, talks=False, log=self.log, idle=True)

    def __exit__(self, *_):
        self.awake.close()

    def floor(self, seconds=FLOOR_S):
        """What the libraries alone take, in ms per call-second, and its parts."""
        with Program([f"{self.programs}/bench_media_floor", self.prompts, str(seconds)], self.core, log=self.log) as program:
            self.floors.append(program.hear())
        return self.floors[-1]

    def between_floors(self, measure):
        """Facts of a measurement, with its cost as a multiple of the floors just before and just after it: a shared machine is not
        as fast in one minute as in the next."""
        before = (self.floors or [self.floor()])[-1]
        facts = measure()
        facts["of_floor"] = facts["cpu_ms_per_call_s"] / ((before["floor_ms"] + self.floor()["floor_ms"]) / 2)
        return facts

    @contextlib.contextmanager
    def generator(self, pid, calls, keying, conversation):
        with Program([f"{self.programs}/bench_media_generator"], self.other_core, log=self.log) as program:
            program.tell({"calls": calls, "prompts": self.prompts, "conversation": conversation, "warm_up_s": SET_UP_S,
                          "seconds": self.seconds, "pid": pid, "keying": keying})
            yield program

    def gateway(self, calls, conversation=False, workers=1, alone=True):
        """Tollgate's media engine, alone on its core, or on that and the load's."""
        on_cores = self.core if alone else self.core | self.other_core
        with Program([f"{self.programs}/bench_media_gateway", str(workers)], on_cores, log=self.log) as gateway, \
                self.generator(gateway.pid, calls, "dtls", conversation) as load:
            ends = load.hear()
            before_kib = gateway.status("VmRSS")
            gateway.tell(ends)
            load.tell(gateway.hear())
            facts = load.hear()
            facts["calls"] = calls
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
            facts["calls"] = calls
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
