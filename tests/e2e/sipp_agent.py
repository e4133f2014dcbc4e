# SPDX-License-Identifier: Apache-2.0
"""A sipp with one of the scenarios of tests/e2e/sipp, or of those of the user agent's own tests, at the far end of a trunk."""

import itertools
import pathlib
import re
import subprocess
import time

from demonstration import processes

TESTS = pathlib.Path(__file__).resolve().parents[1]
SCENARIOS = TESTS / "e2e/sipp", TESTS / "integration/pstn/sip/scenarios"
NUMBERS = itertools.count(1)
LONGEST_S = 120  # of any scenario: none outlives its test for long


class Sipp:
    """`remote`: it calls `number` there; else it waits for a call on `port`. `keys` are the [words] of its scenario, `files` what
    it plays."""

    def __init__(self, folder, scenario, port, media_port, *, address="127.0.0.1", remote=None, number=None, calls=1,
                 echo=False, keys=None, files=None, transport="u1"):
        self.port = port
        self.protocol = "tcp" if transport.startswith("t") else "udp"
        self.folder = folder / "sipp" / f"{next(NUMBERS):02d}-{scenario}"
        self.folder.mkdir(parents=True)
        for name, content in (files or {}).items():
            (self.folder / name).write_bytes(content)
        text = next(file for file in (place / f"{scenario}.xml" for place in SCENARIOS) if file.exists()).read_text()
        for key, value in (keys or {}).items():
            text = text.replace(f"[{key}]", value)  # sipp's own keys cannot stand for a status
        (self.folder / "scenario.xml").write_text(text)
        command = ["sipp", "-sf", "scenario.xml", "-i", address, "-p", port, "-mp", media_port, "-m", calls, "-t", transport]
        command += ["-nostdin", "-timeout", LONGEST_S, "-timeout_error", "-trace_err", "-trace_msg"]
        command += ["-error_file", "errors", "-message_file", "messages"]
        command += ["-rtp_echo"] if echo else []
        command += ["-s", number, remote] if remote else []
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT,
            )
        if not remote:
            self._await_port(address)

    def _await_port(self, address):
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            if processes.has_bound(self.port, "6" if ":" in address else "", self.protocol):
                return
            time.sleep(0.02)
        raise RuntimeError(f"sipp does not listen: {self.complaint()}")

    def finish(self, timeout_s=60):
        """Its exit code: 0 if the scenario went as written."""
        return self.process.wait(timeout_s)

    def complaint(self):
        """Why the scenario did not go as written."""
        files = [self.folder / "errors", self.folder / "output"]
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in files if file.exists())

    def messages(self, direction="received"):
        """The first lines of the SIP messages that it has received, or sent, so far."""
        return re.findall(rf"message {direction} [\[(]\d+[\])]? bytes\)? ?:\s+(\S[^\r\n]*)", self._messages_file())

    def header(self, name):
        """The value of the first header of this name in any message."""
        return re.search(rf"^{name}: *(.*?)\r?$", self._messages_file(), re.MULTILINE)[1]

    def headers(self, name):
        """The values of all headers of this name of the first message that has any, in their order."""
        for message in re.split(r"^-{20,}", self._messages_file(), flags=re.MULTILINE):
            if found := re.findall(rf"^{name}: *(.*?)\r?$", message, re.MULTILINE):
                return found
        return []

    def has_header(self, name):
        """Whether any message has a header of this name."""
        return re.search(rf"^{name}:", self._messages_file(), re.MULTILINE) is not None

    def _messages_file(self):
        file = self.folder / "messages"
        return file.read_text(errors="replace") if file.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
