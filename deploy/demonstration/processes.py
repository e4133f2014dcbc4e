# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the function that started them: each is recorded, so that a later run or --stop ends exactly them."""

import functools
import json
import os
import pathlib
import signal
import socket
import random
import subprocess
import time


def started_at(pid):
    """A mark that no later process of the same number shares; None when there is no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


class Register:
    """The recorded processes of one output directory."""

    def __init__(self, file):
        self.file = pathlib.Path(file)

    def _read(self):
        try:
            return json.loads(self.file.read_text())
        except (OSError, ValueError):
            return []

    def start(self, name, command, log, **options):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
        records = self._read() + [{"name": name, "pid": process.pid, "started_at": started_at(process.pid)}]
        self.file.write_text(json.dumps(records, indent=1))
        return process

    def stop_all(self):
        """Ends what is still running of it, newest first; returns the names."""
        ended = []
        for record in reversed(self._read()):
            if record["started_at"] and started_at(record["pid"]) == record["started_at"]:
                stop(record["pid"], record["started_at"])
                ended.append(record["name"])
        self.file.unlink(missing_ok=True)
        return ended


def stop(pid, mark, patience_s=20):
    """INT: ends at once, and settles its calls. KILL if that takes too long."""
    for number, patience in ((signal.SIGINT, patience_s), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + patience
        while time.monotonic() < end:
            try:
                os.waitpid(pid, os.WNOHANG)  # ours: reap it; somebody else's: see below
            except ChildProcessError:
                pass
            if started_at(pid) != mark:
                return
            time.sleep(0.05)


PORTS = range(10000, 32000)  # below the range of outgoing connections
PARTS = 16


@functools.cache
def _own_ports():
    """The part of PORTS that no other process takes from, as long as this one lives: what is free may have been promised to a
    program of another test that has not bound it yet. With it what claims it: an address that the kernel forgets with us
    (unix(7), abstract)."""
    size = len(PORTS) // PARTS // 2 * 2
    for part in random.sample(range(PARTS), PARTS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0tollgate-ports-{part}")
            return PORTS[part * size:(part + 1) * size], claim
        except OSError:
            claim.close()
    raise RuntimeError(f"{PARTS} tests or demonstrations at once hold all ports: end some")


def free_port(taken, neighbours=1):
    """A port that is free for UDP and TCP together with the ones that follow it, and that no other test is given."""
    own, _ = _own_ports()
    for _ in range(1000):
        port = random.choice(own[:len(own) - neighbours:2])
        ports = range(port, port + neighbours)
        if taken.isdisjoint(ports) and all(_is_free(each) for each in ports):
            taken.update(ports)
            return port
    raise RuntimeError("no free port")


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def has_bound(port, family="", protocol="udp"):
    """Whether somebody has bound the port ("6": over IPv6), as the kernel lists it. An attempt to bind it would tell too, and
    now and then take it from the program that is awaited in the very moment of its start."""
    sockets = pathlib.Path(f"/proc/self/net/{protocol}{family}").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in sockets)


def wait_until(what, condition, timeout_s, interval_s=0.05):
    """The first true value of `condition`; an error that names `what` after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout_s} s in vain: {what}")
        time.sleep(interval_s)
