# SPDX-License-Identifier: Apache-2.0
"""A stranger's flood of INVITEs, and a SIP path that loses messages: calls over trunks are set up, heard, and billed once."""

import collections
import contextlib
import pathlib
import random
import re
import socket
import threading
import time
import unittest
import urllib.request

from sipp_agent import Sipp
from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest, processes, program

FLOOD_PER_S = 500
SPEECH_S = 6
CALLS = 4
BOB_NUMBER = "+16505550101"
STRANGER_SOURCES, CONNECTIONS_OF_A_STRANGER = 20, 40
SEED = 11
LOSS = 0.30  # of datagrams, either way
LOST_IN_A_ROW = 2  # at most, of the same datagram: what chance does beyond that no time-out of ours could wait for

STRANGERS_INVITE = """\
INVITE sip:+16505550101@127.0.0.1 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK{number}\r
From: <sip:stranger@127.0.0.9>;tag={number}\r
To: <sip:+16505550101@127.0.0.1>\r
Call-ID: flood-{number}\r
CSeq: 1 INVITE\r
Max-Forwards: 70\r
Contact: <sip:stranger@127.0.0.9>\r
Content-Length: 0\r
\r
"""


class Flood:
    """INVITEs from 127.0.0.9, which is no trunk's address, each a new call."""

    def __init__(self, port):
        self.port, self.sent, self.stopped = port, 0, False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.9", 0))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        begun = time.monotonic()
        while not self.stopped:
            while self.sent < (time.monotonic() - begun) * FLOOD_PER_S:
                self.sent += 1
                self.socket.sendto(STRANGERS_INVITE.format(number=self.sent).encode(), ("127.0.0.1", self.port))
            time.sleep(0.01)

    def stop(self):
        self.stopped = True
        self.thread.join(10)
        self.socket.close()


class LossyRelay:
    """Stands between the gateway and the far end of a trunk, one UDP port for both; drops what its seed says. It answers OPTIONS
    itself, as lossily."""

    def __init__(self, gateway_port, far_port, seed):
        self.gateway, self.far = ("127.0.0.1", gateway_port), ("127.0.0.1", far_port)
        self.random = random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.passed = self.dropped = self.probes = 0
        self.lost = collections.Counter()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            if not data:
                return
            if self._is_lost(data):
                continue
            if data.startswith(b"OPTIONS "):
                answer = self._answer(data)
                if not self._is_lost(answer):
                    self.probes += 1
                    self.socket.sendto(answer, source)
                continue
            self.passed += 1
            self.socket.sendto(data, self.far if source == self.gateway else self.gateway)

    def _is_lost(self, data):
        if self.random.random() >= LOSS or self.lost[data] == LOST_IN_A_ROW:
            return False
        self.lost[data] += 1
        self.dropped += 1
        return True

    @staticmethod
    def _answer(request):
        kept = [line for line in request.split(b"\r\n")[1:] if line.split(b":")[0].lower() in (b"via", b"from", b"to", b"call-id", b"cseq")]
        kept = [line + b";tag=relay" if line.lower().startswith(b"to:") else line for line in kept]
        return b"\r\n".join([b"SIP/2.0 200 OK", *kept, b"Content-Length: 0", b"", b""])

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(10)
        self.socket.close()


