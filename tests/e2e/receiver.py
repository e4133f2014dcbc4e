# SPDX-License-Identifier: Apache-2.0
"""A webhook's receiver: it keeps what it was sent, and answers as it is told to."""

import hashlib
import hmac
import http.server
import json
import threading


class Receiver:
    """`first`: statuses of the next requests by path, then 204; `always`: for as long as they stand there."""

    def __init__(self):
        self.first, self.always, self.taken, self.refused = {}, {}, [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                first = receiver.first.get(self.path)
                status = receiver.always.get(self.path) or (first.pop(0) if first else 204)
                (receiver.taken if status < 300 else receiver.refused).append((self.path, self.headers, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def events(self, path):
        return [json.loads(body) for at, _, body in list(self.taken) if at == path]


def is_signed(headers, body, secret):
    """Tollgate-Signature: t=<seconds>,v1=<hex of HMAC-SHA-256 over time, full stop, body>; several v1 while a secret is changed."""
    parts = [one.split("=", 1) for one in headers["Tollgate-Signature"].split(",")]
    wanted = hmac.new(secret.encode(), parts[0][1].encode() + b"." + body, hashlib.sha256).hexdigest()
    return parts[0][0] == "t" and any(name == "v1" and hmac.compare_digest(value, wanted) for name, value in parts[1:])
