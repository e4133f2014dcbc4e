# SPDX-License-Identifier: Apache-2.0
"""What the steps share: the gateway, the telephone, the subscribers, the speech files, and the summary that they fill."""

import pathlib
import secrets

from . import audio, processes, telephone
from .gateway import Gateway
from .peer import Peer
from .report import insist, say

LANDLINE = "+442079460958"  # reserved for fiction by Ofcom
DEAR_LANDLINE = "+442079460999"
ALICE_NUMBER = "+16505550100"
SPEECH_S = 12
MESSAGE_S = 5
LIKENESS_LEAST = 0.7  # of what was heard with what was said; with other speech it stays below 0.5


class Scene:
    def __init__(self, root, build, output):
        self.root = pathlib.Path(root)
        self.output = pathlib.Path(output)
        self.output.mkdir(parents=True, exist_ok=True)
        self.register = processes.Register(self.output / "processes.json")
        for name in self.register.stop_all():
            say(f"ended the {name} that an earlier run had left")
        self.build = pathlib.Path(build)
        self.summary = {}
        self.peers = {}
        self.ports = set()
        self.gateway = Gateway(self.register, self.program("tollgate"), self.output, self.ports)
        self.telephone = None
        self.trunk = None

    def program(self, name):
        found = [path for path in (self.build / "gateway").glob(f"**/{name}") if path.is_file()]
        insist(found, f"there is no {name} below {self.build}")
        return found[0]

    def wav(self, name):
        return self.output / f"{name}.wav"

    def relative(self, path):
        """As the summary names files: relative to the repository, where they are inside it."""
        path = pathlib.Path(path).resolve()
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def make_speech(self):
        """Two voices with two texts, so that neither can be taken for the other. A file that ends would end baresip's call, so
        what the telephone plays goes on in silence."""
        for stale in self.output.glob("*.wav"):
            stale.unlink()
        audio.write(self.wav("peer_source"), audio.speech("demo-congrats", SPEECH_S))
        landline = audio.speech("demo-instruct", SPEECH_S, voice=0.85)
        audio.write(self.wav("landline_source"), landline)
        audio.write(self.wav("landline_plays"), landline + audio.silence(120))
        message = audio.speech("demo-moreinfo", MESSAGE_S, voice=0.85)
        audio.write(self.wav("voicemail_source"), message)
        audio.write(self.wav("voicemail_plays"), audio.silence(self.before_message_s()) + message + audio.silence(120))

    def before_message_s(self):
        """From the answer to the moment when the caller begins to speak: greeting, beep, and a breath."""
        return audio.prompt_s("vm-intro") + audio.prompt_s("beep") + 1.0

    def install_telephone(self):
        ports = (processes.free_port(self.ports, 2), processes.free_port(self.ports))
        rtp_low = processes.free_port(self.ports, 40)
        self.telephone = telephone.Telephone(
            self.register, self.output / "telephone", [LANDLINE, DEAR_LANDLINE], ports, (rtp_low, rtp_low + 39),
            self.wav("landline_plays"),
        )

    def add_peer(self, name):
        self.peers[name] = Peer(
            self.program("tollgate-peer"), self.output / "peers", name, secrets.token_urlsafe(12), self.gateway
        )
        return self.peers[name]

    def insist_heard(self, who, source, heard):
        """The recording contains the speech, in its order and without gaps."""
        correlation, delay_s = audio.likeness(self.wav(source), self.wav(heard))
        say(f"{who}: likeness {correlation:.2f}, from {delay_s:.2f} s of the recording on")
        insist(correlation >= LIKENESS_LEAST, f"{heard}.wav does not contain {source}.wav (likeness {correlation:.2f})")

    def stop(self, keep):
        for peer in self.peers.values():
            peer.stop()
        if not keep:
            self.register.stop_all()
