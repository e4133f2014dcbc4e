# SPDX-License-Identifier: Apache-2.0
"""h2load, speaking HTTP/1.1 over connections that last: as many requests as are answered, or so many a second."""

import re
import subprocess


class Failure(Exception):
    """A run that does not count."""


def run(urls, connections, seconds, log, token=None, per_s=None):
    """{"per_s", "p50_ms", "p99_ms"}; every answer must be a 2xx. Each connection asks for the urls one after the other."""
    command = ["h2load", "--h1", "-t", "1", "-c", connections, "-D", seconds, "--log-file", log]
    if token:
        command += ["-H", f"authorization: Bearer {token}"]
    if per_s:
        command += ["--rps", f"{per_s / connections:.2f}"]
    log.unlink(missing_ok=True)
    done = subprocess.run([str(word) for word in [*command, *urls]], capture_output=True, text=True, timeout=seconds + 60)
    counts = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", done.stdout)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", done.stdout)
    if done.returncode or not counts or not failed or any(int(one) for one in [*counts.groups()[1:], *failed.groups()]):
        raise Failure(f"h2load of {urls[0]}: {done.stdout[-600:]} {done.stderr[-300:]}")
    took_us = sorted(int(line.split()[2]) for line in log.read_text().splitlines())
    at = lambda share: took_us[min(len(took_us) - 1, int(share * len(took_us)))] / 1000
    return {"per_s": int(counts[1]) / seconds, "p50_ms": at(0.5), "p99_ms": at(0.99)}
