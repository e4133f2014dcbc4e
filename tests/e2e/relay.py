# SPDX-License-Identifier: Apache-2.0
"""The relay: a coturn by deploy/turn/turnserver.conf as it is shipped, so that what is tested is what is recommended."""

import pathlib
import socket

from demonstration import processes

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "deploy/turn/turnserver.conf"
PORT = 3478


def start(stage, address, secret):
    """Waits until it listens."""
    folder = stage.output / "relay"
    folder.mkdir()
    text = SHIPPED.read_text().replace("RELAY_ADDRESS", address).replace("SECRET", secret).replace("\nsyslog\n", "\n")
    (folder / "turnserver.conf").write_text(text + f"userdb={folder}/turndb\npidfile={folder}/pid\nlog-file=stdout\nverbose\n")
    with (folder / "log").open("wb") as output:
        process = stage.register.start("relay", ["turnserver", "-c", str(folder / "turnserver.conf")], output, cwd=folder)

    def listening():
        if process.poll() is not None:
            raise RuntimeError(f"coturn ended with {process.returncode}; see {folder / 'log'}")
        with socket.socket() as probe:
            return probe.connect_ex((address, PORT)) == 0

    processes.wait_until("the relay's start", listening, 30)
