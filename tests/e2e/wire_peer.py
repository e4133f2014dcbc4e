# SPDX-License-Identifier: Apache-2.0
"""A device of the overlay, written from gateway/overlay/wire.md alone: log-in, attach, requests and signed offers, so that a test
can send whatever an attached device may. Keys and signatures by the openssl command."""

import base64
import hashlib
import json
import secrets
import struct
import subprocess
import time
import uuid

import hostile

FINGERPRINT = ":".join(["AB"] * 32)
OFFER = f"""\
v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r
c=IN IP4 0.0.0.0\r
a=ice-ufrag:abcd\r
a=ice-pwd:abcdefghijklmnopqrstuvwx\r
a=fingerprint:sha-256 {FINGERPRINT}\r
a=setup:actpass\r
a=mid:0\r
a=sendrecv\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
a=rtpmap:126 telephone-event/8000\r
"""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class WirePeer:
    def __init__(self, folder, port, name, passphrase):
        self.port, self.name = port, name
        folder.mkdir(parents=True, exist_ok=True)
        self.key = folder / "key.pem"
        self.key.write_bytes(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
        point = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
        self.jwk = {"kty": "EC", "crv": "P-256", "x": base64url(point[:32]), "y": base64url(point[32:])}
        self.credential = None
        self.passphrase = passphrase
        self.connection = None
        self.requests = 0

    def attach(self):
        """A new connection, attached."""
        self.close()
        self.connection = hostile.web_socket(self.port)
        hello = self.await_frame(lambda frame: frame["t"] == "hello")["body"]
        self.node = hello["node"]
        if not self.credential:
            body = {"name": self.name, "passphrase": self.passphrase, "key": self.jwk}
            self.credential = self.request("login", body)["body"]["credential"]
        claims = {"sub": self.name, "aud": self.node, "nonce": hello["nonce"], "iat": int(time.time())}
        return self.request("attach", {"credential": self.credential, "proof": self.sign("tollgate-attach", claims)})

    def sign(self, kind, claims):
        text = base64url(json.dumps({"alg": "ES256", "typ": kind}).encode()) + "." + base64url(json.dumps(claims).encode())
        der = openssl("dgst", "-sha256", "-sign", self.key, data=text.encode())
        numbers, at = b"", 2
        for _ in range(2):  # ASN.1: a sequence of two integers
            size = der[at + 1]
            numbers += der[at + 2 : at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + size
        return text + "." + base64url(numbers)

    def offer(self, to, sdp=OFFER, **changed):
        """Offers a call with a sound token for this SDP, but for the claims that are `changed`; its id."""
        call = str(uuid.uuid4())
        claims = {
            "orig": {"uri": f"tollgate:{self.name}"}, "dest": {"uri": [to]}, "aud": self.node, "iat": int(time.time()),
            "jti": secrets.token_hex(12), "call": call, "role": "offer", "mky": [{"alg": "sha-256", "dig": FINGERPRINT}],
            "sdp": base64url(hashlib.sha256(sdp.encode()).digest()), "srtp": "SRTP_AEAD_AES_256_GCM", "ver": 1, **changed,
        }
        self.send({"v": 1, "t": "offer", "to": to, "call": call, "body": {"sdp": sdp, "token": self.sign("tollgate-call", claims)}})
        return call

    def request(self, kind, body):
        """The reply, be it an error."""
        self.requests += 1
        number = self.requests
        self.send({"v": 1, "t": kind, "id": number, "body": body})
        return self.await_frame(lambda frame: frame.get("id") == number)

    def send(self, frame):
        self.connection.sendall(hostile.web_socket_frame(json.dumps(frame).encode()))

    def await_frame(self, wanted):
        """The next frame that is wanted; ConnectionError when the gateway closes before."""
        while True:
            opcode, payload = self._read()
            if opcode == 8:
                raise ConnectionError("closed by the gateway")
            if opcode == 9:
                self.connection.sendall(hostile.web_socket_frame(payload, opcode=10))
            if opcode == 1:
                frame = json.loads(payload)
                if wanted(frame):
                    return frame

    def _read(self):
        first, size = self._exactly(2)
        if size == 126:
            size = struct.unpack("!H", self._exactly(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._exactly(8))[0]
        return first & 15, self._exactly(size)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                raise ConnectionError("closed by the gateway")
            data += more
        return data

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None
