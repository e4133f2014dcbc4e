# SPDX-License-Identifier: Apache-2.0
"""Debian's rtpengine as the other gateway: the same calls, set up over its ng protocol (bencode over UDP), media in user space.

The peer's leg has SDES keys (RFC 4568) for AEAD_AES_256_GCM instead of DTLS: set-up is not measured, and the packets are the same.
"""

import re
import shutil
import socket
import subprocess
import time
import uuid

from processes import Failure, Program

PORTS = ("--port-min=30000", "--port-max=39999")
START_LIMIT_S = 10


def find():
    return shutil.which("rtpengine")


def version():
    text = subprocess.run([find(), "--version"], capture_output=True, text=True, check=True)
    return (text.stdout + text.stderr).split(":", 1)[1].strip()


def bencode(value):
    if isinstance(value, str):
        octets = value.encode()
        return b"%d:%s" % (len(octets), octets)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(v) for k, v in sorted(value.items())) + b"e"
    raise TypeError(value)


def bdecode(octets, at=0):
    """The value that begins at `at`, and where it ends."""
    kind = octets[at:at + 1]
    if kind == b"i":
        end = octets.index(b"e", at)
        return int(octets[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while octets[at:at + 1] != b"e":
            item, at = bdecode(octets, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = octets.index(b":", at)
    begin = colon + 1
    end = begin + int(octets[at:colon])
    return octets[begin:end].decode(), end


def description(port, profile, formats, lines):
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                        f"m=audio {port} {profile} {formats}", *lines, f"a=rtcp:{port} IN IP4 127.0.0.1", "a=ptime:20",
                        "a=sendrecv", ""])


def port_of(sdp):
    return int(re.search(r"^m=audio (\d+) ", sdp, re.M)[1])


class Rtpengine(Program):
    def __init__(self, core, log):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.control = free.getsockname()
        super().__init__(
            [find(), "--foreground", "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.control[1]}",
             "--log-stderr", "--log-level=4", "--num-threads=2", *PORTS], core, talks=False, log=log)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(self.control)
        self.socket.settimeout(1)
        self.wait_until_ready()

    def __exit__(self, *facts):
        self.socket.close()
        super().__exit__(*facts)

    def wait_until_ready(self):
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            try:
                self.ask({"command": "ping"})
                return
            except OSError:
                time.sleep(0.1)
            if self.process.poll() is not None:
                break
        raise Failure("rtpengine does not start")

    def ask(self, what):
        cookie = uuid.uuid4().hex
        self.socket.send(cookie.encode() + b" " + bencode(what))
        while True:
            answer = self.socket.recv(65536)
            given, _, rest = answer.partition(b" ")
            if given == cookie.encode():
                break
        facts, _ = bdecode(rest)
        if facts.get("result") not in ("ok", "pong"):
            raise Failure(f"rtpengine refuses: {facts}")
        return facts

    def open(self, far):
        """A call between a peer (offer, Opus and SRTP) and a trunk (answer, A-law in the clear): our end as the generator wants it."""
        names = {"call-id": uuid.uuid4().hex, "from-tag": "peer"}
        offered = self.ask({**names, "command": "offer", "ICE": "remove", "transport-protocol": "RTP/AVP", "rtcp-mux": ["demux"],
                            "codec": {"mask": ["opus"], "transcode": ["PCMA"]},
                            "sdp": description(far["peer_port"], "RTP/SAVP", "111",
                                               ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1",
                                                f"a=crypto:1 AEAD_AES_256_GCM inline:{far['key']}"])})
        answered = self.ask({**names, "command": "answer", "to-tag": "trunk", "ICE": "remove",
                             "transport-protocol": "RTP/SAVP",
                             "sdp": description(far["trunk_port"], "RTP/AVP", "8", ["a=rtpmap:8 PCMA/8000"])})
        key = re.search(r"^a=crypto:1 AEAD_AES_256_GCM inline:([A-Za-z0-9+/=]+)", answered["sdp"], re.M)
        if not key:
            raise Failure(f"rtpengine answers without a key for AEAD_AES_256_GCM: {answered['sdp']}")
        padded = key[1] + "=" * (-len(key[1]) % 4)
        return {"trunk_port": port_of(offered["sdp"]), "peer_port": port_of(answered["sdp"]), "key": padded}
