# SPDX-License-Identifier: Apache-2.0
"""What may be called: emergency numbers over the trunk that is meant for them, ranges and countries by account, and limits that
hold before the INVITE and while a call goes on."""

import re
import unittest
import urllib.request

from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest

PREMIUM = "+449098790000"


class Policy(StageTest):
    settings = {"billing.report_interval_s": 1, "overlay.calls_per_subscriber": 3, "dial_policy.emergency_trunks": "emergency,emergency2"}

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00")
        cls.numbers = (f"+4420794603{number:02d}" for number in range(100))

    def setUp(self):
        super().setUp()
        self.addCleanup(self.permit)

    def permit(self, **policy):
        return self.stage.rest.put(f"/v1/accounts/{self.alice.account_id}/calling_policy", policy)

    def far_end(self, **fields):
        number = next(self.numbers)
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]], **fields)
        return agent, number

    def end_of(self, running, known, peer=None):
        running.finish(PATIENCE_S)
        ended = running.event("ended")
        self.assertIsNotNone(ended, running.events[-1:])
        return ended, self.stage.latest_record(peer or self.alice, known)

    def verdict(self, number):
        return self.stage.rest.post("/v1/route_simulations", dict(number=number, account_id=self.alice.account_id))["verdict"]

    def test_an_emergency_call_needs_no_credit_and_goes_over_its_trunks_only(self):
        poor = self.stage.subscriber("poor")
        broken = self.stage.called("called_refuses", keys={"refusal": "403 Forbidden"}, calls=2)
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, ["999999"], name="emergency2")
        self.stage.trunk(broken.port, ["999999"], name="emergency")
        self.stage.rest.put(f"/v1/accounts/{poor.account_id}/calling_policy", {"calls": 0, "countries": ["FR"]})
        ended, record = self.end_of(poor.start("call", "999", "--duration", 2), 0, poor)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        self.assertTrue(agent.messages()[0].startswith("INVITE sip:999@127.0.0.1"), agent.messages()[0])
        self.assertEqual(("normal", True), (ended["code"], ended["answered"]))
        self.assertEqual(("999", "normal", 0), (record["callee"], record["reason"], record["charged_micros"]))
        codes = lambda record: [(one["trunk"], one["sip_code"]) for one in record["attempts"]]
        self.assertEqual([("emergency", 403), ("emergency2", 200)], codes(record))
        self.assertEqual(0, self.failed_emergencies())
        self.assertGreaterEqual(record["talk_ms"], 1000)
        # Nobody is left to take the next one: that must not stay unseen.
        ended, record = self.end_of(poor.start("call", "999"), 1, poor)
        self.assertEqual((("emergency", 403), "emergency2"), (codes(record)[0], codes(record)[1][0]))
        self.assertIn(codes(record)[1][1], (408, 503))  # nobody listens there any more
        self.assertEqual(0, broken.finish(PATIENCE_S), broken.complaint())
        self.assertEqual(1, self.failed_emergencies())
        # Of another country, and a number that is none here.
        for dialled, verdict in (("+49110", "emergency"), ("110", "too_short")):
            self.assertEqual(verdict, self.verdict(dialled))
        self.assert_sound()

    def failed_emergencies(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.stage.rest.url + "/metrics", timeout=PATIENCE_S) as answer:
            return int(re.search(r"^tollgate_emergency_calls_failed_total (\d+)$", answer.read().decode(), re.MULTILINE)[1])

    def test_a_range_is_opened_and_shut_for_one_account(self):
        self.assertEqual("premium_rate", self.verdict(PREMIUM))
        self.permit(premium_rate=True)
        self.assertEqual("no_route", self.verdict(PREMIUM))
        self.permit(open_prefixes=["4490"])
        self.assertEqual("no_route", self.verdict(PREMIUM))
        self.permit(premium_rate=True, shut_prefixes=["4490"])
        self.assertEqual("barred", self.verdict(PREMIUM))
        agent, number = self.far_end()
        self.permit(countries=["FR", "DE"])
        running = self.alice.start("call", number)
        running.finish(PATIENCE_S)
        self.assertEqual("barred", running.event("ended")["code"])
        self.assertEqual([], agent.messages())
        self.assertEqual("ok", self.stage.rest.post("/v1/route_simulations", dict(number=number, region="GB"))["verdict"])

    def test_a_country_that_is_shut_while_a_call_goes_on_ends_it(self):
        agent, number = self.far_end()
        known = len(self.stage.records(self.alice))
        running = self.alice.start("call", number, "--play", "tone")
        running.await_event("answered", PATIENCE_S)
        self.permit(shut_countries=["GB"])
        ended, record = self.end_of(running, known)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        self.assertEqual(("barred", "gateway"), (ended["code"], record["hung_up_by"]))
        self.assertGreater(record["charged_micros"], 0)
        self.assert_sound()

    def test_what_a_day_s_calls_to_a_country_may_cost_is_bounded(self):
        agent, number = self.far_end()
        known = len(self.stage.records(self.alice))
        spent = sum(record["charged_micros"] for record in self.stage.records(self.alice))
        self.permit(country_spend_day_micros=spent + 2 * MICROS_PER_SECOND)
        ended, record = self.end_of(self.alice.start("call", number, "--play", "tone"), known)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        self.assertEqual("country_limit", ended["code"])
        self.assertGreater(record["charged_micros"], 2 * MICROS_PER_SECOND)
        other, number = self.far_end()
        self.assertEqual("country_limit", self.verdict(number))
        ended, record = self.end_of(self.alice.start("call", number), known + 1)
        self.assertEqual(("country_limit", [], 0), (ended["code"], record["attempts"], record["charged_micros"]))
        self.assertEqual([], other.messages())
        self.assert_sound()

    def test_an_account_has_as_many_calls_as_its_policy_says(self):
        _, number = self.far_end()
        other, other_number = self.far_end()
        self.permit(calls=1)
        running = self.alice.start("call", number, "--play", "tone")
        running.await_event("answered", PATIENCE_S)
        held = self.stage.balance(self.alice)["held_micros"]
        self.assertEqual("too_many_calls", self.verdict(other_number))
        self.permit(calls=2)
        self.assertEqual("ok", self.verdict(other_number))
        self.assertEqual(held, self.stage.balance(self.alice)["held_micros"], "the question holds nothing")
        self.permit(calls=1)
        second = self.stage.second_device(self.alice).start("call", other_number)  # the first one stays with its call
        second.finish(PATIENCE_S)
        self.assertEqual("too_many_calls", second.event("ended")["code"])
        self.assertEqual([], other.messages())

    def test_the_called_party_sees_a_number_of_the_caller_s_own_or_none(self):
        known = len(self.stage.records(self.alice))
        for choice, shown, asserted, privacy in (
            ({"verified_numbers": ["+442079460958"]}, "sip:+442079460958@", "sip:+442079460958@", None),
            ({"number": "+442079460958"}, "sip:anonymous@anonymous.invalid", None, None),  # not verified any more
            ({"verified_numbers": ["+442079460958"], "withheld": True}, "sip:anonymous@anonymous.invalid",
             "sip:+442079460958@", "id"),
        ):
            with self.subTest(**choice):
                self.stage.rest.put(f"/v1/accounts/{self.alice.account_id}/caller_id", choice)
                agent, number = self.far_end(user_phone=True)
                self.end_of(self.alice.start("call", number, "--duration", 1), known)
                known += 1
                self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
                self.assertTrue(agent.messages()[0].split()[1].endswith(";user=phone"), agent.messages()[0])
                self.assertIn(shown, agent.header("From"))
                self.assertEqual(bool(asserted), agent.has_header("P-Asserted-Identity"))
                self.assertIn(asserted or "", agent.header("P-Asserted-Identity") if asserted else "")
                self.assertEqual(privacy, agent.header("Privacy") if agent.has_header("Privacy") else None)
                self.assertNotIn("+442079460958", agent.header("From") if privacy else "")


