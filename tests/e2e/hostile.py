# SPDX-License-Identifier: Apache-2.0
"""What somebody may send who means no good: broken SIP, SDP, HTTP, WebSocket frames, STUN, DTLS and RTP. Every message comes from
the random generator that is passed in, so that a failure can be repeated."""

import base64
import json
import socket
import ssl
import struct

STUN_COOKIE = 0x2112A442

SDP = """\
v=0
o=x 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 40000 RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
"""
BROKEN_SDP = [
    "", "\0" * 50, "v=0", "garbage\n" * 100, SDP.replace("40000", "99999"), SDP.replace("40000", "-1"), SDP.replace("40000", "0"),
    SDP.replace("8 101", "8 101 " * 2000), SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 999.1.1.1"), SDP.replace("c=IN", "c=\xff\xfe"),
    SDP.replace("8000", "0"), SDP.replace("8000", "9" * 40), SDP.replace("m=audio", "m=video"), SDP * 50, SDP + "a=ptime:0\n",
    SDP + "a=ptime:-20\n", SDP + "a=ptime:4000000000\n", SDP + "a=" + "x" * 30000 + "\n", SDP.replace("v=0", "v=1"),
    SDP + "m=audio 1 RTP/AVP 8\n" * 500, SDP.replace("RTP/AVP", "RTP/SAVPF"), SDP.replace("8 101", "128 255 -1 x"), SDP[:60],
]

# Answers that no call can be carried by.
UNUSABLE_SDP = [
    "\0" * 50, "v=0", "garbage\n" * 100, SDP.replace("40000", "99999"), SDP.replace("40000", "-1"), SDP.replace("40000", "0"),
    SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 999.1.1.1"),
]


def noise(random, longest=1400):
    return random.randbytes(random.randrange(1, longest))


def damaged(random, message):
    """The message with a few bytes changed, cut or doubled."""
    result = bytearray(message)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(result))
        kind = random.randrange(4)
        if kind == 0:
            result[at] = random.randrange(256)
        elif kind == 1:
            del result[at : at + random.randrange(1, 20)]
        elif kind == 2:
            result[at:at] = result[at : at + random.randrange(1, 200)]
        else:
            result[at:at] = random.choice([b"\r\n", b"\0", b":", b"\xff" * 8, b"9" * 30, b"%s%n", b"<", b";"])
        if not result:
            return b"\r\n"
    return bytes(result)


