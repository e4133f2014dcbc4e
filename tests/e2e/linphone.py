# SPDX-License-Identifier: Apache-2.0
"""Linphone's command line client without a sound card: it answers by itself, plays a WAV file and records another."""

import os
import pathlib
import subprocess
import threading

from demonstration import processes

CONFIGURATION = """\
[sip]
sip_port={sip_port}
sip_tcp_port=0
sip_tls_port=0
bind_address=127.0.0.1
contact=sip:linphone@127.0.0.1
guess_hostname=0
use_ipv6=0
[rtp]
audio_rtp_port={rtp_port}
audio_adaptive_jitt_comp_enabled=1
[net]
stun_server=
firewall_policy=0
"""


class Linphone:
    def __init__(self, folder, sip_port, rtp_port, plays, records):
        self.sip_port = sip_port
        self.folder = pathlib.Path(folder)
        for place in (".local/share/linphone", ".config/linphone"):
            (self.folder / place).mkdir(parents=True)  # it makes none of them itself
        (self.folder / "linphonerc").write_text(CONFIGURATION.format(sip_port=sip_port, rtp_port=rtp_port))
        environment = {**os.environ, "HOME": str(self.folder)}
        environment.pop("XDG_DATA_HOME", None)
        environment.pop("XDG_CONFIG_HOME", None)
        self.process = subprocess.Popen(
            ["linphonec", "-a", "-d", "5", "-l", str(self.folder / "log"), "-c", str(self.folder / "linphonerc")], env=environment,
            cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        self.said = []
        threading.Thread(target=self._listen, daemon=True).start()
        processes.wait_until("linphone's listening", lambda: processes.has_bound(self.sip_port), 30)
        for word in ("ipv6 disable", "soundcard use files", f"play {plays}", f"record {records}"):
            self.tell(word)

    def _listen(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def stop(self):
        """Ends it in its own way, so that the recording is whole."""
        if self.process.poll() is not None:
            return
        try:
            self.tell("quit")
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
