#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What deploy/ puts on a carrier's machine, judged without one: the service by systemd's own tools, the container file and the guide by
the keys and packages that there are, and the configuration that the guide installs by the program that reads it. The program is the
argument."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVICE = ROOT / "deploy/systemd/tollgate.service"
PROGRAM = ""
# Of 100: what systemd adds up for the network, the directories of the host and the one capability that a gateway needs is 17.
MOST_EXPOSED = 20


def run(*command, **more):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=60, **more)


def declared_keys():
    """Every key of the configuration as the program prints it: {"api.port", …}."""
    section, keys = "", set()
    for line in run(PROGRAM, "check", "--print").stdout.splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head.group(1) + "."
        elif key := re.match(r"(\w+) = ", line):
            keys.add(section + key.group(1))
    return keys


class Service(unittest.TestCase):
    def unit(self, folder):
        """The unit with the program where it was built."""
        copy = pathlib.Path(folder) / SERVICE.name
        copy.write_text(SERVICE.read_text().replace("/usr/local/bin/tollgate", PROGRAM))
        return copy

    def test_the_unit_is_sound(self):
        with tempfile.TemporaryDirectory() as folder:
            judged = run("systemd-analyze", "verify", "--man=no", self.unit(folder))
        self.assertEqual((0, ""), (judged.returncode, judged.stderr))

    def test_the_unit_is_closed_to_all_that_it_does_not_need(self):
        with tempfile.TemporaryDirectory() as folder:
            judged = run("systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", self.unit(folder))
        self.assertEqual(0, judged.returncode, judged.stdout + judged.stderr)
        self.assertRegex(judged.stdout, r"Overall exposure level for tollgate.service: 1\.\d OK")

    def test_its_user_is_made(self):
        made = run("systemd-sysusers", "--dry-run", ROOT / "deploy/systemd/tollgate.sysusers")
        self.assertEqual(0, made.returncode, made.stderr)
        (user,) = re.findall(r"^User=(\w+)$", SERVICE.read_text(), re.M)
        self.assertIn(f"u {user} ", (ROOT / "deploy/systemd/tollgate.sysusers").read_text())

    def test_it_is_given_longer_to_stop_than_calls_are(self):
        (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", SERVICE.read_text(), re.M)
        (drain,) = re.findall(r"^drain_timeout_s = (\d+)$", run(PROGRAM, "check", "--print").stdout, re.M)
        self.assertGreater(int(stop), int(drain))


class Configuration(unittest.TestCase):
    def check(self, text, *words, **variables):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return run(PROGRAM, "--config", file.name, "check", *words, env={**os.environ, **variables})

    def test_the_one_that_the_guide_installs_is_every_key_with_its_default(self):
        printed = run(PROGRAM, "check", "--print").stdout
        self.assertGreater(len(declared_keys()), 100)
        again = self.check(printed, "--print")
        self.assertEqual((0, printed), (again.returncode, again.stdout), again.stderr)

    def test_every_key_has_a_variable(self):
        printed = run(PROGRAM, "check", "--print").stdout
        said = re.findall(r"^(\w+) = (.*)$", printed, re.M)
        variables = {"TOLLGATE_" + key.upper().replace(".", "_"): value for key, (_, value) in zip(keys_in_order(printed), said)}
        plain = {name: value.strip("'") for name, value in variables.items() if not value.startswith("[") and value != "''"}
        self.assertGreater(len(plain), 80)
        answer = self.check("", "--print", **plain)
        self.assertEqual((0, printed), (answer.returncode, answer.stdout), answer.stderr)

    def test_the_guides_examples_are_read(self):
        guide = (ROOT / "deploy/README.md").read_text()
        examples = re.findall(r"^```toml\n(.*?)^```$", guide, re.M | re.S)
        self.assertGreaterEqual(len(examples), 3)
        with tempfile.TemporaryDirectory() as folder:
            made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=api.example.net",
                       "-keyout", f"{folder}/api.key", "-out", f"{folder}/api.pem")
            self.assertEqual(0, made.returncode, made.stderr)
            (pathlib.Path(folder) / "clients.pem").write_bytes((pathlib.Path(folder) / "api.pem").read_bytes())
            for example in examples:
                answer = self.check(example.replace("/etc/tollgate/", folder + "/"))
                self.assertEqual(0, answer.returncode, example + answer.stderr)

    def test_every_key_that_is_named_is_declared(self):
        keys = declared_keys()
        sections = {key.split(".")[0] for key in keys if "." in key}
        for name in ("deploy/README.md", "README.md", "voicemail/README.md"):
            for key in re.findall(r"`([a-z]+\.[a-z0-9_]+)`", (ROOT / name).read_text()):
                if key.split(".")[0] in sections and not key.endswith((".md", ".cpp", ".hpp", ".csv", ".json")) and "_" + key not in EVENTS:
                    self.assertIn(key, keys, name)

    def test_the_container_files_variables_and_packages_are_there(self):
        container = (ROOT / "deploy/container/Containerfile").read_text()
        variables = {"TOLLGATE_" + key.upper().replace(".", "_") for key in declared_keys()}
        for file in (container, (ROOT / "deploy/README.md").read_text(), SERVICE.read_text()):
            for variable in re.findall(r"TOLLGATE_[A-Z0-9_]+", file):
                if variable not in ("TOLLGATE_ADMIN_TOKEN", "TOLLGATE_CONFIG"):
                    self.assertIn(variable, variables)
        sections = re.findall(r"^\[(\w+)\]$", (ROOT / "deploy/packages").read_text(), re.M)
        for section in re.findall(r"deploy/install (\w+) (?:&&|$)", container, re.M):
            self.assertIn(section, sections)
        for path in re.findall(r"^COPY (?!--from)(.*) \S+$", container, re.M):
            for each in path.split():
                self.assertTrue((ROOT / each).exists(), each)


# Types of events have a dot, too.
EVENTS = {"_call." + what for what in ("started", "answered", "ended")} | {"_trunk.up", "_trunk.down"}


def keys_in_order(printed):
    section, keys = "", []
    for line in printed.splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head.group(1) + "."
        elif key := re.match(r"(\w+) = ", line):
            keys.append(section + key.group(1))
    return keys


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
