# SPDX-License-Identifier: Apache-2.0
"""Messages through the gateway's death: it is killed at moments all through a caller's call. A message whose caller was let go in
order is there; any other is whole or absent. And terms of numbers that run out while it is dead. TOLLGATE_DEATHS_S has the moments after the start of the call, in seconds, or `let_go`
for the one at which the caller's BYE was answered; `all` is every half second of the call, for a run by hand. Without it two moments
are drawn, one while it is recorded and one about the hanging up, by TOLLGATE_SEED or one that is printed."""

import hashlib
import os
import random
import time
import unittest
import urllib.request
import uuid

from stage import PATIENCE_S, StageTest, audio, processes
from trunk_test import a_law

ALICE_NUMBER, BOB_NUMBER, CAROL_NUMBER = "+16505550100", "+16505550101", "+16505550102"
RECORDED_S, HUNG_UP_S, OVER_S = 6, 11.8, 13.5  # by the scenario, which hangs up after twelve seconds
SEED = int(os.environ.get("TOLLGATE_SEED", random.SystemRandom().randrange(10**6)))


def moments():
    wanted = os.environ.get("TOLLGATE_DEATHS_S")
    if wanted == "all":
        return [f"{half / 2:.1f}" for half in range(1, round(OVER_S * 2) + 1)] + ["let_go"]
    if wanted:
        return wanted.split(",")
    draw = random.Random(SEED)
    return [f"{draw.uniform(RECORDED_S, HUNG_UP_S):.2f}", f"{draw.uniform(HUNG_UP_S, OVER_S):.2f}", "let_go"]


