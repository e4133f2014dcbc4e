# SPDX-License-Identifier: Apache-2.0
"""The SIP messages of a call as an operator sees them afterwards: by REST, by `tollgate trace`, and as a capture that others read."""

import os
import re
import struct
import subprocess
import unittest

from stage import PATIENCE_S, Problem, StageTest, processes, program

REALM, USER, PASSWORD = "carrier.example", "trunk7", "se:cret"  # of sipp/called_challenges.xml


def packets(capture):
    """(source port, destination port, payload) of a capture of link type 101, written by the format's description alone."""
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHiIII", capture)
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 101), capture[:24]
    at, out = 24, []
    while at < len(capture):
        _, _, stored, length = struct.unpack_from("<IIII", capture, at)
        packet = capture[at + 16 : at + 16 + stored]
        assert stored == length == len(packet) == struct.unpack_from("!H", packet, 2)[0] and packet[0] == 0x45 and packet[9] == 17
        source, destination, size = struct.unpack_from("!HHH", packet, 20)
        assert size == len(packet) - 20
        out.append((source, destination, packet[28:].decode()))
        at += 16 + stored
    return out


class Trace(StageTest):
    @classmethod
    def prepare(cls, stage):
        cls.alice = stage.subscriber("alice", credit="20.00")
        stage.trunk(stage.free_port(), ["4413"])  # serves nothing here, but callers from its host are taken

    def trace(self, call_id):
        return self.stage.rest.get(f"/v1/traces/{call_id}")

    def command(self, *words):
        done = subprocess.run(
            [program("tollgate"), "trace", "--url", self.stage.gateway.api_url, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=PATIENCE_S, env={**os.environ, "TOLLGATE_ADMIN_TOKEN": self.stage.gateway.admin_token})
        return done.returncode, done.stdout, done.stderr

    def starts(self, trace):
        """What was sent and received, repetitions left out: ['> INVITE', '< 407', ...]."""
        out = []
        for one in trace["messages"]:
            word = one["text"].split()[1 if one["text"].startswith("SIP/2.0") else 0]
            line = ("> " if one["sent"] else "< ") + word
            if line not in out:
                out.append(line)
        return out

    def test_a_call_out_is_seen_whole_without_its_secrets(self):
        number = "+442079460301"
        carrier = self.stage.called("called_challenges")
        self.stage.trunk(carrier.port, [number[1:]], digest={"username": USER, "password": PASSWORD, "realm": REALM})
        running = self.alice.start("call", number, "--duration", 1)
        ringing = running.await_any(("answered", "ended"), PATIENCE_S)
        self.assertEqual("answered", ringing["event"], ringing)
        live = self.stage.live_calls()[0]["call_id"]
        self.assertIn("< 200", self.starts(self.trace(live)), "of a call that goes on")
        running.finish(PATIENCE_S)
        carrier.finish(PATIENCE_S)
        stored = f"SELECT node FROM gateway.call_trace WHERE call_id = '{live}'"
        processes.wait_until("the stored trace", lambda: self.stage.query(stored), PATIENCE_S)

        trace = self.trace(live)
        seen = self.starts(trace)
        for wanted in ("> INVITE", "> ACK", "< 200", "> BYE"):
            self.assertIn(wanted, seen)
        self.assertTrue({"< 401", "< 407"} & set(seen), seen)
        self.assertEqual(sorted(one["at_us"] for one in trace["messages"]), [one["at_us"] for one in trace["messages"]])
        self.assertEqual({carrier.port}, {one["remote"]["port"] for one in trace["messages"]})
        texts = "\n".join(one["text"] for one in trace["messages"])
        credentials = re.findall(r"^(?:Proxy-)?Authorization: (.*?)\r?$", texts, re.MULTILINE)
        self.assertTrue(credentials)
        for each in credentials:
            self.assertRegex(each, r"^Digest[x ]+$")
        self.assertGreaterEqual(sum(one["sent"] for one in trace["messages"]), len(carrier.messages("received")), "all that the carrier got")

        code, ladder, _ = self.command(live)
        self.assertEqual(0, code)
        self.assertRegex(ladder, r"\+0\.000000 +\|-+INVITE sdp-+>\|")
        self.assertRegex(ladder, r"\|<-+200 OK \(BYE\)-+\|")
        code, texts, _ = self.command(live, "--messages")
        self.assertEqual(0, code)
        self.assertIn("\nCSeq: ", texts)
        code, _, complaint = self.command("00000000-0000-7000-8000-000000000000")
        self.assertEqual(4, code)
        self.assertIn("No SIP messages", complaint)
        self.assertNotIn(number[1:], self.stage.gateway.log_file.read_text(errors="replace"), "numbers are not in the log")

        capture = self.stage.output / "call.pcap"
        self.assertEqual(0, self.command(live, "--pcap", capture)[0])
        found = packets(capture.read_bytes())
        self.assertEqual([one["text"] for one in trace["messages"]], [text for _, _, text in found])
        self.assertEqual((self.stage.gateway.sip_port, carrier.port), found[0][:2])
        read = subprocess.run(["tcpdump", "-nn", "-v", "-r", capture], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S)
        self.assertEqual(0, read.returncode, read.stderr)
        self.assertEqual(len(found), len(re.findall(r"^IP |^\d\d:\d\d:\d\d\.\d+ IP ", read.stdout, re.MULTILINE)), read.stdout)
        self.assertNotIn("bad", read.stdout.replace("bad udp cksum 0x0000", ""), "checksums")
        self.assert_sound()

    def test_a_call_in_that_is_refused_is_seen_too(self):
        caller = self.stage.caller("caller_is_refused", "+16505550199")
        self.assertEqual(0, caller.finish(PATIENCE_S), caller.complaint())
        rows = "SELECT call_id, messages::text FROM gateway.call_trace WHERE messages::text LIKE '%+16505550199%'"
        call_id, text = processes.wait_until("the stored trace", lambda: self.stage.query(rows), PATIENCE_S)[0]
        self.assertIn("INVITE sip:", text)
        seen = self.starts(self.trace(call_id))
        self.assertEqual("< INVITE", seen[0])
        self.assertIn("> 404", seen)

    def test_what_is_not_there_or_not_asked_for_rightly_is_told(self):
        with self.assertRaises(Problem) as refused:
            self.trace("nonsense")
        self.assertEqual((404, "no_trace"), (refused.exception.status, refused.exception.body["code"]))
        with self.assertRaises(Problem) as refused:
            self.stage.rest.get("/v1/traces/00000000-0000-7000-8000-000000000000", format="gif")
        self.assertIn(refused.exception.status, (400, 422))


if __name__ == "__main__":
    unittest.main(verbosity=2)
