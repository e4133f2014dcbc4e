# SPDX-License-Identifier: Apache-2.0
"""The six steps, each insisting on what it promises."""

import time

from . import setup
from .report import euros, heading, insist, say
from .scene import ALICE_NUMBER, DEAR_LANDLINE, LANDLINE, MESSAGE_S, SPEECH_S

DIGITS = "1234#"


def call_out(scene):
    heading(f"b. SkypeOut: alice calls {LANDLINE}")
    alice, phone = scene.peers["alice"], scene.telephone
    login = alice.log_in()
    insist(login.code == 0, f"alice could not log in: {login.events[-1:]}")
    say("alice has logged in by her pass-phrase and holds a credential")
    price = alice.run("price", LANDLINE).event("price")
    insist(price, "no price was told")
    say(f"{LANDLINE} costs {euros(price['price_per_minute_micros'])} a minute ({price['destination']})")
    before = setup.balance(scene, "alice")

    known = phone.recordings()
    phone.forget()
    phone.play_in_next_call(scene.wav("landline_plays"))
    # The digits follow the speech: while one is sent, there is no voice.
    running = alice.start(
        "call", LANDLINE, "--play", scene.wav("peer_source"), "--record", scene.wav("peer_heard_out"),
        "--dtmf", DIGITS, "--dtmf-after", SPEECH_S + 0.5, "--duration", SPEECH_S + 3,
    )
    running.await_event("answered", 20)
    media = running.event("media_up") or running.await_event("media_up", 5)
    say(f"answered, encrypted by {media['srtp_profile']}; both talk")
    code, _ = running.finish(SPEECH_S + 30)
    ended = running.event("ended")
    insist(code == 0 and ended["answered"], f"the call failed: {ended}")
    phone.keep_recording(known, scene.wav("landline_heard_out"))
    charge = ended["summary"]
    cdr = setup.call_record(scene, "alice", charge["call_id"])
    after = setup.balance(scene, "alice")
    say(
        f"alice hung up after {charge['duration_ms'] / 1000:.1f} s: billed {charge['billed_s']} s, "
        f"charged {euros(charge['charged_micros'])}, credit {euros(charge['balance_after_micros'])}"
    )
    insist(charge["duration_ms"] >= SPEECH_S * 1000, "the call was too short")
    insist(before - charge["charged_micros"] == after == charge["balance_after_micros"], "the credit is not what was charged")
    insist(charge["charged_micros"] > 0, "nothing was charged")
    scene.insist_heard("the landline heard alice", "peer_source", "landline_heard_out")
    scene.insist_heard("alice heard the landline", "landline_source", "peer_heard_out")
    say(f"the landline heard the digits {phone.digits()}")
    insist(phone.digits() == DIGITS, f"the landline heard the digits '{phone.digits()}'")
    scene.summary["skype_out"] = {
        "to": LANDLINE,
        "answered": True,
        "duration_ms": charge["duration_ms"],
        "billed_s": charge["billed_s"],
        "charged_micros": charge["charged_micros"],
        "balance_before_micros": before,
        "balance_after_micros": after,
        "currency": charge["currency"],
        "srtp_profile": ended["media"]["srtp_profile"],
        "trunk_codec": cdr["trunk_codec"],
        "post_dial_delay_ms": ended["times"].get("ringing_ms", ended["times"]["answered_ms"]),
        "source_wav": scene.relative(scene.wav("peer_source")),
        "landline_heard_wav": scene.relative(scene.wav("landline_heard_out")),
        "landline_source_wav": scene.relative(scene.wav("landline_source")),
        "peer_heard_wav": scene.relative(scene.wav("peer_heard_out")),
        "dtmf_heard": phone.digits(),
    }


def call_in(scene):
    heading(f"c. SkypeIn: the telephone calls {ALICE_NUMBER}, alice answers")
    alice, phone = scene.peers["alice"], scene.telephone
    known = phone.recordings()
    phone.forget()
    phone.play_in_next_call(scene.wav("landline_plays"))
    running = alice.start(
        "answer", "--count", 1, "--ring-for", 1, "--play", scene.wav("peer_source"),
        "--record", scene.wav("peer_heard_in"), "--wait", 20,
    )
    running.await_event("waiting", 15)
    phone.dial(ALICE_NUMBER, scene.gateway.sip_port)
    incoming = running.await_event("incoming", 15)
    say(f"alice's peer rings: {incoming['from']} calls")
    phone.await_event("CALL_ESTABLISHED", 15)
    say("answered; both talk")
    time.sleep(SPEECH_S + 1)
    phone.hang_up()
    code, _ = running.finish(20)
    ended = running.event("ended")
    insist(code == 0 and ended["answered"], f"the call failed: {ended}")
    phone.keep_recording(known, scene.wav("landline_heard_in"))
    say(f"the telephone hung up after {ended['talk_ms'] / 1000:.1f} s")
    insist(incoming["from"] == LANDLINE, f"the caller was shown as {incoming['from']}")
    scene.insist_heard("alice heard the telephone", "landline_source", "peer_heard_in")
    scene.insist_heard("the telephone heard alice", "peer_source", "landline_heard_in")
    scene.summary["skype_in"] = {
        "from": LANDLINE,
        "to": ALICE_NUMBER,
        "answered": True,
        "duration_ms": ended["summary"].get("duration_ms", ended["talk_ms"]),
        "peer_heard_wav": scene.relative(scene.wav("peer_heard_in")),
        "landline_heard_wav": scene.relative(scene.wav("landline_heard_in")),
    }


