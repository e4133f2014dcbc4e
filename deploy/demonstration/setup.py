# SPDX-License-Identifier: Apache-2.0
"""Step a: everything through REST that must be there before anybody calls; and what the later steps ask over REST."""

import uuid

from .report import euros, heading, insist, say
from .scene import ALICE_NUMBER, DEAR_LANDLINE

# Step e's destination: dear enough that the least top-up pays for 20 s, by the second.
DEAR_PRICE_MICROS = 30_000_000
DEAR_DECK = f"""\
prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s
{DEAR_LANDLINE[1:]},Dear landline,30,0,1,1
"""


def prepare(scene):
    heading("a. Through REST: rates, carrier and trunk, subscriber, credit, number")
    rest = scene.gateway.rest
    deck = (scene.root / "billing/deck/default.csv").read_bytes()
    imported = rest.post_csv("/v1/rate_imports", deck, deck="default", currency="EUR")
    say(f"the shipped deck is in force: {imported['rates']} rates")
    rest.post_csv("/v1/rate_imports", DEAR_DECK.encode(), deck="dear", currency="EUR")

    carrier = rest.post("/v1/carriers", {"name": "example-carrier"})
    scene.trunk = rest.post(
        "/v1/trunks",
        {
            "name": "landline",
            "carrier_id": carrier["id"],
            "host": "127.0.0.1",
            "port": scene.telephone.sip_port,
            "transport": "udp",
            "codecs": ["PCMA", "PCMU"],
            "inbound_sources": ["127.0.0.1"],
        },
    )
    say(f"trunk 'landline' of carrier 'example-carrier' leads to 127.0.0.1:{scene.telephone.sip_port}")

    create_subscriber(scene, "alice")
    top_up(scene, "alice", "20.00")
    number = rest.post("/v1/numbers", {"number": ALICE_NUMBER, "area": "San Francisco", "trunk_id": scene.trunk["id"]})
    insist(number, "the number was not taken into the inventory")
    before = balance(scene, "alice")
    rest.post(
        "/v1/number_orders",
        {"id": str(uuid.uuid4()), "account_id": account(scene, "alice"), "number": ALICE_NUMBER, "term_months": 3},
    )
    after = balance(scene, "alice")
    say(f"{ALICE_NUMBER} is alice's for 3 months: charged {euros(before - after)}, credit {euros(after)}")
    insist(before - after == 10_000_000, "the number was not charged with EUR 10")

    create_subscriber(scene, "bob", deck="dear")
    top_up(scene, "bob", "10.00")
    create_subscriber(scene, "carol")


def create_subscriber(scene, name, deck="default"):
    peer = scene.add_peer(name)
    created = scene.gateway.rest.post(
        "/v1/accounts", {"name": name, "passphrase": peer.passphrase, "region": "GB", "rate_deck": deck}
    )
    peer.account_id = created["id"]
    say(f"subscriber '{name}' is created")


def account(scene, name):
    return scene.peers[name].account_id


def top_up(scene, name, amount):
    scene.gateway.rest.post(
        "/v1/payments", {"id": str(uuid.uuid4()), "account_id": account(scene, name), "amount": amount, "currency": "EUR"}
    )
    say(f"{name} topped up EUR {amount}: credit {euros(balance(scene, name))}")


def balance(scene, name):
    """Posted credit in micro-units."""
    return scene.gateway.rest.get(f"/v1/accounts/{account(scene, name)}/balance")["posted_micros"]


def call_record(scene, name, call):
    """The CDR of a call, by the id that the gateway gave it."""
    return scene.gateway.rest.get(f"/v1/accounts/{account(scene, name)}/calls/{call}")


def violations(scene):
    return len(scene.gateway.rest.get("/v1/ledger/violations")["items"])
