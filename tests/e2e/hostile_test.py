# SPDX-License-Identifier: Apache-2.0
"""Hostile input on every port: the gateway lives, and the call that goes on meanwhile is not disturbed."""

import random
import socket
import ssl
import time
import unittest
import urllib.request

import hostile
from carrier import Carrier
from stage import LANDLINE, PATIENCE_S, StageTest, processes
from wire_peer import OFFER, WirePeer

BOB_NUMBER = "+16505550101"
UNKNOWN_NUMBER = "+16505550199"
SPEECH_S = 9
SEED = 5  # of everything random here
PAUSE_S = 0.002  # between datagrams: this is about what is sent, not about how much


class HostileInput(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00")
        stage.subscriber("bob", credit="20.00", number=BOB_NUMBER)
        stage.rest._ask("PATCH", f"/v1/numbers/{BOB_NUMBER}", b'{"voicemail_enabled": false}', "application/json")
        cls.peer_speech = stage.speech("peer_speech", "demo-congrats", SPEECH_S)
        cls.landline_speech = stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        plays = stage.speech("landline_plays", "demo-instruct", SPEECH_S, voice=0.85, then_silence_s=120)
        cls.telephone = stage.telephone(plays)
        stage.trunk(cls.telephone.sip_port, [LANDLINE[1:]])

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.sockets = []

    def tearDown(self):
        for one in self.sockets:
            one.close()

    def attack_during_a_call(self, attack):
        """Alice and the landline talk while `attack` goes on, again and again; then both have heard each other."""
        name = self.id().rpartition(".")[2]
        heard_by_peer, heard_by_landline = self.stage.wav(f"{name}_peer"), self.stage.wav(f"{name}_landline")
        known = self.telephone.recordings()
        self.telephone.forget()
        running = self.alice.start(
            "call", LANDLINE, "--play", self.peer_speech, "--record", heard_by_peer, "--duration", SPEECH_S + 1,
        )
        running.await_event("answered", PATIENCE_S)
        processes.wait_until("media", lambda: running.event("playing"), PATIENCE_S)
        time.sleep(0.5)  # both sides' first packets: from now on a foreign one has no claim
        end = time.monotonic() + SPEECH_S - 2
        while time.monotonic() < end and running.process.poll() is None:
            attack()
        running.finish(PATIENCE_S)
        self.assert_alive()
        self.assertEqual("normal", running.event("ended")["code"])
        self.telephone.keep_recording(known, heard_by_landline)
        self.assert_heard(self.peer_speech, heard_by_landline)
        self.assert_heard(self.landline_speech, heard_by_peer)
        self.assert_sound()

    def assert_alive(self):
        self.assertIsNone(self.stage.gateway.process.poll(), "the gateway ended; see gateway.log")
        self.assertEqual("ready", self.stage.rest.get("/ready")["status"])

    def metric(self, name):
        """The value of one line of /metrics; 0 when it is missing."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.stage.rest.url + "/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0)

    def udp(self):
        self.sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.sockets[-1].bind(("127.0.0.1", 0))
        return self.sockets[-1]

    def send(self, sender, datagram, port):
        try:
            sender.sendto(datagram, ("127.0.0.1", port))
        except OSError:
            pass  # an ICMP error of an earlier one
        time.sleep(PAUSE_S)

    def tell(self, connection, data):
        """Sends all of it, unless the gateway hangs up before; hears what comes at once."""
        self.sockets.append(connection)
        try:
            connection.sendall(data)
            connection.settimeout(0.05)
            connection.recv(65536)
        except (OSError, ssl.SSLError):
            pass
        time.sleep(PAUSE_S)
        if len(self.sockets) > 100:
            self.sockets.pop(0).close()

    def test_broken_sip_and_sdp_do_not_disturb_a_call(self):
        sender = self.udp()

        def attack():
            port = self.stage.gateway.sip_port
            for message in hostile.sip_messages(self.random, UNKNOWN_NUMBER, BOB_NUMBER):
                self.send(sender, message, port)
            for message in list(hostile.sip_messages(self.random, UNKNOWN_NUMBER, BOB_NUMBER))[:: self.random.randrange(5, 9)]:
                self.tell(hostile.connect(port), message)

        self.attack_during_a_call(attack)

    def test_broken_stun_dtls_and_rtp_do_not_disturb_a_call(self):
        sender = self.udp()
        datagrams = hostile.media_datagrams(self.random)
        low, high = self.stage.gateway.trunk_ports

        def attack():
            for _ in range(20):
                self.send(sender, next(datagrams), self.stage.gateway.media_port)
            for port in range(low, high + 1):
                self.send(sender, next(datagrams), port)
            self.send(sender, b"", self.stage.gateway.media_port)
            self.send(sender, self.random.randbytes(65000), self.stage.gateway.media_port)

        self.attack_during_a_call(attack)
        for side, reason in (("overlay", "foreign_address"), ("overlay", "malformed"), ("overlay", "oversized"),
                             ("trunk", "foreign_address")):
            name = f'tollgate_media_packets_refused_total{{side="{side}",reason="{reason}"}}'
            self.assertGreater(self.metric(name), 0, name)
        for side in ("overlay", "trunk"):
            for direction in ("received", "sent"):
                self.assertGreater(self.metric(f'tollgate_media_packets_{direction}_total{{side="{side}"}}'), 0)

    def test_broken_http_tls_and_signalling_do_not_disturb_a_call(self):
        gateway = self.stage.gateway
        datagrams = hostile.media_datagrams(self.random)

        def attack():
            for request in hostile.http_requests(self.random, gateway.admin_token):
                self.tell(hostile.connect(gateway.api_port), request)
            for _ in range(10):
                self.tell(hostile.connect(gateway.overlay_port), hostile.noise(self.random))
                self.tell(hostile.connect(gateway.media_port), hostile.framed(self.random, next(datagrams)))
            for frame in hostile.signalling_frames(self.random):
                self.tell(hostile.web_socket(gateway.overlay_port), frame)

        self.attack_during_a_call(attack)

    @staticmethod
    def refusal(device, call):
        """With which code the offer is refused."""
        answer = device.await_frame(lambda frame: frame.get("call") == call)
        return answer["body"]["code"] if answer["t"] == "hangup" else answer["t"]

    def test_an_attached_device_that_sends_nonsense_harms_only_itself(self):
        dave = self.stage.subscriber("dave", credit="10.00")
        device = WirePeer(self.stage.output / "wire", self.stage.gateway.overlay_port, "dave", dave.passphrase)
        self.addCleanup(device.close)
        self.assertEqual("attach", device.attach()["t"])
        self.assertEqual(10_000_000, device.request("balance", {})["body"]["available_micros"])

        ringing, number = self.stage.called("called_rings"), "+442079460778"
        self.stage.trunk(ringing.port, [number[1:]])
        call = device.offer(number)
        self.assertIn("a=ice-lite", device.await_frame(lambda frame: frame.get("call") == call)["body"]["sdp"])
        device.await_frame(lambda frame: frame.get("call") == call and frame["body"].get("state") == "ringing")
        device.send({"v": 1, "t": "hangup", "call": call, "body": {"code": "cancelled"}})
        ended = device.await_frame(lambda frame: frame.get("call") == call and frame["t"] == "hangup")
        self.assertEqual("cancelled", ended["body"]["code"])
        self.assertEqual(0, ringing.finish(PATIENCE_S), ringing.complaint())

        for sdp in hostile.broken_offers(OFFER):
            code = self.refusal(device, device.offer(number, sdp))
            self.assertIn(code, ("description_malformed", "description_unsupported"), sdp[:300])
        for code, changed in {
            "token_wrong_call": {"role": "answer"},
            "token_wrong_origin": {"orig": {"uri": "tollgate:alice"}},
            "token_wrong_destination": {"aud": "another"},
            "token_stale": {"iat": 1},
            "token_malformed": {"jti": ""},
            "token_wrong_fingerprint": {"mky": []},
            "token_wrong_profile": {"srtp": "SRTP_AES128_CM_SHA1_80"},
        }.items():
            self.assertEqual(code, self.refusal(device, device.offer(number, **changed)))

        for kind, body, is_request in hostile.broken_requests(self.random):
            try:
                if is_request:
                    device.request(kind, body)
                else:
                    device.send({"v": 1, "t": kind, "call": "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b", "body": body})
            except OSError:  # it was thrown out, which is as good
                device.attach()
        self.assert_alive()
        device.attach()
        self.assertEqual(10_000_000, device.request("balance", {})["body"]["available_micros"])
        self.assert_sound()

    def test_a_carrier_whose_media_is_garbage_harms_nobody(self):
        carrier = Carrier()
        self.addCleanup(carrier.close)
        number = "+442079460777"
        self.stage.trunk(carrier.port, [number[1:]])
        running = self.alice.start("call", number, "--play", "tone", "--duration", 4)
        running.await_event("answered", PATIENCE_S)
        while running.process.poll() is None:
            self.carrier_datagram(carrier, hostile.rtp(self.random))
            self.carrier_datagram(carrier, hostile.noise(self.random))
        self.assertEqual("normal", running.event("ended")["code"])
        self.assert_alive()
        self.assert_sound()

    def carrier_datagram(self, carrier, datagram):
        """From the negotiated address itself, to RTP and RTCP."""
        address, port = carrier.talking_to
        for to in (port, port + 1):
            try:
                carrier.rtp.sendto(datagram, (address, to))
            except OSError:
                pass
        time.sleep(PAUSE_S)

    def test_a_carrier_whose_answer_is_broken_fails_the_call_and_nothing_else(self):
        for index, body in enumerate(hostile.UNUSABLE_SDP):
            with self.subTest(body[:40]):
                carrier = Carrier(body)
                self.addCleanup(carrier.close)
                number = f"+4420794608{index:02d}"
                self.stage.trunk(carrier.port, [number[1:]])
                running = self.alice.start("call", number, "--play", "tone", "--duration", 1)
                running.finish(PATIENCE_S)
                ended = running.event("ended")
                self.assertEqual(("media_refused", False), (ended["code"], ended["answered"]))
                bye = lambda: "BYE" in carrier.requests
                processes.wait_until("a BYE to the answer that was of no use", bye, PATIENCE_S)
        self.assert_alive()
        self.assert_sound()


if __name__ == "__main__":
    unittest.main(verbosity=2)