class Deposit(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00", number=ALICE_NUMBER)
        cls.said = stage.speech("said", "demo-moreinfo", 14)
        cls.said_again = stage.wav("said_again")  # the caller does not stop at its end
        audio.write(cls.said_again, audio.read(cls.said) * 2)
        stage.trunk(stage.free_port(), ["4413"])  # callers from its host are taken
        cls.mailbox = f"/v1/mailboxes/{cls.alice.account_id}/voicemails"

    def messages(self):
        return self.stage.rest.get(self.mailbox, limit=1000)["items"]

    def whole(self, message):
        """The audio, once it is what was stored, as a WAV file."""
        rest = self.stage.rest
        path = f"{rest.url}{self.mailbox}/{message['id']}/audio"
        fetched = []
        for suffix in ("", "?format=wav"):
            request = urllib.request.Request(path + suffix, headers={"Authorization": f"Bearer {rest.token}"})
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S) as answer:
                fetched.append(answer.read())
        self.assertEqual(message["sha256"], hashlib.sha256(fetched[0]).hexdigest())
        file = self.stage.wav("message")
        file.write_bytes(fetched[1])
        return file

    def test_terms_that_have_run_out_are_renewed_or_in_grace_and_the_owner_is_told(self):
        rest = self.stage.rest
        bob = self.stage.subscriber("bob", credit="10.00", number=BOB_NUMBER)  # and nothing for a second term
        number = lambda which: rest.get(f"/v1/numbers/{which}")
        carol = self.stage.subscriber("carol", credit="20.00", number=CAROL_NUMBER)
        self.stage.query("UPDATE voicemail.number SET anchor = anchor - interval '93 days', "
                         "paid_until = paid_until - interval '93 days' WHERE account_id IS NOT NULL")
        self.stage.query(f"UPDATE voicemail.number SET paid_until = now() + interval '20 hours' WHERE number = '{CAROL_NUMBER}'")
        process = self.stage.gateway.process
        process.kill()
        process.wait()
        self.stage.gateway.resume()
        processes.wait_until("the grace", lambda: number(BOB_NUMBER)["state"] == "grace", PATIENCE_S)
        processes.wait_until("the renewal", lambda: self.stage.balance(self.alice)["available_micros"] == 0, PATIENCE_S)
        renewed = number(ALICE_NUMBER)
        self.assertEqual("assigned", renewed["state"])
        self.assertLess(time.strftime("%Y-%m-%d", time.gmtime()), renewed["paid_until"][:10])
        events = rest.get(f"/v1/numbers/{BOB_NUMBER}/events")["items"]
        self.assertEqual(("grace", "gateway"), (events[0]["state"], events[0]["actor"]))
        device = bob.start("answer", "--wait", PATIENCE_S)
        told = processes.wait_until(
            "the notice", lambda: [one for one in device.events if one.get("kind") == "number_in_grace"], PATIENCE_S)
        self.assertEqual([BOB_NUMBER], [one["number"] for one in told])
        device.stop()
        device = carol.start("answer", "--wait", PATIENCE_S)
        told = processes.wait_until(
            "the notice", lambda: [one for one in device.events if one.get("kind") == "number_term_notice"], PATIENCE_S)
        self.assertEqual({(CAROL_NUMBER, True)}, {(one["number"], one["auto_renew"]) for one in told})
        self.assertIn("1d", [one["notice"] for one in told])
        device.stop()
        self.renew_and_have_back(bob)
        self.assertEqual([], self.stage.violations())

    def renew_and_have_back(self, bob):
        """A number in grace is paid for, then given up, then had back, all at the owner's device."""
        do = lambda *words: bob.run("numbers", *words)
        state = lambda: self.stage.rest.get(f"/v1/numbers/{BOB_NUMBER}")["state"]
        self.assertNotEqual(0, do("renew", BOB_NUMBER).code, "there is no credit for it")
        self.assertEqual(0, do("set", BOB_NUMBER, "--auto-renew", "off").code)
        self.stage.top_up(bob, "10.00")
        renewed = do("renew", BOB_NUMBER)
        self.assertEqual((0, "assigned", "10.00"), (renewed.code, state(), renewed.event("number")["charged"]))
        self.stage.rest.post(f"/v1/numbers/{BOB_NUMBER}/release", {"account_id": bob.account_id})
        self.assertEqual(["quarantined"], [one["state"] for one in do("list").event("numbers")["numbers"]])
        terms = do("terms", BOB_NUMBER).event("numbers")["terms"]
        self.assertEqual([(3, "10.00"), (12, "30.00")], [(one["months"], one["price"]) for one in terms])
        self.stage.top_up(bob, "10.00")
        order = str(uuid.uuid4())
        for repeated in (False, True):
            back = do("rent", BOB_NUMBER, "--months", 3, "--order", order)
            self.assertEqual((0, "assigned", repeated), (back.code, state(), back.event("number")["repeated"]))
        self.assertEqual(0, self.stage.balance(bob)["available_micros"])
        self.assertNotEqual(0, do("rent", CAROL_NUMBER, "--months", 3).code, "it is another's")

    def test_an_acknowledged_message_is_there_and_any_other_whole_or_absent(self):
        kept = acknowledged = 0
        deaths = moments()
        print(f"TOLLGATE_SEED={SEED} TOLLGATE_DEATHS_S={','.join(deaths)}", flush=True)
        for moment in deaths:
            with self.subTest(moment):
                known = {message["id"] for message in self.messages()}
                caller = self.stage.caller("caller_leaves_a_message", ALICE_NUMBER, files={"speech.alaw": a_law(self.said)})
                if moment == "let_go":
                    self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
                else:
                    time.sleep(float(moment))
                process = self.stage.gateway.process
                process.kill()
                process.wait()
                time.sleep(0.5)  # an answer that was sent has arrived
                let_go = caller.process.poll() == 0
                caller.stop()
                self.stage.gateway.resume()
                spool = self.stage.gateway.state / "spool/messages"
                processes.wait_until("an empty spool", lambda: not any(spool.iterdir()), PATIENCE_S)
                fresh = [message for message in self.messages() if message["id"] not in known]
                self.assertLessEqual(len(fresh), 1)
                if let_go:
                    acknowledged += 1
                    self.assertEqual(1, len(fresh), "the caller was let go, and the message is not there")
                for message in fresh:
                    kept += 1
                    file = self.whole(message)
                    heard = audio.read(file)
                    self.assert_heard(file, self.said_again)
                    self.assertLess(abs(len(heard) / audio.RATE_HZ - message["duration_ms"] / 1000), 0.2)
        print(f"{len(deaths)} deaths, {acknowledged} callers let go, {kept} messages")
        self.assertEqual([], self.stage.violations())


if __name__ == "__main__":
    unittest.main(verbosity=2)
