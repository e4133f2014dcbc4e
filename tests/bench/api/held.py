# SPDX-License-Identifier: Apache-2.0
"""How long the gateway's one thread of signalling is held by what the API is asked for: the delay of its least answer beside that."""

import http.client
import secrets
import threading
import time
import urllib.parse

BODY_BYTES = 31 << 20


class Client:
    def __init__(self, url, token=None):
        where = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def large_body(client):
    line = b"+16505550100\n"
    body = b"number\n" + line * (BODY_BYTES // len(line))
    key = {"Content-Type": "text/csv", "Idempotency-Key": secrets.token_hex(8)}
    client.ask("POST", "/v1/number_withdrawals?dry_run=true", body, **key)


def records(client):
    client.ask("GET", "/v1/cdr_exports?format=jsonl&limit=5000", None, **{"Accept-Encoding": "gzip"})
    client.ask("GET", "/v1/cdrs?limit=1000", None, **{"Accept-Encoding": "gzip"})


def delays_of(url, seconds):
    """Of /health, asked for every 5 ms, in ms; sorted."""
    client, took, end = Client(url), [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        client.ask("GET", "/health")
        took.append((time.monotonic() - begun) * 1000)
        time.sleep(0.005)
    return sorted(took)


def measure(url, token, seconds):
    """{"nothing": {"p99_ms", "worst_ms"}, "large_body": …, "records": …}: beside what is named, again and again."""
    out = {}
    for name, work in (("nothing", None), ("large_body", large_body), ("records", records)):
        over = threading.Event()

        def go_on():
            client = Client(url, token)
            while not over.is_set():
                work(client)

        worker = threading.Thread(target=go_on) if work else None
        if worker:
            worker.start()
        took = delays_of(url, seconds)
        over.set()
        if worker:
            worker.join()
        out[name] = {"p99_ms": took[int(0.99 * len(took))], "worst_ms": took[-1]}
    return out