def voicemail(scene):
    heading(f"d. SkypeIn to voicemail: alice is away, the telephone calls {ALICE_NUMBER}")
    alice, phone = scene.peers["alice"], scene.telephone
    known = phone.recordings()
    phone.forget()
    phone.play_in_next_call(scene.wav("voicemail_plays"))
    phone.dial(ALICE_NUMBER, scene.gateway.sip_port)
    phone.await_event("CALL_ESTABLISHED", 30)
    say("the mailbox answers: greeting, beep")
    time.sleep(scene.before_message_s() + MESSAGE_S + 0.5)
    phone.hang_up()
    phone.keep_recording(known, scene.wav("voicemail_greeting_heard"))
    say(f"the caller left {MESSAGE_S} s of speech and hung up")

    running = alice.start("answer", "--await-voicemail", "--wait", 20)
    notice = running.await_event("voicemail", 20)
    running.finish(15)
    say(f"alice attaches and is told: {notice.get('new')} new")
    listed = alice.run("voicemail", "list").event("voicemail")["messages"]
    insist(len(listed) == 1 and listed[0]["from"] == LANDLINE, f"the mailbox holds {listed}")
    played = alice.run("voicemail", "play", listed[0]["id"], "--output", scene.wav("voicemail_message")).event("message")
    insist(played, "the message could not be fetched")
    say(f"alice fetched message {played['id']} of {played['duration_ms'] / 1000:.1f} s from {played['from']}")
    scene.insist_heard("the message is what the caller said", "voicemail_source", "voicemail_message")
    scene.summary["voicemail"] = {
        "id": played["id"],
        "duration_ms": played["duration_ms"],
        "source_wav": scene.relative(scene.wav("voicemail_source")),
        "message_wav": scene.relative(scene.wav("voicemail_message")),
    }


def cut_off(scene):
    heading(f"e. Credit that ends: bob calls {DEAR_LANDLINE}")
    bob, phone = scene.peers["bob"], scene.telephone
    insist(bob.log_in().code == 0, "bob could not log in")
    before = setup.balance(scene, "bob")
    granted_s = before * 60 // setup.DEAR_PRICE_MICROS
    say(f"bob has {euros(before)}, a minute costs {euros(setup.DEAR_PRICE_MICROS)}: {granted_s} s")
    phone.forget()
    phone.play_in_next_call(scene.wav("landline_plays"))
    running = bob.start("call", DEAR_LANDLINE, "--play", "tone:440", "--duration", granted_s + 30)
    warnings, ended = [], None
    while not ended:
        event = running.await_any({"warning", "ended"}, granted_s + 60)
        if event["event"] == "warning":
            warnings.append(event)
            say(f"warned after {event['talk_ms'] / 1000:.1f} s: {event['seconds_left']} s left")
        else:
            ended = event
    code, _ = running.finish(10)
    insist(ended["answered"], f"the call failed: {ended}")
    charge = ended["summary"]
    say(
        f"cut off after {charge['duration_ms'] / 1000:.1f} s ({ended['code']}): charged {euros(charge['charged_micros'])}, "
        f"credit {euros(charge['balance_after_micros'])}"
    )
    insist(code == 5 and ended["code"] == "credit_exhausted", f"the call ended with {ended['code']}")
    insist(warnings, "no warning came")
    insist(abs(charge["duration_ms"] - granted_s * 1000) <= 1000, "the call was not cut off at the paid second")
    insist(charge["charged_micros"] <= before and charge["balance_after_micros"] >= 0, "the credit was overdrawn")
    scene.summary["cut_off"] = {
        "granted_s": granted_s,
        "duration_ms": charge["duration_ms"],
        "charged_micros": charge["charged_micros"],
        "balance_after_micros": charge["balance_after_micros"],
        "warnings": [
            {"after_ms": warning["talk_ms"], "seconds_left": warning["seconds_left"]} for warning in warnings
        ],
    }


def refusals(scene):
    heading("f. What is refused, and why")
    alice, carol = scene.peers["alice"], scene.peers["carol"]
    insist(carol.log_in().code == 0, "carol could not log in")
    # Each: the case, who does what, and the codes by which it may be refused.
    cases = [
        ("wrong_passphrase", alice.log_in(passphrase="not-the-pass-phrase"), {"wrong_passphrase"}),
        ("unknown_number", alice.run("call", "+442079460001"), {"number_unknown"}),
        ("invalid_number", alice.run("call", "+44207"), {"too_short", "not_in_numbering_plan"}),
        ("emergency_number", alice.run("call", "112"), {"emergency"}),
        ("premium_number", alice.run("call", "+449098790001"), {"premium_rate"}),
        ("no_credit", carol.run("call", LANDLINE), {"insufficient_credit"}),
    ]
    scene.summary["refusals"] = []
    for case, running, codes in cases:
        refusal = running.event("refused") or running.event("ended")
        insist(refusal and running.code in (3, 4), f"{case} was not refused: {running.events[-1:]}")
        say(f"{case}: {refusal['code']}: {refusal['text']}")
        insist(refusal["code"] in codes, f"{case} was refused as {refusal['code']}")
        insist(refusal["text"], f"{case} was refused without a reason")
        scene.summary["refusals"].append({"case": case, "code": refusal["code"], "text": refusal["text"]})
