# SPDX-License-Identifier: Apache-2.0
"""Runs the demonstration, or ends what it left running. Started by deploy/demo."""

import argparse
import json
import pathlib
import signal
import sys

from . import setup, steps
from .processes import Register
from .report import complain, heading, insist, say
from .scene import ALICE_NUMBER, LANDLINE, Scene

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/demo", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="where the programs are")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "var/demo", help="where everything is left")
    parser.add_argument("--keep", action="store_true", help="leave gateway and telephone running")
    parser.add_argument("--stop", action="store_true", help="end what --keep has left running")
    return parser.parse_args()


def perform(scene):
    scene.make_speech()
    scene.install_telephone()
    scene.gateway.start()
    say(f"the gateway is ready, with its own PostgreSQL; log in {scene.relative(scene.gateway.log_file)}")
    setup.prepare(scene)
    steps.call_out(scene)
    steps.call_in(scene)
    steps.voicemail(scene)
    steps.cut_off(scene)
    steps.refusals(scene)
    scene.summary["ledger_violations"] = setup.violations(scene)
    insist(scene.summary["ledger_violations"] == 0, "the ledger's invariants are broken")


def keep(scene):
    """What somebody needs who goes on from here."""
    gateway, alice = scene.gateway, scene.peers["alice"]
    numbers = {"alice": ALICE_NUMBER}
    description = {
        "pid": gateway.process.pid,
        "api_url": gateway.api_url,
        "admin_token": gateway.admin_token,
        "overlay_url": gateway.overlay_url,
        "ca_file": str(gateway.authority_file),
        "sip_address": f"127.0.0.1:{gateway.sip_port}",
        "subscribers": [
            {"name": name, "passphrase": peer.passphrase, "number": numbers.get(name)}
            for name, peer in scene.peers.items()
        ],
    }
    file = scene.output / "gateway.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(description, indent=2) + "\n")
    program, state = scene.relative(scene.program("tollgate-peer")), scene.relative(alice.folder / "alice")
    heading("The gateway goes on. The next call by hand:")
    print(f"  {program} --state {state} call {LANDLINE} --play {scene.relative(scene.wav('peer_source'))} --hang-up")
    print(f"  {program} --state {state} answer    # and from another window, for the telephone:")
    dial = json.dumps({"command": "dial", "params": f"sip:{ALICE_NUMBER}@{description['sip_address']}"})
    print(f"  printf %s '{len(dial)}:{dial},' >/dev/tcp/127.0.0.1/{scene.telephone.control_port}    # any SIP telephone here can do so")
    print(f"Addresses, token and pass-phrases: {scene.relative(file)}. To end it: deploy/demo --stop")


def main():
    options = arguments()
    output = options.output.resolve()
    if options.stop:
        ended = Register(output / "processes.json").stop_all()
        (output / "gateway.json").unlink(missing_ok=True)
        print("ended: " + ", ".join(ended) if ended else "nothing was running")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is ended
    heading("Tollgate: a call to a landline, a call from one, and a message left")
    scene = kept = None
    try:
        (output / "gateway.json").unlink(missing_ok=True)
        (output / "summary.json").unlink(missing_ok=True)
        scene = Scene(ROOT, options.build.resolve(), output)
        perform(scene)
        (output / "summary.json").write_text(json.dumps(scene.summary, indent=2) + "\n")
        if options.keep:
            keep(scene)
            kept = True
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except Exception as error:  # whatever it is, it is told and everything is ended
        complain(f"{type(error).__name__}: {error}" if not str(error) else str(error))
        if scene:
            complain(f"logs: {scene.relative(scene.output)}/gateway.log, peers/*.log, telephone/log")
        return 1
    finally:
        if scene:
            scene.stop(keep=bool(kept))
    heading(f"All of it happened. Summary: {scene.relative(output / 'summary.json')}")
    return 0


sys.exit(main())
