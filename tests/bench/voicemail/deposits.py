# SPDX-License-Identifier: Apache-2.0
"""Many telephones leave a message at once, each at a number of its own; every message is compared with what was said."""

import audioop
import os
import pathlib
import secrets
import shutil
import statistics
import subprocess
import time
import urllib.request
import uuid

import numpy

from demonstration import audio, processes
from demonstration.gateway import Gateway

HERE = pathlib.Path(__file__).resolve().parent
STARTED_A_SECOND = 20
PIECE = audio.RATE_HZ  # 1 s
LIKE = 0.6             # of a piece that was found, at the least: Opus keeps the voice, not every sample
SHIFT_MS = 100         # by which a play-out buffer may move what it plays, in all
LOUD = 300             # mean of a piece with speech in it
SPOKEN = 0.6           # of the time after greeting and beep has speech in it, at the least
FRAME = audio.RATE_HZ // 50
HOLE = 0.15            # of the level that was said, or less, is a hole


class Failure(Exception):
    """A far end did not do what the benchmark needs of it."""


def holes(said, heard):
    """How many 20 ms with speech in them were heard as silence, or nearly."""
    level = lambda samples: numpy.sqrt((samples.reshape(-1, FRAME) ** 2).mean(axis=1))
    return int(((level(said) > 2 * LOUD) & (level(heard) < HOLE * level(said))).sum())


def pieces(said, heard):
    """Where each second of what was heard lies in what was said, in samples, how much it is like it, and the holes in it; silent
    seconds are left out."""
    loop = numpy.concatenate([said, said, said[:PIECE]])  # what is said again and again
    found = []
    spectrum_size = 1 << (len(loop) + PIECE).bit_length()
    spectrum = numpy.fft.rfft(loop, spectrum_size)
    power = numpy.concatenate([[0.0], numpy.cumsum(loop**2)])
    for start in range(0, len(heard) - PIECE + 1, PIECE):
        piece = heard[start : start + PIECE]
        if numpy.abs(piece).mean() < LOUD:
            continue
        product = numpy.fft.irfft(spectrum * numpy.conj(numpy.fft.rfft(piece, spectrum_size)), spectrum_size)
        places = len(said)
        norm = numpy.sqrt((power[PIECE : PIECE + places] - power[:places]) * (piece @ piece)) + 1e-9
        likeness = product[:places] / norm
        best = int(likeness.argmax())
        found.append((start, best, float(likeness[best]), holes(loop[best : best + PIECE], piece)))
    return found


def shifts(found, length):
    """How far each piece lies from where the first one puts it, in samples, round the loop."""
    origin = found[0][1] - found[0][0]
    return [(place - start - origin + length / 2) % length - length / 2 for start, place, _, _ in found]


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[i]) for i in (11, 12)) / os.sysconf("SC_CLK_TCK")


