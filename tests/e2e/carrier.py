# SPDX-License-Identifier: Apache-2.0
"""A carrier that says exactly what a test wants, however wrong: one UDP socket for SIP, one for RTP."""

import re
import socket
import threading

SDP = """\
v=0\r
o=x 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP 8 101\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:101 telephone-event/8000\r
"""


class Carrier:
    """Answers every INVITE with `body` (SDP of its RTP socket if none is given), and every other request with 200."""

    def __init__(self, body=None):
        self.sip, self.rtp = self._socket(), self._socket()
        self.port = self.sip.getsockname()[1]
        self.body = SDP.format(port=self.rtp.getsockname()[1]) if body is None else body
        self.talking_to = None  # where the gateway wants its RTP
        self.requests = []
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    @staticmethod
    def _socket():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        return made

    def _listen(self):
        while True:
            try:
                data, source = self.sip.recvfrom(65536)
            except OSError:
                return
            if not data:
                return
            method = data.split(b" ", 1)[0].decode(errors="replace")
            if not method.isalpha():
                continue
            self.requests.append(method)
            if method == "INVITE":
                address = re.search(rb"c=IN IP4 (\S+)", data)
                port = re.search(rb"m=audio (\d+)", data)
                self.talking_to = (address[1].decode(), int(port[1]))
            if method != "ACK":
                self.sip.sendto(self._answer(data, self.body if method == "INVITE" else ""), source)

    def _answer(self, request, body):
        wanted = (b"via", b"from", b"call-id", b"cseq", b"to")
        lines = [line for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:] if line.split(b":")[0].strip().lower() in wanted]
        lines = [line + b";tag=far" if line.lower().startswith(b"to:") and b"tag=" not in line else line for line in lines]
        content = body.encode("latin-1", errors="replace")
        head = [b"SIP/2.0 200 OK", *lines, b"Contact: <sip:x@127.0.0.1:%d>" % self.port]
        if content:
            head.append(b"Content-Type: application/sdp")
        return b"\r\n".join([*head, b"Content-Length: %d" % len(content), b"", content])

    def close(self):
        self.sip.sendto(b"", self.sip.getsockname())  # ends the thread
        self.thread.join(5)
        self.sip.close()
        self.rtp.close()
