# SPDX-License-Identifier: Apache-2.0
"""Trunks that are encrypted: signalling by TLS with certificates on both sides, voice by SRTP with keys in the session description.
The far end is baresip."""

import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from stage import PATIENCE_S, StageTest, processes

ALICE_NUMBER = "+16505550100"
SPEECH_S = 4
# The lines of the telephone: what its trunk asks for, and what baresip calls its own way.
SECURE, MANDATORY, WILLING, PLAIN = (f"+44207946024{digit}" for digit in range(4))
LINES = {SECURE: "srtp-mand", MANDATORY: "srtp-mand", WILLING: "srtp"}


def make_certificates(folder):
    """An authority, and what it has signed for the gateway and the telephone: both are at 127.0.0.1."""
    openssl = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "cafile.pem", "-days", "2", "-subj", "/CN=authority")
    for name in ("agent", "phone"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=127.0.0.1")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "cafile.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-out", f"{name}.crt")
        (folder / f"{name}.pem").write_text((folder / f"{name}.crt").read_text() + (folder / f"{name}.key").read_text())


class TlsRegistrar:
    """Keeps registrations for four seconds, over TLS with certificates on both sides; no password is asked for."""

    def __init__(self, certificates):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "cafile.pem")
        context.load_cert_chain(certificates / "phone.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.expires, self.contacts, self.names = [], [], set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as one:
                self.names.add(dict(pair[0] for pair in one.getpeercert()["subject"])["commonName"])
                data = b""
                while more := one.recv(65536):
                    data += more
                    while b"\r\n\r\n" in data:
                        head, _, data = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
                        if head.startswith(b"REGISTER "):
                            one.sendall(self._answer(head.decode().split("\r\n")))
        except OSError:  # ssl's errors are among them
            return

    def _answer(self, lines):
        header = lambda name: next((line.split(": ", 1)[1] for line in lines if line.lower().startswith(name + ":")), "")
        self.contacts.append(header("contact"))
        self.expires.append("0" if "expires=0" in header("contact") else header("expires"))
        kept = [line for line in lines[1:] if line.split(":")[0].lower() in ("via", "from", "call-id", "cseq")]
        contact = f"Contact: {header('contact')};expires={min(4, int(self.expires[-1]))}"
        return "\r\n".join(
            ["SIP/2.0 200 OK", *kept, f"To: {header('to')};tag=r", contact, "Content-Length: 0", "", ""]).encode()

    def close(self):
        self.socket.close()


class Security(StageTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.certificates = pathlib.Path(scratch.name)
        make_certificates(cls.certificates)
        cls.tls_port = processes.free_port(set())
        cls.settings = {"sip.tls_port": cls.tls_port, "sip.certificate_directory": cls.certificates}
        super().setUpClass()

    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="30.00", number=ALICE_NUMBER)
        cls.peer_speech = stage.speech("peer_speech", "demo-congrats", SPEECH_S)
        cls.landline_speech = stage.speech("landline_speech", "demo-instruct", SPEECH_S, voice=0.85)
        tls = cls.certificates / "phone.pem", cls.certificates / "cafile.pem"
        cls.telephone = stage.telephone(cls.landline_speech, [SECURE, MANDATORY, WILLING, PLAIN], encryption=LINES, tls=tls)
        port = cls.telephone.sip_port
        stage.trunk(port + 1, [SECURE[1:]], transport="tls", srtp="required")
        stage.trunk(port, [MANDATORY[1:]], srtp="required")
        stage.trunk(port, [WILLING[1:]], srtp="optional")
        stage.trunk(port, [PLAIN[1:]], srtp="optional")

    def call(self, number):
        """Alice calls and both talk; whether the session descriptions had keys in both directions."""
        self.telephone.forget()
        recordings = self.telephone.recordings()
        heard, heard_there = self.stage.wav(f"heard_{number}"), self.stage.wav(f"heard_there_{number}")
        running = self.alice.start("call", number, "--play", self.peer_speech, "--record", heard, "--duration", SPEECH_S + 2)
        running.finish(PATIENCE_S)
        self.assertEqual("normal", running.event("ended")["code"], running.events[-1:])
        self.telephone.keep_recording(recordings, heard_there)
        self.assert_heard(self.landline_speech, heard)
        self.assert_heard(self.peer_speech, heard_there)

    def suites(self):
        """By which the telephone has encrypted its calls so far: its SRTP is libre's, ours libsrtp's or our own."""
        return re.findall(r"SRTP is Enabled \(cryptosuite=(\w+)\)", (self.telephone.folder / "log").read_text(errors="replace"))

    def test_speech_goes_both_ways_over_trunks_of_every_kind(self):
        for number, encrypted in ((SECURE, True), (MANDATORY, True), (WILLING, True), (PLAIN, False)):
            with self.subTest(number):
                before = len(self.suites())
                self.call(number)
                self.assertEqual({"AEAD_AES_256_GCM"} if encrypted else set(), set(self.suites()[before:]))  # what we offer first
        self.assert_sound()

    def test_a_caller_with_keys_is_heard(self):
        heard = self.stage.wav("caller_heard")
        running = self.alice.start("answer", "--count", 1, "--record", heard, "--play", self.peer_speech, "--duration", SPEECH_S + 2,
                                   "--wait", PATIENCE_S)
        running.await_event("waiting", PATIENCE_S)
        self.telephone.forget()
        recordings, heard_there = self.telephone.recordings(), self.stage.wav("caller_heard_there")
        before = len(self.suites())
        self.telephone.dial(ALICE_NUMBER, self.tls_port, ";transport=tls")
        running.finish(PATIENCE_S)
        self.assertEqual("normal", running.event("ended")["code"], running.events[-1:])
        self.assertEqual({"AES_CM_128_HMAC_SHA1_80"}, set(self.suites()[before:]))  # what it offers first of ours
        self.telephone.keep_recording(recordings, heard_there)
        self.assert_heard(self.landline_speech, heard)
        self.assert_heard(self.peer_speech, heard_there)
        self.assert_sound()

    def test_a_trunk_registers_over_tls_and_again_before_that_lapses(self):
        registrar = TlsRegistrar(self.certificates)
        self.addCleanup(registrar.close)
        digest = {"username": "trunk7", "password": "secret", "realm": "carrier.example"}
        trunk = self.stage.trunk(registrar.port, ["4414"], transport="tls", registers=True, digest=digest)
        state = lambda: next(one["registration"] for one in self.stage.rest.get("/v1/status")["trunks"] if one["id"] == trunk["id"])
        processes.wait_until("its registration", lambda: state() == "registered", PATIENCE_S)
        processes.wait_until("its refresh", lambda: registrar.expires.count("0") == 0 and len(registrar.expires) > 2, PATIENCE_S)
        self.assertEqual({"127.0.0.1"}, registrar.names)  # in the certificate that the gateway showed
        self.assertTrue(all(";transport=tls" in contact for contact in registrar.contacts), registrar.contacts)
        self.stage.rest.delete(f"/v1/trunks/{trunk['id']}")
        processes.wait_until("its end", lambda: registrar.expires[-1] == "0", PATIENCE_S)

    def test_no_call_goes_out_in_clear_where_it_must_not(self):
        number = "+442079460249"
        carrier = self.stage.called("called_refuses", keys={"refusal": "488 Not Acceptable Here"})
        self.stage.trunk(carrier.port, [number[1:]], srtp="required")
        running = self.alice.start("call", number)
        running.finish(PATIENCE_S)
        self.assertEqual(0, carrier.finish(PATIENCE_S), carrier.complaint())
        self.assertRegex(carrier._messages_file(), r"m=audio \d+ RTP/SAVP ")

    def test_no_key_is_in_the_log(self):
        self.call(MANDATORY)
        self.assertNotIn("inline:", self.stage.gateway.log_file.read_text(errors="replace"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
