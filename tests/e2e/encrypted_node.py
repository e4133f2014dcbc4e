# SPDX-License-Identifier: Apache-2.0
"""Another gateway on the database of a stage's, with the same keys, whose API is behind TLS."""

import contextlib
import os
import shutil
import subprocess

from stage import PATIENCE_S, processes, program


def make_certificate(folder, name, subject, *words):
    """`name`.key and `name`.pem, signed by itself; `words` are openssl-req's."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
               "-subj", f"/CN={subject}", "-keyout", f"{name}.key", "-out", f"{name}.pem", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S)


@contextlib.contextmanager
def encrypted_node(stage, folder, client_authorities=""):
    """Of the certificate api.pem in `folder`. Gives the API's port and the environment that `tollgate` finds it by."""
    gateway, port = stage.gateway, stage.free_port()
    shutil.copytree(gateway.state / "keys", folder / "state" / "keys")
    keys = {
        "NODE_NAME": "encrypted", "STATE_DIRECTORY": folder / "state", "LOG_FILE": folder / "gateway.log",
        "DATABASE_URL": f"host={gateway.state / 'postgresql/socket'} user=tollgate dbname=tollgate",
        "API_PORT": port, "API_CERTIFICATE": folder / "api.pem", "API_KEY": folder / "api.key", "API_CLIENT_AUTHORITIES": client_authorities,
        "OVERLAY_ADDRESS": "127.0.0.1", "OVERLAY_PORT": "0", "MEDIA_ADDRESS": "127.0.0.1", "MEDIA_OVERLAY_PORT": "0",
        "SIP_ADDRESS": "127.0.0.1", "SIP_PORT": stage.free_port(2),
    }
    environment = {**os.environ, **{"TOLLGATE_" + name: str(value) for name, value in keys.items()}}
    environment["TOLLGATE_ADMIN_TOKEN"] = gateway.admin_token
    node = subprocess.Popen([program("tollgate"), "serve"], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield port, environment
    finally:
        node.terminate()
        node.wait(PATIENCE_S)