class FraudLimits(StageTest):
    settings = {"billing.fraud_limits": "true", "billing.hold_seconds": 4}

    def test_a_live_call_is_cut_by_a_limit_against_fraud(self):
        ivy, number = self.stage.subscriber("ivy", credit="20.00"), "+442079460377"
        agent = self.stage.called("called_answers", echo=True)
        self.stage.trunk(agent.port, [number[1:]])
        limit = {"most": 3 * MICROS_PER_SECOND, "action": "cut", "currency": "EUR"}
        self.stage.rest.put(f"/v1/fraud/limits/{ivy.account_id}/spend_hour", limit)
        running = ivy.start("call", number, "--play", "tone")
        running.finish(PATIENCE_S)
        self.assertEqual("fraud_limit", running.event("ended")["code"])
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())
        record = self.stage.latest_record(ivy, 0)
        self.assertEqual(("gateway", "fraud_limit"), (record["hung_up_by"], record["reason"]))
        self.assertGreater(record["charged_micros"], 0)
        self.assertEqual("spend_hour", self.stage.rest.get(f"/v1/accounts/{ivy.account_id}/fraud")["measure"])
        verdict = self.stage.rest.post("/v1/route_simulations", dict(number=number, account_id=ivy.account_id))["verdict"]
        self.assertEqual("fraud_limit", verdict)
        again = ivy.start("call", number)
        again.finish(PATIENCE_S)
        self.assertEqual("fraud_limit", again.event("ended")["code"])
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
