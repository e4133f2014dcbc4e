# SPDX-License-Identifier: Apache-2.0
"""The gateway under demonstration: its configuration, its process, and its addresses."""

import os
import pathlib
import shutil

from . import processes
from .rest import Rest

CONFIGURATION = """\
# Everything on this machine only, on ports that were free.
state_directory = "{state}"

[node]
name = "demonstration"

[overlay]
address = "127.0.0.1"
port = {overlay_port}

[media]
address = "127.0.0.1"
overlay_port = {media_port}
trunk_port_low = {trunk_ports[0]}
trunk_port_high = {trunk_ports[1]}

[sip]
address = "127.0.0.1"
port = {sip_port}

[api]
address = "127.0.0.1"
port = {api_port}
"""


class Gateway:
    def __init__(self, register, program, folder, taken_ports):
        self.register = register
        self.program = program
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.log_file = self.folder / "gateway.log"
        self.configuration_file = self.folder / "tollgate.toml"
        self.overlay_port = processes.free_port(taken_ports)
        self.media_port = processes.free_port(taken_ports, os.cpu_count() or 1)  # one a worker, one worker a core
        self.sip_port = processes.free_port(taken_ports, 2)
        self.api_port = processes.free_port(taken_ports)
        low = processes.free_port(taken_ports, 40)
        self.trunk_ports = (low, low + 39)
        self.process = None
        self.rest = None

    @property
    def overlay_url(self):
        return f"wss://127.0.0.1:{self.overlay_port}"

    @property
    def api_url(self):
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def authority_file(self):
        return self.state / "authority.pem"

    @property
    def admin_token(self):
        return (self.state / "admin.token").read_text().strip()

    def start(self):
        """From an empty state directory to a gateway that is ready."""
        if self.state.exists():
            shutil.rmtree(self.state)
        self.configuration_file.write_text(
            CONFIGURATION.format(
                state=self.state,
                overlay_port=self.overlay_port,
                media_port=self.media_port,
                trunk_ports=self.trunk_ports,
                sip_port=self.sip_port,
                api_port=self.api_port,
            )
        )
        self.log_file.unlink(missing_ok=True)
        self.resume()

    def resume(self):
        """Starts the process on the state that is there, and waits until it is ready."""
        with self.log_file.open("ab") as output:
            command = [str(self.program), "serve", "--config", str(self.configuration_file)]
            self.process = self.register.start("gateway", command, output)
        probe = Rest(self.api_url)

        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}; see {self.log_file}")
            return probe.not_ready() <= {"trunks"}  # which are still to be entered

        processes.wait_until("the gateway's start", ready, 60, 0.1)
        self.rest = Rest(self.api_url, self.admin_token)