class Deposits:
    def __init__(self, program, folder):
        self.folder = folder.resolve()
        self.register = processes.Register(self.folder / "processes.json")
        self.register.stop_all()  # what a run that was killed has left
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.ports = set()
        settings = {"billing.fraud_limits": "false", "call.calls": 1_000, "media.trunk_port_low": 31_000, "media.trunk_port_high": 39_998}
        for key, value in settings.items():
            os.environ["TOLLGATE_" + key.replace(".", "_").upper()] = str(value)
        self.gateway = Gateway(self.register, program, self.folder, self.ports)

    def __enter__(self):
        try:
            self.gateway.start()
        except BaseException:
            self.register.stop_all()
            raise
        return self

    def __exit__(self, *_):
        self.register.stop_all()

    def measure(self, callers, seconds):
        rest, boxes = self.gateway.rest, {}
        self.sip_port = processes.free_port(self.ports)
        carrier = rest.post("/v1/carriers", {"name": "carrier"})["id"]
        rest.post("/v1/trunks", {"name": "carrier", "carrier_id": carrier, "host": "127.0.0.1", "port": self.sip_port,
                                 "served_prefixes": ["4420"], "probes": False})
        for place in range(callers):
            number = f"+1650555{place:04d}"
            account = rest.post("/v1/accounts", {"name": f"owner{place}", "passphrase": secrets.token_urlsafe(12), "region": "GB"})["id"]
            rest.post("/v1/payments", {"id": str(uuid.uuid4()), "account_id": account, "amount": "20.00", "currency": "EUR"})
            rest.post("/v1/numbers", {"number": number})
            rest.post("/v1/number_orders", {"id": str(uuid.uuid4()), "account_id": account, "number": number, "term_months": 3})
            boxes[number] = account
        said = numpy.array(audio.speech("demo-moreinfo", 14), dtype=numpy.int16)
        used, begun = cpu_s(self.gateway.process.pid), time.monotonic()
        releases = self._call(list(boxes), said, seconds)
        cores = (cpu_s(self.gateway.process.pid) - used) / (time.monotonic() - begun)
        heard = [self._fetch(account) for account in boxes.values()]
        lost = sum(self._lost(account) for account in boxes.values())
        return self._compare(said.astype(float), heard, callers, seconds) | {
            "packets_lost": lost, "release_ms": [statistics.median(releases), max(releases)], "gateway_cores": cores}

    def _lost(self, account):
        """Packets of the caller that the gateway did not have, by the call's record."""
        calls = lambda: self.gateway.rest.get(f"/v1/accounts/{account}/calls")["items"]
        return processes.wait_until(f"the record of {account}", calls, 30)[0]["from_trunk"]["lost"]

    def _call(self, numbers, said, seconds):
        (self.folder / "speech.alaw").write_bytes(audioop.lin2alaw(said.tobytes(), 2))
        (self.folder / "numbers.csv").write_text("SEQUENTIAL\n" + "".join(f"{n};{place:07d}\n" for place, n in enumerate(numbers)))
        text = (HERE / "caller.xml").read_text().replace("SPEAK_MS", str(seconds * 1000))
        (self.folder / "scenario.xml").write_text(text)
        command = ["sipp", "-sf", "scenario.xml", "-inf", "numbers.csv", "-i", "127.0.0.1", "-p", self.sip_port, "-m", len(numbers),
                   "-r", STARTED_A_SECOND, "-l", len(numbers), "-nostdin",
                   "-timeout", seconds + 60, "-timeout_error", "-trace_err", "-error_file", "errors", "-trace_rtt", "-rtt_freq", 1,
                   f"127.0.0.1:{self.gateway.sip_port}"]
        with (self.folder / "sipp").open("wb") as output:
            sipp = self.register.start("sipp", [str(word) for word in command], output, cwd=self.folder)
        try:
            code = sipp.wait(seconds + 90)
        except subprocess.TimeoutExpired:
            raise Failure(f"sipp does not end; see {self.folder}")
        if code != 0:
            raise Failure(f"sipp ended with {code}; see {self.folder}")
        rows = [line.split(";") for file in self.folder.glob("*_rtt.csv") for line in file.read_text().splitlines()[1:]]
        return [float(row[1]) for row in rows]

    def _fetch(self, account):
        rest = self.gateway.rest
        path = f"/v1/mailboxes/{account}/voicemails"
        items = processes.wait_until(f"the message of {account}", lambda: rest.get(path)["items"], 30)
        if len(items) != 1:
            raise Failure(f"{len(items)} messages for {account}")
        request = urllib.request.Request(f"{rest.url}{path}/{items[0]['id']}/audio?format=wav", headers={"Authorization": f"Bearer {rest.token}"})
        file = self.folder / f"{account}.wav"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            file.write_bytes(answer.read())
        return numpy.array(audio.read(file), dtype=float)

    def _compare(self, said, heard, callers, seconds):
        gaps = whole = 0
        least, most, lengths = 1.0, 0.0, []
        for each in heard:
            found = pieces(said, each)
            if len(found) < SPOKEN * (seconds - audio.prompt_s("vm-intro") - audio.prompt_s("beep")):
                raise Failure(f"only {len(found)} s of a message have speech in them")
            moved = [abs(shift) * 1000 / audio.RATE_HZ for shift in shifts(found, len(said))]
            wrong = sum(likeness < LIKE or shift > SHIFT_MS or holed > 0 for (_, _, likeness, holed), shift in zip(found, moved))
            gaps += wrong
            whole += wrong == 0
            least, most = min(least, min(one[2] for one in found)), max(most, max(moved))
            lengths.append(len(each) / audio.RATE_HZ)
        return {"callers": callers, "seconds": seconds, "whole": whole, "gaps": gaps, "least_likeness": least, "most_shift_ms": most,
                "shortest_s": min(lengths), "longest_s": max(lengths)}
