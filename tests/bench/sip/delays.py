# SPDX-License-Identifier: Apache-2.0
"""Delays between the times that two far ends have noted of the same call, which its number names."""


def peer_events(file):
    """{what: {number: seconds}}"""
    out = {}
    for line in file.read_text().splitlines():
        words = line.split()
        if len(words) == 3:
            out.setdefault(words[0], {})[words[1].lstrip("+")] = int(words[2]) / 1e9
    return out


def sipp_events(file):
    """The first time that each thing happened: a repeated message is logged again."""
    out = {}
    for line in file.read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) == 4:
            out.setdefault(words[0], {}).setdefault(words[1], float(words[2]) + float(words[3]) / 1e6)
    return out


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def between(earlier, later, numbers):
    """Milliseconds by number."""
    return {number: 1000 * (later[number] - earlier[number]) for number in numbers if number in earlier and number in later}


def figures(peers, carrier, telephones, out_numbers, in_numbers):
    offer = between(peers.get("offer", {}), carrier.get("invite", {}), out_numbers)
    ringing = between(carrier.get("ringing", {}), peers.get("ringing", {}), out_numbers)
    answer = between(carrier.get("answered", {}), peers.get("answered", {}), out_numbers)
    own = [offer[number] + ringing[number] for number in offer if number in ringing]
    arrived = between(telephones.get("invite", {}), peers.get("offered", {}), in_numbers)
    taken = between(peers.get("answer", {}), telephones.get("answered", {}), in_numbers)
    both = lambda of: [quantile(of.values(), 0.5), quantile(of.values(), 0.99)]
    return {
        "pdd_own_p99_ms": quantile(own, 0.99), "pdd_own_p50_ms": quantile(own, 0.5), "pdd_measured": len(own),
        "offer_to_invite_ms": both(offer), "ringing_ms": both(ringing), "answer_ms": both(answer),
        "invite_to_offer_ms": both(arrived), "answer_to_200_ms": both(taken),
    }
