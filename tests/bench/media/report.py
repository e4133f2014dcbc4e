# SPDX-License-Identifier: Apache-2.0
"""What was measured, as figures and as a table."""

import statistics

import rtpengine

# A bare gateway (sockets, codecs, SRTP; no jitter buffer) took 4.57 ms where the codec floor was 3.7 ms. Goals in ms and in calls
# are meant for such a machine: elsewhere they go with the floor.
FLOOR_OF_GOALS_MS = 3.7
BARE_OVER_FLOOR = 4.57 / FLOOR_OF_GOALS_MS
COST_GOAL = 1.10
PEER_GOAL = 0.30
CLEAN_GOAL = 180
SCALING_GOAL = 1.8  # "nearly twice"
CONVERSATION_GOAL_MS = 3.5
DELAY_GOAL_MS = 10

HOW_TO_READ = """\
How to read it. All figures of cost are ms of processor time per second of one call, user and system, seen from outside in
/proc/PID; one core carries 1000 ms. The gateway has one core, the load generator the other. Each measurement starts a new
process, sets N calls up, lets 3 s pass, and counts for 6 s; the rounds take turns, and the medians are shown. The floor is
measured just before and just after each of them, and `of the floor` is by the mean of these two: a shared machine's speed
changes from minute to minute, and the ratio holds where the milliseconds do not. A process without work (SCHED_IDLE) keeps the
measured core from halting: a virtual machine would give it away between two packets, to come back to cold caches; the floor never
halts.

A call is a peer (Opus at 16 kHz, mono, 24 kbit/s, VoIP, in SRTP AEAD_AES_256_GCM) and a trunk (A-law), 50 packets a second
each way over UDP on loopback, saying recorded prompts without their pauses over the noise of a quiet line (-65 dBm0).
`conversation` has spurts and pauses in the manner of ITU-T P.59, 42 % active.

  floor       libopus decode to 8 kHz and encode at 8 kHz (complexity 5, mono, 24 kbit/s), G.711, SRTP (libsrtp2: 1.5 % of
              it more than the gateway's own takes): the calls of the libraries alone for the same packets, one call's, in a loop.
              No sockets, no jitter buffer.
  tollgate    the media engine of the gateway, with jitter buffer, concealment and RTCP; ICE and DTLS before. Encodes Opus at
              8 kHz, mono, 24 kbit/s, complexity 5; FEC only when loss is reported. One worker.
  rtpengine   Debian's, in user space (no kernel module), no jitter buffer; SDES keys. What it encodes is read from its packets;
              its complexity is its default (10, of FFmpeg's libopus), which cannot be set over its protocol.

Clean calls: the most at which no packet is lost, at most one in 1,000 is a frame (20 ms) behind, and the gateway conceals
less than 0.1 % of the time, in one of two tries; the Opus encoder stays at complexity 5 (what the gateway does under load, it does not do here).
Two workers: twice the calls of one; both have the two cores, beside the load generator. Two cores carry 2 x (cost with one worker /
cost with two) times what one does: what two workers share would show there. Delay: from the sending of the packet that carries a piece of media into the gateway to the
arrival of the packet that carries it out, found by correlating what was sent and what came out, jitter buffer included.
"""


def median_of(runs, *path):
    def value(facts):
        for key in path:
            facts = facts[key]
        return facts
    return statistics.median(value(facts) for facts in runs) if runs else None


def cleanliness(facts):
    ways = [facts["toward_peer"], facts["toward_trunk"]]
    text = f"lost {sum(way['lost'] for way in ways)}, late {sum(way['late'] for way in ways)}"
    if "gateway" in facts:
        text += f", concealed {facts['gateway']['concealed_ms']} ms"
        if facts["waited_share"] > 0.01:
            text += f" (others had its core {facts['waited_share']:.0%} of the time)"
    if facts["sent_late_p99_ms"] >= 5:
        text += f" (the generator itself was {facts['sent_late_p99_ms']:.0f} ms late)"
    return text


WAYS = ("toward_peer", "toward_trunk")


def of_floor(runs):
    return median_of(runs, "of_floor")


def cost_figures(floors, gateways, talks, engines):
    return {
        "floor_ms": round(median_of(floors, "floor_ms"), 3),
        "gateway_ms": round(median_of(gateways, "cpu_ms_per_call_s"), 3),
        "gateway_conversation_ms": round(median_of(talks, "cpu_ms_per_call_s"), 3),
        "rtpengine_ms": round(median_of(engines, "cpu_ms_per_call_s"), 3) if engines else None,
        "gateway_of_floor": round(of_floor(gateways), 3),
        "gateway_conversation_of_floor": round(of_floor(talks), 3),
        "rtpengine_of_floor": round(of_floor(engines), 3) if engines else None,
        "delay_median_ms": round(max(median_of(gateways, way, "delay_median_ms") for way in WAYS), 2),
        "delay_p99_ms": round(max(median_of(gateways, way, "delay_p99_ms") for way in WAYS), 2),
        "rss_per_call_kib": round(median_of(gateways, "rss_per_call_kib"), 1),
    }


def clean_figures(clean):
    if not clean:
        return {"clean_calls_per_core": 0}
    return {"clean_calls_per_core": clean["calls"], "clean_calls_floor_ms": round(floor_beside(clean), 3)}


