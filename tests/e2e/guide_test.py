# SPDX-License-Identifier: Apache-2.0
"""deploy/README.md as its reader follows it: every command of its sections on prices, trunk, subscriber, call and number, in order, against
a gateway and a telephone at the far end. Only addresses and paths of the reader's machine are put in place of the guide's; and this machine,
which has built the programs and has no service manager, installs below a folder, and looks whether the service is there."""

import json
import os
import pathlib
import re
import subprocess
import unittest

from encrypted_node import encrypted_node, make_certificate
from stage import BUILD, PATIENCE_S, ROOT, StageTest, processes, program

SECTIONS = ("1. Install", "3. Start it", "4. Prices", "5. A trunk", "6. A subscriber with credit", "7. The first paid call", "8. A number to be called at",
            "9. Credit, limits and refunds")
ELSEWHERE = "10. The API from elsewhere, and programs of your own"


def commands(sections=SECTIONS):
    """(section, command) of the shell blocks."""
    text = (ROOT / "deploy/README.md").read_text()
    for title in sections:
        section = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
        for block in re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S):
            for command in block.splitlines():
                yield title, command


class Guide(StageTest):
    settings = {"sip.options_interval_s": 1, "billing.fraud_limits": "true", "billing.webhook_secret": "shared with the provider"}

    @classmethod
    def prepare(cls, stage):
        cls.telephone = stage.telephone(stage.speech("landline", "demo-instruct", 10), ["+442079460958"])

    def on_this_machine(self, command):
        gateway = self.stage.gateway
        home = self.stage.output / "root"
        home.mkdir(exist_ok=True)
        (home / "webhook.secret").write_text(self.settings["billing.webhook_secret"] + "\n")
        for theirs, ours in (
            ("deploy/build release ", f"ninja -n -C {BUILD} "),
            ("cmake --install build/release", f"cmake --install {BUILD} --prefix {home}/usr/local"),
            ("systemd-sysusers", f"systemd-sysusers --dry-run --root={home} {home}/usr/local/lib/sysusers.d/tollgate.conf 2>&1"),
            ("systemctl daemon-reload", f"cat {home}/usr/local/lib/systemd/system/tollgate.service"),
            ("systemctl enable --now tollgate", f"grep -q '^WantedBy=multi-user.target$' {home}/usr/local/lib/systemd/system/tollgate.service"),
            ("-g tollgate ", ""),
            ("/etc/tollgate", f"{home}/etc/tollgate"),
            ("sudo ", ""),
            ("~/", f"{home}/"),
            ("/usr/local/share/tollgate/default.csv", str(ROOT / "billing/deck/default.csv")),
            ("/var/lib/tollgate/authority.pem", str(gateway.authority_file)),
            ("http://localhost:8080", gateway.api_url),
            ("wss://localhost:7443", f"wss://localhost:{gateway.overlay_port}"),
            ("--host sip.example.net", f"--host 127.0.0.1 --port {self.telephone.sip_port}"),
        ):
            command = command.replace(theirs, ours)
        return command

    def run_command(self, command, **more):
        paths = {str(pathlib.Path(program(name)).parent) for name in ("tollgate", "tollgate-peer")}
        environment = {
            **os.environ,
            "PATH": ":".join([*paths, os.environ["PATH"]]),
            "TOLLGATE_CONFIG": str(self.stage.gateway.configuration_file),
            "TOLLGATE_PEER_STATE": str(self.stage.output / "peer"),
            **more,
        }
        return subprocess.run(
            ["bash", "-c", command], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S
        )

    def test_every_command(self):
        said = {}
        for title, command in commands():
            if "doctor" in command:
                up = lambda: all(one["up"] for one in self.stage.rest.get("/v1/status")["trunks"])
                processes.wait_until("the trunk's answer", up, PATIENCE_S)
            with self.subTest(section=title, command=command):
                done = self.run_command(self.on_this_machine(command))
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                said.setdefault(title, []).append(done.stdout)
        installed, started, prices, trunk, subscriber, call, number, credit = (said[title] for title in SECTIONS)
        root = self.stage.output / "root"
        for path in ("usr/local/bin/tollgate", "usr/local/bin/tollgate-peer", "usr/local/share/tollgate/default.csv"):
            self.assertTrue((root / path).exists(), path)
        self.assertIn("tollgate", installed[3])
        written = subprocess.run([program("tollgate"), "--config", root / "etc/tollgate/tollgate.toml", "check"], capture_output=True, text=True)
        self.assertEqual(0, written.returncode, written.stderr)
        self.assertIn("ExecStart=", started[0])
        self.assertRegex(started[-1], r"warning +trunks")
        self.assertIn("0.017", prices[-1])
        self.assertRegex(trunk[-2], r"good +trunks +example-1")
        self.assertRegex(trunk[-1], r"1 +example-1 +chosen")
        self.assertRegex(subscriber[-1], r"credit +10\.00")
        self.assertRegex(call[-3], r"-0\.017")  # one minute begun, as the ledger has it
        self.assertRegex(call[-2], r"out .*\+442079460958 .*example-1")
        self.assertIn("442079460958", call[-1])
        self.assertIn("+16505550100", number[-1])
        self.assertRegex(credit[1], r"new +spend_hour +50000000 +EUR +cut")
        self.assertIn('"credited":"10.00"', credit[-1])
        self.assert_sound()

    def test_the_commands_from_elsewhere(self):
        """By a gateway whose API is behind TLS, as the section's first block configures it, for the name that the guide calls it by."""
        folder = self.stage.output / "elsewhere"
        folder.mkdir()
        make_certificate(folder, "api", "localhost", "-addext", "subjectAltName=DNS:localhost")
        with encrypted_node(self.stage, folder) as (port, environment):
            here = {"TOLLGATE_ADMIN_TOKEN": environment["TOLLGATE_ADMIN_TOKEN"]}
            own = lambda command: command.replace("api.example.net:8080", f"localhost:{port}").replace("authority.pem", str(folder / "api.pem"))
            said = []
            for _, command in commands([ELSEWHERE]):
                if not said:
                    answers = lambda: self.run_command(own(command), **here).returncode == 0
                    processes.wait_until("the node with TLS", answers, PATIENCE_S)
                with self.subTest(command=command):
                    done = self.run_command(own(command), **here)
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                    said.append(done.stdout)
        status, token, accounts, hook, hooks, _ = said
        self.assertIn("encrypted", status)
        self.assertRegex(token, r"\Atga_[\w-]{43}\n\Z")
        self.assertIn("items", json.loads(accounts))
        self.assertRegex(hook, r"(?m)^secret +[0-9a-f]{64}$")
        self.assertIn("https://ops.example.net/tollgate", hooks)

    def test_every_section_has_commands(self):
        self.assertEqual({*SECTIONS, ELSEWHERE}, {title for title, _ in commands([*SECTIONS, ELSEWHERE])})


if __name__ == "__main__":
    unittest.main(verbosity=2)
