# SPDX-License-Identifier: Apache-2.0
"""Which carrier a call is offered to, and to which one next: by cost, health, room and the carriers' own words, each far end a
sipp or a plain socket that speaks just as much SIP as it must."""

import datetime
import json
import os
import socket
import subprocess
import threading
import unittest
import urllib.request

from stage import PATIENCE_S, StageTest, processes, program
from receiver import Receiver
from wire_peer import WirePeer

DEAR, CHEAP = ("prefix,destination,price_per_minute\n44,United Kingdom,%s\n" % price for price in ("0.30", "0.02"))


class Answerer:
    """A far end that answers OPTIONS and REGISTER with 200 while it `lives`, and nothing else; it remembers the requests."""

    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.lives = True
        self.requests = []
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while data := self.socket.recv(65536):
            self.requests.append(data.split(b" ", 1)[0].decode(errors="replace"))
            if not self.lives or not data.startswith((b"OPTIONS ", b"REGISTER ")):
                continue
            wanted = (b"via", b"from", b"to", b"call-id", b"cseq", b"contact", b"expires")
            lines = [line for line in data.split(b"\r\n") if line.split(b":")[0].strip().lower() in wanted]
            via = next(line for line in lines if line.lower().startswith(b"via"))
            host, _, port = via.split()[2].split(b";")[0].partition(b":")
            answer = b"\r\n".join([b"SIP/2.0 200 OK", *lines, b"Content-Length: 0", b"", b""])
            self.socket.sendto(answer, (host.decode(), int(port or 5060)))

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join(5)
        self.socket.close()


DESCRIPTION = "\r\n".join(("v=0", "o=far 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "m=audio 9 RTP/AVP 8",
                           "a=rtpmap:8 PCMA/8000", ""))


class Proxy(Answerer):
    """Says `invite` to every INVITE, status after status (as a proxy with nobody behind it: 100 alone), and `cancelled` to it when the
    CANCEL comes: a 200, where its answer crosses that. It acknowledges a BYE."""

    def __init__(self, *invite, cancelled="487 Request Terminated"):
        self.invite, self.cancelled = invite, cancelled
        super().__init__()

    def _listen(self):
        invites = {}
        while data := self.socket.recv(65536):
            if data.startswith(b"SIP/2.0 "):
                continue
            method = data.split(b" ", 1)[0].decode(errors="replace")
            self.requests.append(method)
            call = next(line for line in data.split(b"\r\n") if line.lower().startswith(b"call-id:"))
            if method == "INVITE":
                repeated = call in invites
                invites[call] = data
                for status in self.invite[:1] if repeated else self.invite:
                    self._answer(data, status)
            if method in ("CANCEL", "BYE"):
                self._answer(data, "200 OK")
            if method == "CANCEL":
                self._answer(invites[call], self.cancelled)

    def _answer(self, request, status):
        wanted = (b"via", b"from", b"to", b"call-id", b"cseq")
        lines = [line for line in request.split(b"\r\n\r\n")[0].split(b"\r\n") if line.split(b":")[0].strip().lower() in wanted]
        via = next(line for line in lines if line.lower().startswith(b"via"))
        host, _, port = via.split()[2].split(b";")[0].partition(b":")
        body = b""
        if request.startswith(b"INVITE ") and not status.startswith("100"):
            lines = [line + b";tag=far" if line.lower().startswith(b"to:") else line for line in lines]
            lines.append(b"Contact: <sip:127.0.0.1:%d>" % self.port)
            if status.startswith("200"):
                lines.append(b"Content-Type: application/sdp")
                body = DESCRIPTION.encode()
        head = [b"SIP/2.0 " + status.encode(), *lines, b"Content-Length: %d" % len(body), b"", body]
        self.socket.sendto(b"\r\n".join(head), (host.decode(), int(port or 5060)))