def sip(random, method, number, body="", own_port=9, **replaced):
    """A request as a carrier on this machine sends it; `replaced` headers (None: left out) make it a bad one."""
    mark = f"{random.getrandbits(48):x}"
    headers = {
        "Via": f"SIP/2.0/UDP 127.0.0.1:{own_port};branch=z9hG4bK{mark}",
        "From": f"<sip:+442079460958@127.0.0.1>;tag={mark}",
        "To": f"<sip:{number}@127.0.0.1>",
        "Call-ID": mark,
        "CSeq": f"1 {method}",
        "Max-Forwards": "70",
        "Contact": f"<sip:x@127.0.0.1:{own_port}>",
        "Content-Type": "application/sdp",
        "Content-Length": str(len(body.encode(errors="replace"))),
    }
    headers.update({name.replace("_", "-"): value for name, value in replaced.items()})
    lines = [f"{method} sip:{number}@127.0.0.1 SIP/2.0"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode(errors="replace")


def sip_messages(random, unknown, known):
    """Broken SIP, and sound SIP with broken SDP towards the `known` number."""
    for body in BROKEN_SDP:
        yield sip(random, "INVITE", known, body)
    yield from (b"\r\n\r\n", b"\0" * 500, b"INVITE", b"INVITE sip:x SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"\xff" * 1400)
    for method in ("INVITE", "BYE", "CANCEL", "ACK", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY", "REGISTER", "SUBSCRIBE", "X" * 300):
        yield sip(random, method, unknown)
        for header in ("Via", "From", "To", "Call-ID", "CSeq", "Contact"):
            name = header.replace("-", "_")
            yield sip(random, method, unknown, **{name: None})
            yield sip(random, method, unknown, **{name: "\xff;;=,<>\"" + "a" * random.randrange(3000)})
        yield sip(random, method, unknown, Content_Length="-1")
        yield sip(random, method, unknown, Content_Length="4294967297")
        yield sip(random, method, unknown, CSeq="99999999999999 INVITE")
        yield sip(random, method, unknown, Max_Forwards="0")
    response = sip(random, "INVITE", unknown, SDP).split(b"\r\n", 1)[1]
    for status in (b"100", b"183", b"200", b"401", b"487", b"999", b"-1"):
        yield b"SIP/2.0 " + status + b" Unasked\r\n" + response
    for _ in range(200):
        yield damaged(random, sip(random, random.choice(["INVITE", "OPTIONS", "BYE"]), unknown, SDP))
        yield noise(random)


def stun(random):
    """A binding request with broken attributes."""
    kinds = (0x0006, 0x0008, 0x0020, 0x0024, 0x0025, 0x8028, 0x802A, random.randrange(65536))
    attributes = b""
    for _ in range(random.randrange(6)):
        value = random.randbytes(random.randrange(40))
        length = random.choice([len(value), random.randrange(65536)])
        attributes += struct.pack("!HH", random.choice(kinds), length) + value + b"\0" * random.choice([-len(value) % 4, 0])
    length = random.choice([len(attributes), random.randrange(65536)])
    kind = random.choice([0x0001, 0x0101, 0x0111, random.randrange(0x4000)])
    return struct.pack("!HHI", kind, length, random.choice([STUN_COOKIE, 0])) + random.randbytes(12) + attributes


def dtls(random):
    """A record with a client hello that is none."""
    body = bytes([random.choice([1, 2, 16, 20, 255])]) + random.randbytes(random.randrange(300))
    length = random.choice([len(body), random.randrange(65536)])
    kind = random.choice([20, 21, 22, 23, 25, 63])
    return struct.pack("!BHHIH", kind, random.choice([0xFEFD, 0xFEFF, 0x0304]), random.randrange(3), 0, length) + b"\0" * 2 + body


def rtp(random, payload_type=8):
    first = random.choice([0x80, 0x80, 0x90, 0xA0, 0xBF, 0x8F, 0xC0])
    header = struct.pack("!BBHII", first, random.choice([payload_type, 101, 200, 201, 203, 255, random.randrange(256)]),
                         random.randrange(65536), random.getrandbits(32), random.getrandbits(32))
    return (header + random.randbytes(random.choice([0, 1, 160, 160, 1400])))[: random.choice([3, 11, 12, 16, 2000])]


def media_datagrams(random):
    while True:
        yield random.choice([stun, dtls, rtp, noise])(random)


# Connections: what they send is left unanswered, and most are left open for a while.


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def framed(random, packet):
    """As ICE-TCP carries packets, mostly: the length may be a lie."""
    return struct.pack("!H", random.choice([len(packet), len(packet), 0, 1, random.randrange(65536)])) + packet


def http_requests(random, token):
    bearer = f"Authorization: Bearer {token}\r\n"
    yield noise(random)
    yield b"GET / HTTP/9.9\r\n\r\n"
    yield b"GET " + b"/" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n"
    yield b"POST /v1/accounts HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n"
    yield b"POST /v1/accounts HTTP/1.1\r\nContent-Length: -5\r\n\r\n"
    yield b"POST /v1/accounts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"
    yield b"GET /v1/calls HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n"
    yield b"GET /v1/calls"
    for path in ("/v1/calls/%00", "/v1/accounts/" + "9" * 500, "/v1/numbers/..%2f..", "/v1/rates?number=%ff%fe", "/v1/cdrs?limit=-1"):
        yield f"GET {path} HTTP/1.1\r\nHost: x\r\n{bearer}\r\n".encode()
    bodies = [b"{", b"[" * 10000, b'{"name": 1e999999}', b"\xff\xfe", b'{"name":"' + b"x" * 100000 + b'"}', b'{"id":null}', b"null"]
    for path in ("/v1/accounts", "/v1/payments", "/v1/trunks", "/v1/number_orders"):
        for body in bodies:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{bearer}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            yield head.encode() + body


def web_socket(port):
    """A WebSocket of the gateway's subprotocol, over TLS, opened."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    secured = context.wrap_socket(connect(port))
    key = base64.b64encode(b"0123456789abcdef").decode()
    secured.sendall(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tollgate.1\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        more = secured.recv(1)  # no byte of the first frame
        if not more:
            break
        answer += more
    if not answer.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"no WebSocket: {answer[:200]}")
    return secured


def web_socket_frame(payload, opcode=1):
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + struct.pack("!H", length) if length < 65536 else (
        b"\xff" + struct.pack("!Q", length))
    return bytes([0x80 | opcode]) + size + b"\0\0\0\0" + payload  # a mask of zeros changes nothing


def broken_offers(sound):
    """Session descriptions of a device that means no good, or none at all."""
    yield from ("", "\0" * 100, "v=0", "garbage\r\n" * 100, sound * 5, sound[:100], sound.replace("opus", "PCMU"))
    yield from (sound.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), sound.replace("111 126", "111 126 " * 500))
    yield sound.replace("m=audio", "m=video")
    yield from (sound.replace("a=setup:actpass", "a=setup:x"), sound.replace("48000/2", "9" * 30), sound.replace("a=rtcp-mux\r\n", ""))
    yield from (sound.replace("a=ice-pwd:abc", "a=ice-pwd:" + "x" * 5000), sound.replace("a=ice-ufrag:abcd\r\n", ""))
    yield from (sound.replace("sha-256 AB", "sha-1 AB"), sound.replace("AB:AB", "ZZ:AB"))
    yield sound + "a=candidate:" + "1 " * 1000 + "\r\n"
    yield sound + "".join(f"m=audio {port} UDP/TLS/RTP/SAVPF 111\r\n" for port in range(200))


def broken_requests(random):
    """Type and body of requests and of frames about calls."""
    bodies = [{}, {"op": 5}, {"op": "fetch", "id": "x"}, {"op": "fetch", "id": "0" * 36, "offset": -1}, {"limit": "x"}, {"limit": -1},
              {"before": []}, {"number": None}, {"number": "+" * 3000}, {"number": "\u0000"}, {"op": "delete", "id": {"a": [[[[]]]]}},
              {"op": "mark", "id": "00000000-0000-0000-0000-000000000000", "state": 7}, {"digit": "xx", "duration_ms": -5},
              {"sdp": 5, "token": 7}, {"candidates": "x"}, {"candidates": ["\r\n" * 50] * 16}, {"token": "a.b.c", "sdp": "v=0"}]
    for kind in ("balance", "rate", "calls", "voicemail", "presence", "nonsense"):
        for body in bodies:
            yield kind, body, True
    for kind in ("ring", "answer", "trickle", "restart", "dtmf", "taken", "hangup", "offer"):
        for body in random.sample(bodies, 6):
            yield kind, body, False


def signalling_frames(random):
    login = {"v": 1, "t": "login", "id": 1, "body": {"name": "alice", "passphrase": "x", "key": {"kty": "EC", "crv": "P-256"}}}
    sound = json.dumps(login).encode()
    for payload in (b"", b"{", b"[" * 16000, b"null", b'"t"', b"\xff" * 100, b"{" * 8000, b'{"v":1}', b'{"v":2,"t":"login"}', sound,
                    b'{"v":1,"t":"offer","to":"+442079460958","call":"x","body":{}}', b'{"v":1,"t":"attach","id":-1,"body":[]}'):
        yield web_socket_frame(payload)
        yield web_socket_frame(payload, opcode=2)
    yield web_socket_frame(b"x" * 20000)
    yield web_socket_frame(b"y" * 70000)
    yield b"\xff" * 300
    yield bytes([0x81, 0x05]) + b"naked"
    yield web_socket_frame(random.randbytes(125), opcode=9)
    yield web_socket_frame(b"\x03\xe8", opcode=8)
    for _ in range(50):
        yield web_socket_frame(damaged(random, sound))
