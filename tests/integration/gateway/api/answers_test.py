# SPDX-License-Identifier: Apache-2.0
"""Everything that the API answered in its integration tests is what its document says: every member, and no other."""

import json
import os
import unittest

from api_document import Document

LEAST_OPERATIONS = 0.8  # of all: seen with a success at least once


class Answers(unittest.TestCase):
    maxDiff = None

    def test_every_answer_is_as_its_document_says(self):
        document = Document()
        faults, succeeded, told = {}, set(), 0
        with open(os.environ["TOLLGATE_API_ANSWERS"], encoding="utf-8") as kept:
            for each in map(json.loads, kept):
                found = document.find(each["method"], each["target"])
                if found is None:
                    continue  # another test asks for what there is not
                path, what = found
                if each["status"] < 300:
                    succeeded.add(f"{each['method']} {path}")
                if each["body"] is None:
                    continue
                told += 1
                fault = document.judge(what, each["status"], each["type"], each["body"], "fields=" in each["target"])
                if fault:
                    faults.setdefault(f"{each['method']} {path}: {each['status']} {fault}", each["test"])
        self.assertEqual({}, faults)
        self.assertGreater(told, 1_000)
        missing = {f"{method.upper()} {path}" for method, path, _ in document.operations} - succeeded
        self.assertLess(len(missing), (1 - LEAST_OPERATIONS) * len(document.operations), sorted(missing))


if __name__ == "__main__":
    unittest.main(verbosity=2)
