# SPDX-License-Identifier: Apache-2.0
"""Tokens by the command line: made with a role, used, rotated, revoked."""

import json
import os
import subprocess
import unittest

from stage import PATIENCE_S, StageTest, program

DONE, WRONG_USE, REFUSED = 0, 2, 4


class Access(StageTest):
    def tollgate(self, *words, token=None):
        environment = {**os.environ, "TOLLGATE_ADMIN_TOKEN": token or self.stage.gateway.admin_token}
        command = [program("tollgate"), *words, "--url", self.stage.gateway.api_url]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

    def made(self, *words):
        answer = self.tollgate("token", *words, "--json")
        self.assertEqual(DONE, answer.returncode, answer.stderr)
        return json.loads(answer.stdout)

    def test_a_token_reaches_as_far_as_its_role(self):
        shown = self.tollgate("token", "create", "--role", "auditor", "--label", "the auditors", "--expires-in-days", "30")
        self.assertEqual(DONE, shown.returncode, shown.stderr)
        secret = shown.stdout.strip()
        self.assertEqual(DONE, self.tollgate("status", token=secret).returncode)
        drain = self.tollgate("drain", token=secret)
        self.assertEqual(REFUSED, drain.returncode)
        self.assertIn("403", drain.stderr)
        listed = self.tollgate("token", "list")
        self.assertIn("the auditors", listed.stdout)
        self.assertNotIn(secret, listed.stdout)
        self.assertEqual(WRONG_USE, self.tollgate("token", "create", "--role", "king", "--label", "x").returncode)

    def test_rotated_and_revoked(self):
        first = self.made("create", "--role", "support", "--label", "desk")
        second = self.made("rotate", first["id"], "--overlap", "0")
        self.assertEqual(REFUSED, self.tollgate("status", token=first["token"]).returncode)
        self.assertEqual(DONE, self.tollgate("status", token=second["token"]).returncode)
        self.assertEqual(DONE, self.tollgate("token", "revoke", second["id"]).returncode)
        self.assertEqual(REFUSED, self.tollgate("status", token=second["token"]).returncode)


if __name__ == "__main__":
    unittest.main(verbosity=2)
