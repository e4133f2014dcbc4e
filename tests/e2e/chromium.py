# SPDX-License-Identifier: Apache-2.0
"""A Chromium: with the telephone page of browser/ (driver.mjs), or with a person who sees, types and presses (person.mjs)."""

import base64
import json
import os
import pathlib
import subprocess
import threading
import time
import wave

import network

FOLDER = pathlib.Path(__file__).resolve().parent / "browser"
RECORDED_HZ = 16000  # browser/sound.js


class PageError(RuntimeError):
    """What a method of the page's telephone failed with."""


class Chromium:
    """In the network namespace `where`; `speech` is what its microphone hears, again and again; `authority` is the PEM file of
    the certificate authority that it trusts besides the usual ones."""

    def __init__(self, folder, where, speech, authority, driver="driver.mjs"):
        self.folder = folder
        self._trust(authority)
        command = [*where.prefix, "node", FOLDER / driver, folder / "profile", speech]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            env={**os.environ, "HOME": str(folder)}, text=True, start_new_session=True,
        )
        self.events, self.waiting, self.replies = [], [], {}
        self.requests, self.ended = 0, False
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()

    def _trust(self, authority):
        database = self.folder / ".pki/nssdb"
        database.mkdir(parents=True)
        network.run("certutil", "-d", f"sql:{database}", "-N", "--empty-password")
        network.run("certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "tollgate", "-i", authority)

    def _listen(self):
        for line in self.process.stdout:
            message = json.loads(line)
            message["at"] = time.monotonic()
            with self.changed:
                if "event" in message:
                    self.events.append(message)
                    self.waiting.append(message)
                else:
                    self.replies[message["id"]] = message
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def call(self, method, *arguments, timeout_s=60):
        """The result of a method of the page's telephone."""
        self.requests += 1
        number = self.requests
        self.process.stdin.write(json.dumps({"id": number, "method": method, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        with self.changed:
            self._wait(lambda: number in self.replies, method, timeout_s)
            reply = self.replies.pop(number)
        if "error" in reply:
            raise PageError(reply["error"])
        return reply.get("result")

    def _wait(self, condition, what, timeout_s):
        if not self.changed.wait_for(lambda: condition() or self.ended, timeout_s):
            raise TimeoutError(f"the page waited {timeout_s} s in vain for {what}: {self.events[-3:]}")
        if not condition():
            raise RuntimeError(f"the browser ended; see {self.folder / 'log'}")

    def await_event(self, kind, timeout_s, **facts):
        """The first event of this kind with these facts that has not been awaited yet."""

        def found():
            return [one for one in self.waiting if one["event"] == kind and facts.items() <= one.items()]

        def hung_up():
            return [one for one in self.waiting if one["event"] == "hangup"]

        with self.changed:
            self._wait(lambda: found() or hung_up(), f"{kind} {facts}", timeout_s)
            if not found():
                raise RuntimeError(f"the page's call ended instead of {kind}: {hung_up()[0]}")
            event = found()[0]
            self.waiting.remove(event)
            return event

    def forget(self):
        """What has happened so far does not concern the call that comes."""
        with self.changed:
            self.events.clear()
            self.waiting.clear()

    def keep_recording(self, path):
        """What the page has heard since the call began, or since this was called before, as a file."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RECORDED_HZ)
            file.writeframes(base64.b64decode(self.call("takeRecording")))
        return path

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()
        self.log.close()