class Robustness(StageTest):
    settings = {"billing.report_interval_s": 1, "sip.invite_timeout_s": 20, "sip.stranger_idle_s": 3, "sip.options_interval_s": 1}

    @classmethod
    def prepare(cls, stage):
        cls.callers = [stage.subscriber(f"caller{number}", credit="20.00") for number in range(CALLS)]
        cls.bob = stage.subscriber("bob", credit="20.00", number=BOB_NUMBER)
        stage.trunk(stage.free_port(), ["4413"])  # serves nothing here, but callers from its host are taken

    def metric(self, name):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.stage.rest.url + "/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name)

    def gateway_kib(self):
        with open(f"/proc/{self.stage.gateway.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

    def test_a_flood_of_strangers_disturbs_no_call(self):
        number = "+442079460401"
        plays = self.stage.speech("landline_plays", "demo-instruct", SPEECH_S, voice=0.85, then_silence_s=60)
        said = self.stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        spoken, heard, heard_far = self.stage.speech("spoken", "demo-congrats", SPEECH_S), self.stage.wav("heard"), self.stage.wav("heard_far")
        telephone = self.stage.telephone(plays, (number,))
        self.stage.trunk(telephone.sip_port, [number[1:]])
        log_before = len(self.stage.gateway.log_file.read_text(errors="replace").splitlines())
        flood = Flood(self.stage.gateway.sip_port)
        self.addCleanup(flood.stop)
        processes.wait_until("the flood", lambda: self.metric('tollgate_sip_strangers_total{outcome="dropped"}') > 100, PATIENCE_S)
        kib = self.gateway_kib()
        known = telephone.recordings()
        running = self.callers[0].start("call", number, "--play", spoken, "--record", heard, "--duration", SPEECH_S + 1)
        running.finish(PATIENCE_S)
        self.assertEqual("normal", running.event("ended")["code"])
        telephone.keep_recording(known, heard_far)
        refused, dropped = (self.metric('tollgate_sip_strangers_total{outcome="%s"}' % which) for which in ("refused", "dropped"))
        flood.stop()
        self.assertGreater(dropped, SPEECH_S * FLOOD_PER_S / 2, "the flood has arrived")
        self.assertLess(refused, dropped / 2)
        if b"__asan_init" not in program("tollgate").read_bytes():  # AddressSanitizer keeps what was freed for a while
            self.assertLess(self.gateway_kib() - kib, 64 * 1024, "no transactions pile up")
        log = self.stage.gateway.log_file.read_text(errors="replace").splitlines()[log_before:]
        self.assertIn("event=sip_flood", "\n".join(log))
        self.assertLess(len(log), 60, "a line for each INVITE would be thousands")
        self.assert_heard(said, heard)
        self.assert_heard(spoken, heard_far)
        self.assert_sound()

    def test_strangers_connections_leave_room_for_calls(self):
        number, port = "+442079460404", self.stage.gateway.sip_port
        carrier = self.stage.called("called_answers", echo=True, transport="t1")
        self.stage.trunk(carrier.port, [number[1:]], transport="tcp")
        cut_before = self.metric("tollgate_sip_stranger_connections_cut_total")
        strangers = []
        for source in range(STRANGER_SOURCES):
            for connection in range(CONNECTIONS_OF_A_STRANGER):
                one = socket.create_connection(("127.0.0.1", port), PATIENCE_S, (f"127.0.0.{20 + source}", 0))
                self.addCleanup(one.close)
                if connection % 2:
                    with contextlib.suppress(ConnectionError):
                        one.sendall(b"INVITE sip:+16505550101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.20\r\nTo: half")
                strangers.append(one)
        held = len(list(pathlib.Path(f"/proc/{self.stage.gateway.process.pid}/fd").iterdir()))
        self.assertLess(held, STRANGER_SOURCES * CONNECTIONS_OF_A_STRANGER)
        running = self.callers[0].start("call", number, "--play", "tone", "--duration", 1)
        running.finish(PATIENCE_S)
        self.assertEqual(("normal", True), (running.event("ended")["code"], running.event("ended")["answered"]))
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        for one in strangers:
            try:
                self.assertEqual(b"", one.recv(1))
            except ConnectionResetError:
                pass  # it had sent what nobody read
        cut = self.metric("tollgate_sip_stranger_connections_cut_total") - cut_before
        self.assertEqual(len(strangers), cut)
        self.assert_sound()

    def forged(self, invite, answer):
        """Requests of one who has overheard the dialog but is no party of it, or who repeats what is old."""
        header = lambda text, name: re.search(rf"^{name}: *(.*?)\r?$", text, re.MULTILINE)[1]
        ours, theirs, call_id = header(answer, "From"), header(answer, "To"), header(answer, "Call-ID")
        number = header(invite, "CSeq").split()[0]
        elsewhere = ("v=0\r\no=x 1 9 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
                     "a=rtpmap:8 PCMA/8000\r\n")

        def request(method, sender, recipient, sequence, body=""):
            lines = [f"{method} sip:gateway@127.0.0.1:{self.stage.gateway.sip_port} SIP/2.0",
                     f"Via: SIP/2.0/UDP 127.0.0.9:5099;branch=z9hG4bK{time.monotonic_ns()}", f"From: {sender}", f"To: {recipient}",
                     f"Call-ID: {call_id}", f"CSeq: {sequence} {method}", "Max-Forwards: 70", "Contact: <sip:x@127.0.0.9:5099>"]
            lines += ["Content-Type: application/sdp"] if body else []
            return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()

        wrong = lambda tagged: re.sub(r";tag=.*", ";tag=forged", tagged)
        for method in ("BYE", "INVITE", "UPDATE"):
            body = elsewhere if method != "BYE" else ""
            yield request(method, wrong(theirs), ours, 900, body)
            yield request(method, theirs, wrong(ours), 900, body)
        yield request("CANCEL", ours, theirs.partition(";tag=")[0], number)
        yield request("CANCEL", theirs, ours, 900)
        yield request("ACK", theirs, ours, 900, elsewhere)

    def test_requests_of_no_party_change_neither_bill_nor_media(self):
        number = "+442079460403"
        carrier = self.stage.called("called_answers", echo=True)
        self.stage.trunk(carrier.port, [number[1:]])
        said, heard = self.stage.speech("dialog_said", "demo-congrats", SPEECH_S), self.stage.wav("dialog_heard")
        running = self.callers[0].start("call", number, "--play", said, "--record", heard, "--duration", SPEECH_S + 1)
        running.await_event("answered", PATIENCE_S)
        call_id = self.stage.live_calls()[0]["call_id"]
        texts = [one["text"] for one in self.stage.rest.get(f"/v1/traces/{call_id}")["messages"]]
        invite = next(text for text in texts if text.startswith("INVITE"))
        answer = next(text for text in texts if text.startswith("SIP/2.0 200"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.9", 0))
            for _ in range(20):
                for message in self.forged(invite, answer):
                    stranger.sendto(message, ("127.0.0.1", self.stage.gateway.sip_port))
                time.sleep(0.1)
        running.finish(PATIENCE_S)
        ended = running.event("ended")
        self.assertEqual("normal", ended["code"])
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        record = self.stage.record(self.callers[0], call_id)
        self.assertEqual("caller", record["hung_up_by"])
        self.assertGreaterEqual(record["billed_s"], SPEECH_S + 1)
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        self.assert_heard(said, heard)
        self.assert_sound()

    def relay(self, far_port, seed):
        relay = LossyRelay(self.stage.gateway.sip_port, far_port, seed)
        self.addCleanup(relay.close)
        return relay

    def test_calls_out_over_a_lossy_path_are_billed_once(self):
        number, port = "+442079460402", self.stage.free_port()
        relay = self.relay(port, SEED)
        self.stage.called("called_by_relay", port=port, calls=CALLS, echo=True, keys={"relay_port": str(relay.port)})
        trunk = self.stage.trunk(relay.port, [number[1:]], probes=True)
        started = [caller.start("call", number, "--play", "tone", "--duration", 2) for caller in self.callers]
        for running in started:
            running.finish(PATIENCE_S + 40)
            ended = running.event("ended")
            self.assertEqual(("normal", True), (ended["code"], ended["answered"]))
        self.stage.await_no_call()
        for caller, running in zip(self.callers, started):
            self.stage.record(caller, running.event("ended")["summary"]["call_id"])
            records = [record for record in self.stage.records(caller) if record["callee"] == number]
            self.assertEqual(1, len(records), records)
            self.assertEqual(records[0]["billed_s"] * MICROS_PER_SECOND, records[0]["charged_micros"])
        processes.wait_until("health checks", lambda: relay.probes > 3, PATIENCE_S)
        state = next(one for one in self.stage.rest.get("/v1/status")["trunks"] if one["id"] == trunk["id"])
        self.assertTrue(state["up"], state)
        self.assertGreater(relay.dropped, 0)
        self.assert_sound()

    def test_calls_in_over_a_lossy_path_are_answered_once(self):
        waiting = self.bob.start("answer", "--play", "tone")
        waiting.await_event("waiting", PATIENCE_S)
        before = len(self.stage.records(self.bob))
        agents = []
        for number in range(2):
            port = self.stage.free_port()
            relay = self.relay(port, SEED + number)
            agent = Sipp(self.stage.output, "caller_by_relay", port, self.stage.free_port(4), number=BOB_NUMBER, remote=f"127.0.0.1:{relay.port}")
            self.stage.agents.append(agent)
            self.assertEqual(0, agent.finish(PATIENCE_S + 40), agent.complaint())
            agents.append(agent)
        self.stage.await_no_call()
        processes.wait_until("the CDRs", lambda: len(self.stage.records(self.bob)) >= before + 2, PATIENCE_S)
        self.assertEqual(before + 2, len(self.stage.records(self.bob)))
        self.assertEqual(2, sum(event["event"] == "answered" for event in waiting.events), waiting.events)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
