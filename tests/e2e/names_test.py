# SPDX-License-Identifier: Apache-2.0
"""A carrier that is known by its name: DNS (dnsmasq) leads to its two proxies, one for when the other is dead, and its calls in show a
digest."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from digest_caller import DigestCaller
from routing_test import Answerer
from stage import PATIENCE_S, StageTest, processes

ALICE_NUMBER = "+16505550100"
DIGEST = {"username": "carrier7", "password": "secret"}  # of sipp/caller_authenticates.xml


class Names(StageTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        taken = set()
        cls.dns_port = processes.free_port(taken)
        cls.ports = [processes.free_port(taken) for _ in range(2)]
        resolver = pathlib.Path(scratch.name) / "resolv.conf"
        resolver.write_text(f"port {cls.dns_port}\nnameserver 127.0.0.1\n")
        cls.settings = {
            "sip.resolver": resolver, "sip.digest_algorithms": "MD5", "sip.invite_timeout_s": 1, "sip.options_interval_s": 1,
            "sip.options_down_interval_s": 1, "sip.options_failures": 2,
            "sip.address6": "::1", "media.address6": "::1",
        }
        super().setUpClass()

    @classmethod
    def prepare(cls, stage):
        command = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv", "--no-hosts", "--user=root",
                   "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={cls.dns_port}", "--local=/example/",
                   "--host-record=proxy.carrier.example,127.0.0.1", "--host-record=both.example,127.0.0.1,::1"]
        command += [f"--srv-host=_sip._udp.carrier.example,proxy.carrier.example,{port},{priority}"
                    for priority, port in enumerate(cls.ports, 10)]
        with (stage.output / "dns.log").open("wb") as output:
            stage.register.start("dns", command, output)
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER)
        cls.numbers = (f"+4420794603{number:02d}" for number in range(100))

    def carrier(self, **fields):
        number = next(self.numbers)
        fields = {"host": "carrier.example", "probes": True, **fields}
        trunk = self.stage.trunk(0, [number[1:]], **fields)
        self.addCleanup(self.stage.rest.delete, f"/v1/trunks/{trunk['id']}")
        return number, trunk

    def status(self, trunk):
        return next(one for one in self.stage.rest.get("/v1/status")["trunks"] if one["id"] == trunk["id"])

    def answered_call_in(self, scenario, duration_s=1, **options):
        """Bob calls Alice, she answers, and hangs up after so long."""
        running = self.alice.start("answer", "--count", 1, "--duration", duration_s, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        caller = self.stage.caller(scenario, ALICE_NUMBER, **options)
        running.finish(PATIENCE_S)
        self.assertEqual("normal", running.event("ended")["code"], running.events[-1:])
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())

    def call(self, number):
        known = len(self.stage.records(self.alice))
        running = self.alice.start("call", number, "--duration", 1)
        running.finish(PATIENCE_S)
        self.assertIsNotNone(running.event("ended"), running.events[-1:])
        return self.stage.latest_record(self.alice, known)

    def test_the_second_proxy_takes_the_calls_when_the_first_is_dead(self):
        first, second = (Answerer(port) for port in self.ports)
        self.addCleanup(first.close)
        number, trunk = self.carrier()
        for proxy in (first, second):
            processes.wait_until("OPTIONS at every proxy", lambda: "OPTIONS" in proxy.requests, PATIENCE_S)
        # No OPTIONS any more: a scenario does not expect them, and the call finds out by itself.
        fields = {name: trunk[name] for name in ("name", "carrier_id", "host", "port", "served_prefixes")}
        self.stage.rest.put(f"/v1/trunks/{trunk['id']}", {**fields, "probes": False})
        second.close()
        proxy = self.stage.called("called_answers", port=self.ports[1], echo=True)
        first.lives = False  # it hears, and says nothing any more
        record = self.call(number)
        self.assertEqual([(f"udp 127.0.0.1:{port}", code) for port, code in zip(self.ports, (408, 200))],
                         [(attempt["target"], attempt["sip_code"]) for attempt in record["attempts"]])
        self.assertEqual(0, proxy.finish(PATIENCE_S), proxy.complaint())
        self.assert_sound()

    def test_after_one_silent_proxy_the_next_trunk_is_tried_before_the_other_one(self):
        first, second = (Answerer(port) for port in self.ports)
        for proxy in (first, second):
            self.addCleanup(proxy.close)
            proxy.lives = False
        number, trunk = self.carrier(probes=False)
        processes.wait_until("the answer of the DNS", lambda: self.status(trunk)["targets"], PATIENCE_S)
        agent = self.stage.called("called_answers", echo=True)
        other = self.stage.trunk(agent.port, [number[1:]], priority=1)
        self.addCleanup(self.stage.rest.delete, f"/v1/trunks/{other['id']}")
        record = self.call(number)
        self.assertEqual([(trunk["name"], 408), (other["name"], 200)],
                         [(attempt["trunk"], attempt["sip_code"]) for attempt in record["attempts"]])
        self.assertNotIn("INVITE", second.requests)
        self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())

    def test_a_proxy_that_asks_to_be_left_alone_is_passed_over_and_the_other_one_is_not(self):
        number, trunk = self.carrier(probes=False, capacity_calls_per_second=1)  # a call counts once, whatever it tries
        processes.wait_until("the answer of the DNS", lambda: self.status(trunk)["targets"], PATIENCE_S)
        busy = self.stage.called("called_refuses", port=self.ports[0], keys={"refusal": "503 Service Unavailable\nRetry-After: 60"})
        proxy = self.stage.called("called_answers", port=self.ports[1], echo=True, calls=2)
        codes = lambda: [attempt["sip_code"] for attempt in self.call(number)["attempts"]]
        self.assertEqual([503, 200], codes())
        self.assertEqual(0, busy.finish(PATIENCE_S), busy.complaint())
        self.assertEqual([200], codes())
        self.assertEqual(0, proxy.finish(PATIENCE_S), proxy.complaint())
        self.assert_sound()

    def test_a_host_of_both_families_is_tried_by_ipv6_and_then_by_ipv4(self):
        number = next(self.numbers)
        proxy = self.stage.called("called_answers", echo=True)  # at 127.0.0.1 alone
        trunk = self.stage.trunk(proxy.port, [number[1:]], host="both.example")
        self.addCleanup(self.stage.rest.delete, f"/v1/trunks/{trunk['id']}")
        wanted = [f"udp {address}:{proxy.port}" for address in ("[::1]", "127.0.0.1")]
        known = lambda: [one["target"] for one in self.status(trunk)["targets"]]
        processes.wait_until("the answer of the DNS", lambda: known() == wanted, PATIENCE_S)
        codes = [attempt["sip_code"] for attempt in self.call(number)["attempts"]]
        self.assertEqual((2, 200), (len(codes), codes[-1]), codes)
        self.assertEqual(0, proxy.finish(PATIENCE_S), proxy.complaint())
        self.assertIn("c=IN IP4 127.0.0.1", proxy._messages_file())
        self.assert_sound()

    def test_its_calls_in_show_a_digest(self):
        _, trunk = self.carrier(probes=False, inbound_proof="both", inbound_sources=["127.0.0.1"], inbound_digest=DIGEST)
        self.assertEqual({"username": "carrier7"}, trunk["inbound_digest"])
        guessing = self.stage.caller("caller_authenticates", ALICE_NUMBER, keys={"password": "guess"})
        self.assertNotEqual(0, guessing.finish(PATIENCE_S))
        self.assertIn("SIP/2.0 403 Forbidden", guessing.messages())
        self.answered_call_in("caller_authenticates", keys={"password": "secret"})
        self.assert_sound()

    def test_a_digest_alone_is_enough_from_anywhere(self):
        """No list of addresses: the caller comes from where no trunk is."""
        digest = {"username": "roaming", "password": "secret"}
        self.carrier(probes=False, inbound_proof="digest", inbound_digest=digest)
        caller = DigestCaller("127.0.0.5", self.stage.gateway.sip_port, ALICE_NUMBER, "roaming")
        self.addCleanup(caller.close)
        status, asked = caller.call()
        self.assertEqual(401, status)
        challenge = re.search(r"^WWW-Authenticate: (.*)$", asked, re.MULTILINE)[1]
        self.assertNotIn("stale=true", challenge)
        self.assertEqual(403, caller.call(caller.authorization(challenge, "guess"))[0])
        status, asked_again = caller.call(caller.authorization(challenge, "secret", nonce="0" * 80))
        self.assertEqual((401, True), (status, "stale=true" in asked_again), "a nonce that is none of ours")
        known = len(self.stage.records(self.alice))
        running = self.alice.start("answer", "--count", 1, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        right = caller.authorization(challenge, "secret")
        self.assertEqual(200, caller.call(right)[0])
        running.finish(PATIENCE_S)
        record = self.stage.latest_record(self.alice, known)
        self.assertEqual(("in", "normal", "caller"), (record["direction"], record["reason"], record["hung_up_by"]))
        status, heard_again = caller.call(right)  # as who has listened would
        self.assertEqual((401, True), (status, "stale=true" in heard_again))
        self.assert_sound()

    def test_its_calls_in_come_from_where_its_name_leads_to(self):
        _, trunk = self.carrier(probes=False)
        processes.wait_until("the answer of the DNS", lambda: self.status(trunk)["targets"], PATIENCE_S)
        self.assertEqual([f"udp 127.0.0.1:{port}" for port in self.ports], [one["target"] for one in self.status(trunk)["targets"]])
        redirected = "Diversion: <sip:+16505550199@127.0.0.1>;reason=deflection"
        self.answered_call_in("caller_was_redirected", 30, keys={"redirections": redirected})
        self.assert_sound()

    def test_it_registers_at_the_second_proxy_when_the_first_is_dead(self):
        first, second = (Answerer(port) for port in self.ports)
        for proxy in (first, second):
            self.addCleanup(proxy.close)
        first.lives = False
        digest = {"username": "trunk7", "password": "secret", "realm": "carrier.example"}
        _, trunk = self.carrier(probes=False, registers=True, digest=digest)
        processes.wait_until("its registration", lambda: self.status(trunk)["registration"] == "registered", PATIENCE_S)
        self.assertIn("REGISTER", first.requests)
        self.assertIn("REGISTER", second.requests)


if __name__ == "__main__":
    unittest.main(verbosity=2)
