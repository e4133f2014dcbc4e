# SPDX-License-Identifier: Apache-2.0
"""A subscriber at the reference peer: starts tollgate-peer and reads the events that it prints."""

import json
import os
import queue
import subprocess
import threading
import time


class PeerError(Exception):
    pass


class Running:
    """A tollgate-peer under way."""

    def __init__(self, command, environment, log):
        self.log = log
        self.events = []
        self.arrived = queue.Queue()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.log.write(line)
            self.log.flush()
            try:
                event = json.loads(line)
            except ValueError:
                continue
            self.events.append(event)
            self.arrived.put(event)
        self.arrived.put(None)

    def await_event(self, name, timeout_s):
        """The next event of this name; an error when the peer ends before."""
        return self.await_any({name}, timeout_s)

    def await_any(self, names, timeout_s):
        """The next event of one of these names."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                event = self.arrived.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise PeerError(f"waited {timeout_s} s in vain for {sorted(names)}") from None
            if event is None:
                raise PeerError(f"the peer ended without {sorted(names)}; its last words: {self.events[-1:]}")
            if event["event"] in names:
                return event

    def finish(self, timeout_s):
        """Waits for its end; returns (exit code, events)."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.stop()
            raise PeerError(f"did not end within {timeout_s} s") from None
        self.reader.join(5)
        return code, self.events

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def event(self, name):
        """The last event of this name, or nothing."""
        return next((event for event in reversed(self.events) if event["event"] == name), None)


class Peer:
    def __init__(self, program, folder, name, passphrase, gateway):
        self.program = program
        self.folder = folder
        self.name = name
        self.passphrase = passphrase
        self.gateway = gateway
        self.running = []
        folder.mkdir(parents=True, exist_ok=True)
        self.log = (folder / f"{name}.log").open("a")

    def start(self, *arguments, passphrase=None):
        environment = dict(os.environ, TOLLGATE_PASSPHRASE=passphrase or self.passphrase)
        state = str(self.folder / self.name)
        command = [str(self.program), "--state", state, "--json", *map(str, arguments)]
        self.log.write(f"# {' '.join(command)}\n")
        self.log.flush()
        self.running.append(Running(command, environment, self.log))
        return self.running[-1]

    def run(self, *arguments, timeout_s=30, passphrase=None):
        """Runs it to its end; returns it with `code` and events."""
        running = self.start(*arguments, passphrase=passphrase)
        running.code, _ = running.finish(timeout_s)
        return running

    def log_in(self, passphrase=None):
        return self.run(
            "login", "--gateway", self.gateway.overlay_url, "--ca", self.gateway.authority_file, "--name", self.name,
            passphrase=passphrase,
        )

    def stop(self):
        for running in self.running:
            running.stop()
        self.log.close()
