# SPDX-License-Identifier: Apache-2.0
"""nginx with one worker and two files, each of the size of an answer of ours."""

import pathlib
import shutil
import socket
import subprocess

CONFIGURATION = """\
worker_processes 1;
daemon off;
error_log {folder}/error.log warn;
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  sendfile on;
  open_file_cache max=100;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class WebServer:
    def __init__(self, folder, port, files):
        folder = pathlib.Path(folder).resolve()
        (folder / "files").mkdir(parents=True)
        for name, content in files.items():
            (folder / "files" / name).write_bytes(content)
        for path in (folder, folder / "files"):
            path.chmod(0o755)
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"), "-g", "user root;"],
                                        stdin=subprocess.DEVNULL, start_new_session=True)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), 1):
                return True
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