def cores_figures(pairs):
    one, two = zip(*pairs)
    return {"one_worker_of_floor": round(of_floor(one), 3), "two_workers_of_floor": round(of_floor(two), 3),
            "two_cores_by_one": round(statistics.median(2 * a["of_floor"] / b["of_floor"] for a, b in pairs), 2)}


def floor_beside(facts):
    return facts["cpu_ms_per_call_s"] / facts["of_floor"]


def coding(runs):
    facts = runs[-1]
    return (f"Opus {facts['opus_bandwidth_hz'] / 1000:g} kHz of audio, {facts['opus_channels']} channel(s), "
            f"{facts['toward_peer']['bits_per_s'] / 1000:.0f} kbit/s, {facts['toward_peer']['packets_per_s']:.1f} packets/s")


def goal(name, value, reached):
    return f"{name:72}{value:>8}  {'reached' if reached else 'MISSED'}"


def cost_table(options, floors, gateways, talks, engines, shown):
    buffer_ms = max(median_of(gateways, "gateway", "overlay_buffer_ms"), median_of(gateways, "gateway", "trunk_buffer_ms"))
    lines = [f"{'':34}{'ms a call-second':>18}{'of the floor':>14}{'calls':>7}"]

    def row(name, value, ratio, calls):
        lines.append(f"{name:34}{value:18.2f}{ratio:14.2f}{calls:>7}")

    row("floor: libraries alone", shown["floor_ms"], 1, 1)
    row("tollgate, speech", shown["gateway_ms"], of_floor(gateways), options.calls)
    row("tollgate, conversation", shown["gateway_conversation_ms"], of_floor(talks), options.calls)
    if engines:
        row(f"rtpengine {rtpengine.version()}"[:33], shown["rtpengine_ms"], of_floor(engines), options.peer_calls)
    parts = ", ".join(f"{name} {median_of(floors, name + '_us'):.1f}"
                      for name in ("unprotect", "decode", "alaw", "encode", "protect"))
    lines += ["", f"floor, us a frame: {parts}"]
    lines.append(f"tollgate encodes {coding(gateways)}; in conversation ({talks[-1]['active_share']:.0%} active) "
                 f"{talks[-1]['toward_peer']['packets_per_s']:.1f} packets/s")
    if engines:
        lines.append(f"rtpengine encodes {coding(engines)}")
    for name, way in (("trunk to peer", "toward_peer"), ("peer to trunk", "toward_trunk")):
        lines.append(f"delay {name}: median {median_of(gateways, way, 'delay_median_ms'):.1f} ms, "
                     f"99 % {median_of(gateways, way, 'delay_p99_ms'):.1f} ms"
                     f" (likeness {median_of(gateways, way, 'likeness_median'):.2f})")
    lines.append(f"of that the jitter buffer: {buffer_ms:.1f} ms")
    lines.append(f"memory {shown['rss_per_call_kib']:.0f} KiB a call, {gateways[-1]['threads']} threads"
                 + (f"; rtpengine {median_of(engines, 'rss_per_call_kib'):.0f} KiB, {engines[-1]['threads']} threads" if engines else ""))
    return lines + ["", *cost_goals(shown, gateways, talks, engines, buffer_ms), ""]


def cost_goals(shown, gateways, talks, engines, buffer_ms):
    by_bare = of_floor(gateways) / BARE_OVER_FLOOR
    yield goal(f"cost <= {COST_GOAL:.2f} of a bare gateway's ({BARE_OVER_FLOOR:.3f} of the floor)", f"{by_bare:.2f}",
               by_bare <= COST_GOAL)
    if engines:
        by_peer = of_floor(gateways) / of_floor(engines)
        yield goal(f"cost <= {PEER_GOAL:.2f} of rtpengine's", f"{by_peer:.2f}", by_peer <= PEER_GOAL)
    talk, talk_goal = of_floor(talks), CONVERSATION_GOAL_MS / FLOOR_OF_GOALS_MS
    yield goal(f"conversation <= {CONVERSATION_GOAL_MS} ms at a floor of {FLOOR_OF_GOALS_MS} ms: {talk_goal:.2f} of the floor",
               f"{talk:.2f}", talk <= talk_goal)
    beyond = shown["delay_median_ms"] - buffer_ms
    yield goal(f"delay beyond the jitter buffer's <= {DELAY_GOAL_MS} ms", f"{beyond:.1f}", beyond <= DELAY_GOAL_MS)


def clean_table(clean):
    if not clean:
        return ["no number of calls was clean: is the machine alone?", ""]
    calls, floor_ms = clean["calls"], floor_beside(clean)
    wanted = CLEAN_GOAL * FLOOR_OF_GOALS_MS / floor_ms
    return [f"most clean calls on one core: {calls}, at a floor of {floor_ms:.2f} ms; "
            f"the generator used {clean['generator_share']:.0%} of its core",
            goal(f"clean calls on a core >= {CLEAN_GOAL} at a floor of {FLOOR_OF_GOALS_MS} ms: {wanted:.0f} here", str(calls),
                 calls >= wanted), ""]


def cores_table(pairs, shown):
    ratio = shown["two_cores_by_one"]
    return [f"one worker, {pairs[0][0]['calls']} calls: {shown['one_worker_of_floor']:.2f} of the floor; "
            f"two workers, {pairs[0][1]['calls']} calls: {shown['two_workers_of_floor']:.2f}",
            goal(f"two cores carry >= {SCALING_GOAL} times what one does", f"{ratio:.2f}", ratio >= SCALING_GOAL), ""]