class Routing(StageTest):
    settings = {
        "billing.report_interval_s": 1, "overlay.calls_per_subscriber": 4, "sip.invite_timeout_s": 1,
        "sip.progress_timeout_s": 4, "sip.options_interval_s": 1, "sip.options_down_interval_s": 1, "sip.options_failures": 2,
        "routing.order": "priority,quality,cost", "routing.quality_least_calls": 1, "notify.webhook_networks": "127.0.0.1",
    }

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00")
        cls.numbers = (f"+4420794602{number:02d}" for number in range(100))

    def carrier(self, name, deck=None, **fields):
        """A carrier of its own; `deck`: what it charges."""
        identity = self.stage.rest.post("/v1/carriers", {"name": name, **fields})["id"]
        if deck:
            self.stage.rest.post_csv("/v1/rate_imports", deck.encode(), deck=name, currency="EUR", kind="cost")
            self.stage.rest.put(f"/v1/carriers/{identity}/cost_deck", {"deck": name})
        return identity

    def refuser(self, refusal, number, **fields):
        agent = self.stage.called("called_refuses", keys={"refusal": refusal})
        return agent, self.stage.trunk(agent.port, [number[1:]], **fields)

    def answerer(self, number, **fields):
        agent = self.stage.called("called_answers", echo=True)
        return agent, self.stage.trunk(agent.port, [number[1:]], **fields)

    def proxy(self, number, *statuses, cancelled="487 Request Terminated", **fields):
        made = Proxy(*statuses, cancelled=cancelled)
        self.addCleanup(made.close)
        return made, self.stage.trunk(made.port, [number[1:]], **fields)

    def wire_peer(self):
        """Another device of Alice's, which says what a test wants when it wants."""
        device = WirePeer(self.stage.output / f"wire-{self.id()}", self.stage.gateway.overlay_port, "alice", self.alice.passphrase)
        self.addCleanup(device.close)
        device.attach()
        return device

    def tollgate(self, *words):
        environment = {**os.environ, "TOLLGATE_ADMIN_TOKEN": self.stage.gateway.admin_token}
        command = [program("tollgate"), *words, "--url", self.stage.gateway.api_url]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

    def call(self, number, *arguments, device=None):
        known = len(self.stage.records(self.alice))
        running = (device or self.alice).start("call", number, *arguments)
        running.finish(PATIENCE_S)
        ended = running.event("ended")
        self.assertIsNotNone(ended, running.events[-1:])
        return ended, self.stage.latest_record(self.alice, known)

    def attempts(self, record):
        return [(attempt["trunk"], attempt["sip_code"]) for attempt in record["attempts"]]

    def simulate(self, number, **query):
        return self.stage.rest.post("/v1/route_simulations", dict(number=number, **query))

    def verdicts(self, number, **query):
        """Of the trunks that serve this number, in their order."""
        found = self.simulate(number, account_id=self.alice.account_id, **query)["trunks"]
        return [(one["trunk"], one["verdict"]) for one in found if one["verdict"] != "other_destinations"]

    def assert_as_written(self, *agents):
        for agent in agents:
            self.assertEqual(0, agent.finish(PATIENCE_S), agent.complaint())

    def test_the_cheapest_carrier_is_called_and_the_simulation_says_so_before(self):
        number = next(self.numbers)
        dear, _ = self.answerer(number, carrier_id=self.carrier("dear", DEAR))
        cheap, cheap_trunk = self.answerer(number, carrier_id=self.carrier("cheap", CHEAP))
        told = self.simulate(number, account_id=self.alice.account_id)
        self.assertEqual(("ok", number, "GB"), (told["verdict"], told["number"], told["region"]))
        self.assertEqual(600_000, told["price"]["price_per_minute_micros"])
        chosen = [one for one in told["trunks"] if one["verdict"] == "chosen"]
        self.assertEqual([20_000, 300_000], [one["cost"]["price_per_minute_micros"] for one in chosen])
        self.assertEqual(cheap_trunk["name"], chosen[0]["trunk"])
        ended, record = self.call(number, "--duration", 1)
        self.assert_as_written(cheap)
        self.assertEqual("normal", ended["code"])
        self.assertEqual([(cheap_trunk["name"], 200)], self.attempts(record))
        self.assertEqual([], dear.messages())  # not even the simulation came near it
        self.assertEqual(("cheap", "0.02"), (record["cost_rate"]["deck"], record["cost_rate"]["price_per_minute"]))
        self.assertEqual(20_000, record["cost_micros"])
        self.assertEqual(record["charged_micros"] - record["cost_micros"], record["margin_micros"])

    def test_the_command_line_simulates_as_well(self):
        number = next(self.numbers)
        _, trunk = self.answerer(number)
        simulate = ("simulate", number, "--region", "GB")
        shown = self.tollgate(*simulate)
        self.assertEqual(0, shown.returncode, shown.stderr)
        first = next(line for line in shown.stdout.splitlines() if line.startswith("1 "))
        self.assertEqual([trunk["name"], "chosen"], first.split()[1:3])
        told = json.loads(self.tollgate(*simulate, "--json").stdout)
        self.assertEqual("ok", told["verdict"])
        self.assertEqual([f"udp 127.0.0.1:{trunk['port']}"], next(one["targets"] for one in told["trunks"] if one["trunk"] == trunk["name"]))
        for dialled, verdict in (("112", "emergency"), ("+447", "too_short"), ("+14155552671", "no_rate")):
            self.assertEqual(verdict, self.simulate(dialled, region="GB")["verdict"])

    def test_the_next_carrier_follows_only_where_the_status_allows_it(self):
        for refusal, fields, next_one in (
            ("480 Temporarily Unavailable", {}, True), ("404 Not Found", {}, False),
            ("404 Not Found", {"failover_codes": [404, 403]}, True),
            ("503 Service Unavailable\nReason: Q.850;cause=17", {}, False),
        ):
            with self.subTest(refusal, **fields):
                number = next(self.numbers)
                first, first_trunk = self.refuser(refusal, number, **fields)
                second, second_trunk = self.answerer(number, priority=1)
                _, record = self.call(number, "--duration", 1)
                expected = [(first_trunk["name"], int(refusal[:3]))]
                expected += [(second_trunk["name"], 200)] if next_one else []
                self.assertEqual(expected, self.attempts(record))
                self.assert_as_written(first, *([second] if next_one else []))
                second.stop()
        self.assert_sound()

    def test_a_carrier_that_asks_to_be_left_alone_gets_no_more_calls(self):
        number = next(self.numbers)
        first, first_trunk = self.refuser("503 Service Unavailable\nRetry-After: 120", number)
        second = self.stage.called("called_answers", echo=True, calls=2)
        second_trunk = self.stage.trunk(second.port, [number[1:]], priority=1)
        _, record = self.call(number, "--duration", 1)
        self.assertEqual([(first_trunk["name"], 503), (second_trunk["name"], 200)], self.attempts(record))
        self.assertEqual([(second_trunk["name"], "chosen"), (first_trunk["name"], "resting")], self.verdicts(number))
        told = self.metrics()
        self.assertEqual((1, 1, 0), (told("up", first_trunk), told("resting", first_trunk), told("resting", second_trunk)))
        _, record = self.call(number, "--duration", 1)
        self.assertEqual([(first_trunk["name"], 0), (second_trunk["name"], 200)], self.attempts(record))
        self.assertEqual(("resting", "", ""), tuple(record["attempts"][0][name] for name in ("reason", "target", "sip_call_id")))
        self.assert_as_written(first, second)

    def test_a_carrier_that_gets_no_further_than_100_is_followed_by_the_next_trunk(self):
        number = next(self.numbers)
        proxy, proxied = self.proxy(number, "100 Trying")
        second, second_trunk = self.answerer(number, priority=1)
        ended, record = self.call(number, "--duration", 1)
        self.assert_as_written(second)
        self.assertEqual("normal", ended["code"])
        self.assertEqual([(proxied["name"], 408), (second_trunk["name"], 200)], self.attempts(record))
        self.assertEqual(["INVITE", "CANCEL", "ACK"], proxy.requests)

    def test_a_trunk_that_rings_and_then_fails_is_followed_by_the_next_one(self):
        number = next(self.numbers)
        first, first_trunk = self.proxy(number, "100 Trying", "180 Ringing", "503 Service Unavailable\r\nReason: Q.850;cause=41")
        second, second_trunk = self.answerer(number, priority=1)
        ended, record = self.call(number, "--duration", 1)
        self.assert_as_written(second)
        self.assertEqual("normal", ended["code"])
        self.assertEqual([(first_trunk["name"], 503), (second_trunk["name"], 200)], self.attempts(record))
        failed, answered = record["attempts"]
        self.assertEqual((41, f"udp 127.0.0.1:{first.port}"), (failed["q850_cause"], failed["target"]))
        self.assertEqual(f"udp 127.0.0.1:{second.port}", answered["target"])
        for attempt in record["attempts"]:
            self.assertIsInstance(attempt["post_dial_delay_ms"], int)
        self.assertEqual(second.header("Call-ID").strip(), answered["sip_call_id"])
        self.assertNotEqual(failed["sip_call_id"], answered["sip_call_id"])

    def test_an_answer_that_crosses_the_cancel_is_in_the_record_with_its_cost(self):
        number = next(self.numbers)
        proxy, trunk = self.proxy(number, "100 Trying", "180 Ringing", cancelled="200 OK", carrier_id=self.carrier("hasty", DEAR))
        known = len(self.stage.records(self.alice))
        device = self.wire_peer()
        call = device.offer(number)
        processes.wait_until("the INVITE", lambda: proxy.requests, PATIENCE_S)
        device.send({"v": 1, "t": "hangup", "call": call, "body": {"code": "cancelled", "text": ""}})
        record = self.stage.latest_record(self.alice, known)
        processes.wait_until("the end of the answer", lambda: "BYE" in proxy.requests, PATIENCE_S)
        self.assertEqual(("cancelled", 0, 0), (record["reason"], record["talk_ms"], record["charged_micros"]))
        self.assertEqual([(trunk["name"], 200)], self.attempts(record))
        attempt = record["attempts"][0]
        self.assertGreater(attempt["connected_ms"], 0)
        self.assertEqual(300_000, attempt["cost_micros"])  # a minute is the least that it charges
        self.assertEqual((300_000, -300_000), (record["cost_micros"], record["margin_micros"]))
        theirs = self.stage.output / "hasty.csv"
        theirs.write_text(f"called,time,seconds,amount\n{number[1:]},{attempt['at'][:19]}Z,1,0.30\n")
        days = [(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n)).date().isoformat() for n in (-1, 2)]
        compared = self.tollgate("cdr", "reconcile", "--from", days[0], "--until", days[1], "--carrier-csv", theirs, "--trunk", trunk["name"])
        self.assertEqual(0, compared.returncode, compared.stdout + compared.stderr)
        self.assert_sound()

    def test_a_trunk_gets_no_more_calls_a_second_than_it_takes(self):
        number = next(self.numbers)
        slow = self.carrier("slow", capacity_calls_per_second=1)
        _, first_trunk = self.proxy(number, "486 Busy Here", carrier_id=slow)
        _, second_trunk = self.proxy(number, "486 Busy Here", priority=1, capacity_calls_per_second=100)
        device = self.wire_peer()
        records = []
        for _ in range(5):  # a machine may be too busy to have two calls in one second
            known = len(self.stage.records(self.alice))
            for _ in range(2):
                device.offer(number)
            self.stage.latest_record(self.alice, known + 1)
            records += self.stage.records(self.alice)[:2]
            if any(len(record["attempts"]) == 2 for record in records):
                break
        told = [[(attempt["trunk"], attempt["sip_code"], attempt["reason"]) for attempt in record["attempts"]] for record in records]
        self.assertIn([(first_trunk["name"], 0, "carrier_too_fast"), (second_trunk["name"], 486, "Busy Here")], told)
        at = sorted(datetime.datetime.fromisoformat(attempt["at"].replace("Z", "+00:00")) for record in records
                    for attempt in record["attempts"] if (attempt["trunk"], attempt["sip_code"]) == (first_trunk["name"], 486))
        for one, next_one in zip(at, at[1:]):
            self.assertGreater(next_one - one, datetime.timedelta(seconds=0.9))  # wall clock here, steady clock there

    def test_a_trunk_of_bad_quality_comes_after_a_dearer_one(self):
        number = next(self.numbers)
        bad, bad_trunk = self.refuser("480 Temporarily Unavailable", number, carrier_id=self.carrier("bad", CHEAP))
        good, good_trunk = self.answerer(number, carrier_id=self.carrier("good", DEAR))
        self.assertEqual([bad_trunk["name"], good_trunk["name"]], [name for name, _ in self.verdicts(number)])
        _, record = self.call(number, "--duration", 1)
        self.assertEqual([(bad_trunk["name"], 480), (good_trunk["name"], 200)], self.attempts(record))
        self.assertEqual([good_trunk["name"], bad_trunk["name"]], [name for name, _ in self.verdicts(number)])
        self.assert_as_written(bad, good)

    def test_calls_in_beyond_a_trunks_room_are_refused(self):
        alice = self.stage.subscriber("allie", credit="30.00", number="+16505550177")
        carrier = self.stage.trunk(self.stage.free_port(), ["4415"], host="127.0.0.3", capacity_calls=1)
        self.addCleanup(self.stage.rest.delete, f"/v1/trunks/{carrier['id']}")
        running = alice.start("answer", "--count", 1, "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        first = self.stage.caller("caller_holds", "+16505550177", address="127.0.0.3", echo=True, keys={"hold": "4000"})
        running.await_event("answered", PATIENCE_S)
        second = self.stage.caller("caller_is_refused", "+16505550177", address="127.0.0.3")
        self.assert_as_written(second)
        self.assertIn("SIP/2.0 503 Service Unavailable", second.messages())
        self.assertTrue(second.has_header("Retry-After"))
        self.assert_as_written(first)
        self.stage.await_no_call()
        self.assertEqual(1, len(self.stage.records(alice)))
        told = self.metrics()
        self.assertEqual((1, 1), (told("calls_in_total", carrier), told("calls_in_refused_total", carrier)))

    def metrics(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.stage.rest.url + "/metrics", timeout=PATIENCE_S) as answer:
            lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
        return lambda name, trunk, more="": float(lines[f'tollgate_trunk_{name}{{trunk="{trunk["name"]}"{more}}}'])

    def test_what_each_trunk_did_is_told(self):
        number = next(self.numbers)
        first, first_trunk = self.refuser("480 Temporarily Unavailable", number)
        second, second_trunk = self.answerer(number, priority=1)
        self.call(number, "--duration", 2)
        self.assert_as_written(first, second)
        told = self.metrics()
        for trunk, code in ((first_trunk, 480), (second_trunk, 200)):
            self.assertEqual((1, 1, 0, code == 200), (told("attempts_total", trunk), told("codes_total", trunk, f',code="{code}"'),
                                                      told("calls", trunk), told("answered_total", trunk)))
        self.assertGreaterEqual(told("talk_seconds_total", second_trunk), 2)
        self.assertEqual(1, told("post_dial_delay_seconds_count", second_trunk))
        recent = {one["id"]: one["status"]["recent"] for one in self.stage.rest.get("/v1/trunks")["items"]}
        self.assertEqual((1, 0, 0, None), tuple(recent[first_trunk["id"]][name] for name in (
            "attempts", "answered", "answer_seizure_ratio", "average_call_duration_ms")))
        self.assertEqual((1, 1, 1), tuple(recent[second_trunk["id"]][name] for name in (
            "attempts", "answered", "answer_seizure_ratio")))
        self.assertGreaterEqual(recent[second_trunk["id"]]["average_call_duration_ms"], 2000)
        self.assertIsInstance(recent[second_trunk["id"]]["post_dial_delay_ms"], int)

    def test_a_full_carrier_gets_no_call_over_any_of_its_trunks(self):
        number = next(self.numbers)
        small = self.carrier("small", capacity_calls=1)
        _, first_trunk = self.answerer(number, carrier_id=small)
        second, second_trunk = self.answerer(number, carrier_id=small, priority=1)
        running = self.alice.start("call", number, "--duration", 30)
        running.await_event("answered", PATIENCE_S)
        self.assertEqual({(first_trunk["name"], "carrier_full"), (second_trunk["name"], "carrier_full")},
                         set(self.verdicts(number)))
        self.assertEqual("no_route", self.simulate(number)["verdict"])
        ended, record = self.call(number, device=self.stage.second_device(self.alice))  # the first one stays with its call
        self.assertEqual("no_route", ended["code"])
        self.assertEqual({(first_trunk["name"], 0, "carrier_full"), (second_trunk["name"], 0, "carrier_full")},
                         {(one["trunk"], one["sip_code"], one["reason"]) for one in record["attempts"]})
        running.process.terminate()
        running.finish(PATIENCE_S)
        self.stage.await_no_call()
        self.assertEqual([(first_trunk["name"], "chosen"), (second_trunk["name"], "chosen")], self.verdicts(number))
        self.assertEqual([], second.messages())

    def test_a_trunk_registers_for_as_long_as_it_is_to(self):
        number = next(self.numbers)
        registrar = Answerer()
        self.addCleanup(registrar.close)
        digest = {"username": "trunk7", "password": "secret", "realm": "carrier.example"}
        trunk = self.stage.trunk(registrar.port, [number[1:]], registers=True, digest=digest)
        state = lambda: next(one["registration"] for one in self.stage.rest.get("/v1/status")["trunks"] if one["id"] == trunk["id"])
        processes.wait_until("its registration", lambda: state() == "registered", PATIENCE_S)
        fields = {name: trunk[name] for name in ("name", "carrier_id", "host", "port", "served_prefixes", "probes")}
        self.stage.rest.put(f"/v1/trunks/{trunk['id']}", fields)
        processes.wait_until("its end", lambda: state() == "" and registrar.requests.count("REGISTER") > 1, PATIENCE_S)

    def test_a_dead_trunk_is_out_and_comes_back(self):
        number = next(self.numbers)
        first = self.stage.called("called_is_asked", calls=100_000)
        first_trunk = self.stage.trunk(first.port, [number[1:]], probes=True)
        hooks = Receiver()
        self.addCleanup(hooks.close)
        self.stage.rest.post("/v1/webhooks", {"url": hooks.url("/trunks"), "event_types": ["trunk.down", "trunk.up"]})
        second, second_trunk = self.answerer(number, priority=1)
        names = first_trunk["name"], second_trunk["name"]
        seen = lambda wanted: lambda: self.verdicts(number) == wanted
        processes.wait_until("the first answer to OPTIONS", lambda: any(one.startswith("OPTIONS") for one in first.messages()), PATIENCE_S)
        self.assertEqual([(names[0], "chosen"), (names[1], "chosen")], self.verdicts(number))
        first.stop()
        processes.wait_until("its being out", seen([(names[1], "chosen"), (names[0], "down")]), PATIENCE_S)
        _, record = self.call(number, "--duration", 1)
        self.assertEqual([(names[0], 0, "down"), (names[1], 200, "OK")],
                         [(one["trunk"], one["sip_code"], one["reason"]) for one in record["attempts"]])
        again = self.stage.called("called_is_asked", port=first.port, calls=100_000)
        processes.wait_until("its being back", seen([(names[0], "chosen"), (names[1], "chosen")]), PATIENCE_S)
        self.assertEqual(set(), {one for agent in (first, again) for one in agent.messages() if not one.startswith("OPTIONS")})
        told = lambda events: [one["type"] for one in events if one["resource"] == f"trunk:{first_trunk['id']}"]
        processes.wait_until("the events", lambda: told(self.stage.rest.get("/v1/events", type="trunk.down,trunk.up")["items"])[-2:] == ["trunk.down", "trunk.up"], PATIENCE_S)
        processes.wait_until("the webhook", lambda: told(hooks.events("/trunks"))[-2:] == ["trunk.down", "trunk.up"], PATIENCE_S)
        self.assertEqual(2, len(told(hooks.events("/trunks"))), "each once")
        self.assert_as_written(second)


if __name__ == "__main__":
    unittest.main(verbosity=2)
