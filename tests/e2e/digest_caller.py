# SPDX-License-Identifier: Apache-2.0
"""A caller that says what a test wants of its digest (RFC 3261 §22.4, RFC 2617): one UDP socket."""

import hashlib
import itertools
import re
import socket

SDP = """\
v=0\r
o=x 1 1 IN IP4 {address}\r
s=-\r
c=IN IP4 {address}\r
t=0 0\r
m=audio 9 RTP/AVP 8\r
"""
NUMBERS = itertools.count(1)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class DigestCaller:
    """Calls `number` at this port of 127.0.0.1 from `address`, as `user`."""

    def __init__(self, address, port, number, user):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(20)
        self.gateway, self.number, self.user = ("127.0.0.1", port), number, user
        self.uri = f"sip:{number}@127.0.0.1:{port}"

    def authorization(self, challenge, password, nonce=None):
        """The header in answer to a challenge, or with another nonce than its own."""
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        nonce = nonce or told["nonce"]
        secret, request = md5(f"{self.user}:{told['realm']}:{password}"), md5(f"INVITE:{self.uri}")
        response = md5(f"{secret}:{nonce}:00000001:c0ffee:auth:{request}")
        return (f'Authorization: Digest username="{self.user}", realm="{told["realm"]}", nonce="{nonce}", uri="{self.uri}", '
                f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"\r\n')

    def call(self, authorization=""):
        """A new call: its final answer as (status, whole text). An answered one is hung up."""
        key = next(NUMBERS)
        address, port = self.socket.getsockname()
        self._send("INVITE", key, 1, authorization, SDP.format(address=address))
        answer = self._final(key, "INVITE")
        status = int(answer.split()[1])
        tag = re.search(r"^To:.*;tag=(\S+)", answer, re.MULTILINE)[1]
        self._send("ACK", key, 1, tag=tag, branch=f"z9hG4bK{key}-ACK" if status < 300 else None)
        if status < 300:
            self._send("BYE", key, 2, tag=tag)
            self._final(key, "BYE")
        return status, answer

    def _send(self, method, key, sequence, extra="", body="", tag=None, branch=None):
        address, port = self.socket.getsockname()
        to_tag = f";tag={tag}" if tag else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.socket.sendto((
            f"{method} {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:{port};branch={branch or f'z9hG4bK{key}-{sequence}'}\r\n"
            f"From: <sip:+442079460958@{address}>;tag=f{key}\r\nTo: <{self.uri}>{to_tag}\r\nCall-ID: {key}@digest\r\n"
            f"CSeq: {sequence} {method}\r\nMax-Forwards: 70\r\nContact: <sip:x@{address}:{port}>\r\n{extra}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode(), self.gateway)

    def _final(self, key, method):
        while True:
            text = self.socket.recv(65536).decode(errors="replace")
            if text.startswith("SIP/2.0 ") and not text.startswith("SIP/2.0 1") and f"Call-ID: {key}@digest" in text and method in text:
                return text

    def close(self):
        self.socket.close()
