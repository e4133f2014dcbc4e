#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a gateway with live calls withstands: its own death, the database's, and the wish that it end. Each time the call is
settled once, no hold stays, and the ledger's invariants hold. Arguments: the build directory, the output directory."""

import os
import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from demonstration import processes, setup  # noqa: E402
from demonstration.report import complain, heading, insist, say  # noqa: E402
from demonstration.scene import LANDLINE, Scene  # noqa: E402

MINUTE_MICROS = 17_000  # the global rate, 60/60


def begin_call(scene, seconds):
    """Alice's call, answered."""
    scene.telephone.forget()
    running = scene.peers["alice"].start("call", LANDLINE, "--play", "tone:440", "--duration", seconds)
    running.await_event("answered", 20)
    return running


def records(scene):
    return scene.gateway.rest.get(f"/v1/accounts/{setup.account(scene, 'alice')}/calls", limit=100)["items"]


def insist_settled_once(scene, known, before, settled_by):
    """One more record than before, charged with one minute."""
    fresh = processes.wait_until(
        "the call's record", lambda: [each for each in records(scene) if each["call_id"] not in known], 40, 0.5
    )
    insist(len(fresh) == 1, f"the call has {len(fresh)} records")
    record = fresh[0]
    say(f"settled by {record['settled_by']}: {record['billed_s']} s, {record['charged_micros']} micros")
    balance = scene.gateway.rest.get(f"/v1/accounts/{setup.account(scene, 'alice')}/balance")
    insist(record["settled_by"] in settled_by, f"settled by {record['settled_by']}")
    insist(record["charged_micros"] == MINUTE_MICROS, f"charged {record['charged_micros']}")
    insist(before - balance["posted_micros"] == MINUTE_MICROS, "the credit is not what was charged")
    insist(balance["held_micros"] == 0, f"a hold of {balance['held_micros']} stays")
    insist(setup.violations(scene) == 0, "the ledger's invariants are broken")


def gateway_killed(scene):
    heading("The gateway is killed during a call and started again")
    known, before = {each["call_id"] for each in records(scene)}, setup.balance(scene, "alice")
    running = begin_call(scene, 60)
    time.sleep(7)  # one report of use, at least
    os.kill(scene.gateway.process.pid, signal.SIGKILL)
    scene.gateway.process.wait()
    code, _ = running.finish(60)
    say(f"the peer noticed and ended with {code}")
    scene.telephone.hang_up()
    scene.gateway.resume()
    insist_settled_once(scene, known, before, {"reaper"})


def database_restarted(scene):
    heading("PostgreSQL is restarted during a call")
    known, before = {each["call_id"] for each in records(scene)}, setup.balance(scene, "alice")
    running = begin_call(scene, 12)
    time.sleep(3)
    pid_file = next(scene.gateway.state.glob("**/postmaster.pid"))
    first = int(pid_file.read_text().split()[0])
    os.kill(first, signal.SIGINT)
    processes.wait_until("PostgreSQL's new process", lambda: pid_file.exists() and pid_file.read_text().split()[0] != str(first), 30)
    say("PostgreSQL is back; the call went on")
    code, _ = running.finish(40)
    ended = running.event("ended")
    insist(code == 0 and ended["talk_ms"] >= 11_000, f"the call did not go on: {ended}")
    insist_settled_once(scene, known, before, {"gateway"})


def drained(scene):
    heading("The gateway is told to end during a call")
    known, before = {each["call_id"] for each in records(scene)}, setup.balance(scene, "alice")
    running = begin_call(scene, 8)
    os.kill(scene.gateway.process.pid, signal.SIGTERM)
    time.sleep(1)
    refused = scene.peers["alice"].run("call", LANDLINE)
    insist(refused.code != 0, "a new call was taken while draining")
    say(f"a new call is refused: {(refused.event('ended') or refused.event('refused') or refused.events[-1]).get('text')}")
    code, _ = running.finish(40)
    insist(code == 0, f"the live call was not let finish: {running.event('ended')}")
    scene.gateway.process.wait(40)
    insist(scene.gateway.process.returncode == 0, f"the gateway ended with {scene.gateway.process.returncode}")
    say("the live call was finished, then the gateway ended by itself")
    scene.gateway.resume()
    insist_settled_once(scene, known, before, {"gateway"})


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build, output = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    scene = Scene(ROOT, build, output)
    try:
        scene.make_speech()
        scene.install_telephone()
        scene.gateway.start()
        setup.prepare(scene)
        insist(scene.peers["alice"].log_in().code == 0, "alice could not log in")
        gateway_killed(scene)
        database_restarted(scene)
        drained(scene)
    except Exception as error:
        complain(f"{type(error).__name__}: {error}; see {scene.relative(scene.output)}")
        raise
    finally:
        scene.stop(keep=False)
    heading("All of it was withstood.")


main()
