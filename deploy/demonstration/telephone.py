# SPDX-License-Identifier: Apache-2.0
"""The telephone at the far end of the trunk: baresip, which answers by itself, plays a file, and keeps what it hears."""

import json
import pathlib
import queue
import shutil
import socket
import threading
import time

from . import processes

CONFIGURATION = """\
sip_listen {host}:{sip_port}
net_interface {address}
call_local_timeout 120
call_max_calls 4
audio_source aufile,{source}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports {rtp_low}-{rtp_high}
rtcp_mux no
jitter_buffer_delay 1-5
rtp_stats no
module_path {modules}
module g711.so
module g722.so
module g726.so
module gsm.so
module opus.so
module srtp.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:{control_port}
redial_attempts 0
ringback_disabled yes
"""
MODULES = "/usr/lib/baresip/modules"
CODECS = "PCMA/8000/1,PCMU/8000/1"


class Telephone:
    """One baresip with a line for each of `numbers`; the first is the one that places calls. `codecs` has the codecs of the lines
    that do not speak G.711, `encryption` of those that encrypt their voice, in baresip's words; `tls` are the files of its certificate
    with key and of its authorities: it listens on the port after `sip_port` then."""

    def __init__(self, register, folder, numbers, ports, rtp_ports, source, address="127.0.0.1", codecs=None, encryption=None,
                 tls=None):
        self.folder = pathlib.Path(folder)
        self.numbers = numbers
        self.sip_port, self.control_port = ports
        self.host = f"[{address}]" if ":" in address else address
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "config").write_text(
            CONFIGURATION.format(
                address=address,
                host=self.host,
                sip_port=self.sip_port,
                control_port=self.control_port,
                rtp_low=rtp_ports[0],
                rtp_high=rtp_ports[1],
                folder=self.folder,
                modules=MODULES,
                source=source,
            )
        )
        if tls:
            with (self.folder / "config").open("a") as config:
                config.write(f"sip_certificate {tls[0]}\nsip_cafile {tls[1]}\nsip_verify_server yes\n")
        lines = [
            f"<sip:{number}@{self.host}:{self.sip_port}>;regint=0;answermode=auto;"
            f"audio_codecs={(codecs or {}).get(number, CODECS)}"
            f"{';mediaenc=' + encryption[number] if number in (encryption or {}) else ''}\n"
            for number in numbers
        ]
        (self.folder / "accounts").write_text("".join(lines))
        (self.folder / "contacts").write_text("")
        with (self.folder / "log").open("wb") as output:
            self.process = register.start("telephone", ["baresip", "-f", str(self.folder)], output, cwd=self.folder)
        self.events = []
        self.arrived = queue.Queue()
        # The control port comes last, after the lines.
        self.control = processes.wait_until("the telephone's start", self._connect, 10)
        threading.Thread(target=self._listen, daemon=True).start()

    def _connect(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the telephone ended with {self.process.returncode}; see {self.folder / 'log'}")
        try:
            return socket.create_connection(("127.0.0.1", self.control_port))
        except OSError:
            return None

    def _listen(self):
        """Events come as netstrings of JSON: 17:{"event":true,...},"""
        data = b""
        while True:
            try:
                more = self.control.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b":" in data:
                size, _, rest = data.partition(b":")
                if len(rest) <= int(size):
                    break
                message = json.loads(rest[: int(size)])
                data = rest[int(size) + 1 :]
                if message.get("event"):
                    self.events.append(message)
                    self.arrived.put(message)

    def command(self, name, parameters=""):
        body = json.dumps({"command": name, "params": parameters}).encode()
        self.control.sendall(b"%d:%s," % (len(body), body))

    def await_event(self, kind, timeout_s):
        end = time.monotonic() + timeout_s
        while True:
            try:
                message = self.arrived.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"the telephone waited {timeout_s} s in vain for {kind}") from None
            if message["type"] == kind:
                return message
            if message["type"] == "CALL_CLOSED":
                raise RuntimeError(f"the telephone's call ended: {message.get('param')}")

    def forget(self):
        """What has happened so far does not concern the call that comes."""
        self.events.clear()
        while not self.arrived.empty():
            self.arrived.get_nowait()

    def play_in_next_call(self, path):
        self.command("ausrc", f"aufile,{path}")

    def dial(self, number, gateway_port, parameters=""):
        host = self.host if self.host == "[::1]" else "127.0.0.1"
        self.command("dial", f"sip:{number}@{host}:{gateway_port}{parameters}")

    def hang_up(self):
        self.command("hangup")

    def press(self, digits):
        self.command("sndcode", digits)

    def digits(self):
        return "".join(event["param"] for event in self.events if event["type"] == "CALL_DTMF_START")

    def recordings(self):
        """Every call's recording of what was heard, oldest first."""
        return sorted(self.folder.glob("dump-*-dec.wav"))

    def keep_recording(self, known, path):
        """Waits until the recording that is not among `known` is complete, and copies it."""

        def finished():
            fresh = [file for file in self.recordings() if file not in known]
            closed = any(event["type"] == "CALL_CLOSED" for event in self.events)
            return fresh[-1] if fresh and closed else None

        shutil.copy(processes.wait_until("the telephone's recording", finished, 30), path)
