# SPDX-License-Identifier: Apache-2.0
"""A carrier behind its own proxy and registrar, a Kamailio: record-routing, digest by 407, and the carrier's failover, in both
directions, by UDP, TCP and TLS with certificates on both sides."""

import pathlib
import re
import shutil
import socket
import tempfile
import time
import unittest

from security_test import make_certificates
from stage import MICROS_PER_SECOND, PATIENCE_S, StageTest, processes

BOB_NUMBER = "+16505550101"
REALM, USER, PASSWORD = "carrier.example", "trunk7", "se:cret"  # of kamailio.cfg
CONFIGURATION = pathlib.Path(__file__).resolve().parent / "kamailio.cfg"
SPEECH_S = 3


class Proxy(StageTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.certificates = pathlib.Path(scratch.name)
        make_certificates(cls.certificates)
        shutil.copy(cls.certificates / "phone.pem", cls.certificates / "proxy.pem")
        tls_port = processes.free_port(set())
        cls.settings = {"billing.report_interval_s": 1, "sip.tls_port": tls_port, "sip.certificate_directory": cls.certificates}
        super().setUpClass()

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00")
        cls.bob = stage.subscriber("bob", credit="20.00", number=BOB_NUMBER)
        cls.port, cls.first, cls.second, cls.tls_port = (stage.free_port() for _ in range(4))
        folder = stage.output / "kamailio"
        folder.mkdir()
        text = CONFIGURATION.read_text()
        ports = {"PROXY_PORT": cls.port, "GATEWAY_PORT": stage.gateway.sip_port, "FIRST_PORT": cls.first, "SECOND_PORT": cls.second,
                 "TLS_PORT": cls.tls_port, "FOLDER": cls.certificates}
        for name, port in ports.items():
            text = text.replace(name, str(port))
        (folder / "kamailio.cfg").write_text(text)
        with (folder / "log").open("wb") as output:
            process = stage.register.start(
                "kamailio", ["kamailio", "-DD", "-E", "-f", folder / "kamailio.cfg", "-Y", folder, "-P", folder / "pid", "-m", "32", "-M", "8"], output)
        digest = {"username": USER, "password": PASSWORD}
        stage.trunk(cls.port, ["442079460"], digest=digest | {"realm": REALM}, probes=True)
        stage.trunk(cls.port, ["442079461"], digest=digest, transport="tcp")  # these learn the realm
        stage.trunk(cls.tls_port, ["442079462"], digest=digest, transport="tls")
        cls.registered = stage.trunk(cls.port, ["4414"], digest=digest, registers=True)["id"]

        def up():
            if process.poll() is not None:
                raise RuntimeError(f"kamailio ended with {process.returncode}; see {folder / 'log'}")
            return answers_options(cls.port)

        processes.wait_until("the proxy's answer to OPTIONS", up, PATIENCE_S)
        state = lambda: next(one["registration"] for one in stage.rest.get("/v1/status")["trunks"] if one["id"] == cls.registered)
        processes.wait_until("the registration", lambda: state() == "registered", 3 * PATIENCE_S)

    def call(self, number, *arguments):
        known = len(self.stage.records(self.alice))
        running = self.alice.start("call", number, *arguments)
        running.finish(PATIENCE_S)
        return running.event("ended"), self.stage.latest_record(self.alice, known)

    def assert_by_proxy(self, agent, method):
        """This request has come to the far end through the proxy. The request."""
        text = agent._messages_file()
        request = re.search(rf"^{method} sip:.*?\r?\n\r?\n", text, re.MULTILINE | re.DOTALL)
        self.assertIsNotNone(request, f"no {method}")
        vias = re.findall(r"^Via: .*", request[0], re.MULTILINE)
        self.assertEqual(2, len(vias), vias)
        self.assertIn(f":{self.port}", vias[0])
        return request[0]

    def test_a_call_out_gives_its_password_and_keeps_to_the_route(self):
        carrier = self.stage.called("called_by_proxy", port=self.first, echo=True)
        said, heard = self.stage.speech("said", "demo-congrats", SPEECH_S), self.stage.wav("heard")
        ended, record = self.call("+442079460501", "--play", said, "--record", heard, "--duration", SPEECH_S + 2)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assertEqual("normal", ended["code"])
        self.assertNotIn("Proxy-Authorization", self.assert_by_proxy(carrier, "INVITE"), "the proxy has taken the credentials")
        for method in ("ACK", "BYE"):
            self.assert_by_proxy(carrier, method)
        self.assertEqual(record["billed_s"] * MICROS_PER_SECOND, record["charged_micros"])
        self.assert_heard(said, heard)
        self.assert_sound()

    def test_calls_out_by_tcp_and_tls_give_their_password(self):
        for number, transport in (("+442079461501", "TCP"), ("+442079462501", "TLS")):
            with self.subTest(transport):
                carrier = self.stage.called("called_by_proxy", port=self.first, echo=True)
                ended, record = self.call(number, "--play", "tone", "--duration", 1)
                self.assertEqual("normal", ended["code"])
                self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
                invite = self.assert_by_proxy(carrier, "INVITE")
                self.assertIn(f"SIP/2.0/{transport} ", invite)
                for method in ("ACK", "BYE"):
                    self.assert_by_proxy(carrier, method)
                self.assertEqual([200], [attempt["sip_code"] for attempt in record["attempts"]])
        self.assert_sound()

    def test_the_carriers_own_failover_is_one_attempt_of_ours(self):
        refuser = self.stage.called("called_refuses", port=self.first, keys={"refusal": "503 Service Unavailable"})
        carrier = self.stage.called("called_by_proxy", port=self.second, echo=True)
        ended, record = self.call("+442079460502", "--play", "tone", "--duration", 2)
        self.assertEqual("normal", ended["code"])
        self.assertEqual(0, refuser.finish(PATIENCE_S), refuser.complaint())
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assertEqual([200], [attempt["sip_code"] for attempt in record["attempts"]])
        self.assert_by_proxy(carrier, "BYE")
        self.assert_sound()

    def test_a_callers_cancel_reaches_the_far_end(self):
        carrier = self.stage.called("called_rings", port=self.first)
        running = self.alice.start("call", "+442079460503")
        running.await_event("ringing", PATIENCE_S)
        running.process.terminate()
        running.finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assert_sound()

    def test_a_call_in_is_answered_and_ended_by_the_route(self):
        waiting = self.bob.start("answer", "--play", "tone")
        waiting.await_event("waiting", PATIENCE_S)
        known = len(self.stage.records(self.bob))
        caller = self.stage.caller("caller_by_proxy", BOB_NUMBER, remote=f"127.0.0.1:{self.port}")
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        record = self.stage.latest_record(self.bob, known)
        self.assertEqual(("caller", "normal"), (record["hung_up_by"], record["reason"]))
        self.assert_sound()


def answers_options(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        asking.settimeout(0.2)
        own = "127.0.0.1:%d" % asking.getsockname()[1]
        lines = [f"OPTIONS sip:127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{time.monotonic_ns()}",
                 f"From: <sip:x@{own}>;tag=1", f"To: <sip:127.0.0.1:{port}>", f"Call-ID: {time.monotonic_ns()}", "CSeq: 1 OPTIONS",
                 "Max-Forwards: 70", "Content-Length: 0", "", ""]
        try:
            asking.sendto("\r\n".join(lines).encode(), ("127.0.0.1", port))
            return asking.recv(65536).startswith(b"SIP/2.0 200")
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
