# SPDX-License-Identifier: Apache-2.0
"""The API's document says enough for a test to fail by it: of every answer which members it has and that it has no other, of every
request an example; and what judges by it, judges."""

import copy
import json
import unittest

from api_document import FORMATS, Document
from api_fuzz import wrong_values

# What an answer has and the document cannot list: the document itself, what another resource looked like, and what differs with its type.
FREE = {"GET /v1/openapi.json 200", "Event/body", "LogEvent/data", "AuditEntry/before", "AuditEntry/after", "AuditEntry/fields", "CdrExport/query"}

# What is sent again after a lost answer happens once: by a key, unless it has nothing that could happen twice.
KEYLESS = {
    "/v1/drain", "/v1/nodes/{node}/drain", "/v1/nodes/{node}/undrain",  # are so, however often they are told
    "/v1/cdrs/reconciliation", "/v1/route_simulations",  # read
    "/v1/payment_events",  # counts once by the provider's id of it
    "/v1/sessions",  # one that nobody has heard of ends by itself
}

# Parameters of queries that no value is wrong for, and why: the others have a form that the document tells and a test tries
# (api_fuzz.py, wrong_parameters).
ANY_TEXT = {
    "cursor": "stands for the list's own `after` or `before`, which is tried itself; of lists that come whole see list_manners.cpp",
    "external_id": "what the operator's own systems call it", "account_external_id": "likewise", "carrier_external_id": "likewise",
    "trunk_external_id": "likewise",
    "deck": "decks are named as their operator likes", "rated_by": "likewise", "consumer": "likewise", "note": "is for people",
    "trunk": "is named as its operator likes", "trunks": "likewise", "area": "a part of a name", "payment_id": "the provider's",
    "GET /v1/accounts name": "a name of a subscriber, any may have been taken", "GET /v1/accounts after": "likewise",
    "GET /v1/mailboxes after": "likewise", "GET /v1/cdrs region": "as decks name it", "GET /v1/cdrs reason": "far ends add words to it",
}


def faults_of(document):
    """Object schemas of answers that let a member be missing without a word, or one be there that nobody has described."""
    found = set()
    for operation, status, kind, schema in document.answers():
        if kind.startswith(("application/json", "application/problem+json")):
            for at, _, required, closed in document.objects(schema, f"{operation} {status}"):
                if (required is None or not closed) and at not in FREE:
                    found.add(at)
    return found


class ApiDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = Document()

    def test_answers_name_what_is_required_and_close(self):
        self.assertEqual(set(), faults_of(self.document))

    def test_a_schema_that_leaves_it_open_is_found(self):
        for schema in ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}, {},
                       {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"type": "object"}):
            value = copy.deepcopy(self.document.value)
            value["components"]["schemas"]["Balance"] = {"type": "array", "items": schema}
            self.assertEqual({"Balance/*"}, faults_of(Document(value)), schema)

    def test_every_request_has_an_example_of_its_schema(self):
        for method, path, what in self.document.operations:
            if "requestBody" not in what:
                continue
            shown = {}
            for kind, data in self.document.examples(what):
                shown[kind] = True
                if kind == "application/json":
                    fault = self.document.mismatch(what["requestBody"]["content"][kind]["schema"], json.loads(data))
                    self.assertIsNone(fault, f"{method} {path} {data}")
                else:
                    self.assertTrue(data, f"{method} {path}")
            self.assertEqual(set(what["requestBody"]["content"]), set(shown), f"{method} {path}")

    def test_every_request_is_closed(self):
        for method, path, what in self.document.operations:
            for kind, each in what.get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    for at, _, _, closed in self.document.objects(each["schema"], f"{method} {path}"):
                        self.assertTrue(closed, at)

    def test_every_post_takes_an_idempotency_key_or_has_no_effect_of_its_own(self):
        without = {path for method, path, what in self.document.operations if method.lower() == "post"
                   and {"$ref": "#/components/parameters/IdempotencyKey"} not in what.get("parameters", [])}
        self.assertEqual(KEYLESS, without)

    def test_every_parameter_has_a_form_or_takes_any_text(self):
        formless, found = set(), set()
        for method, path, what in self.document.operations:
            for each in map(self.document.resolve, what.get("parameters", [])):
                names = {each["name"], f"{method.upper()} {path} {each['name']}"} & set(ANY_TEXT)
                if each["in"] == "query" and wrong_values(self.document.resolve(each["schema"])):
                    self.assertFalse(names - {each["name"]}, "has a form")
                elif each["in"] == "query":
                    found |= names
                    formless |= set() if names else {f"{method.upper()} {path} {each['name']}"}
        self.assertEqual(set(), formless)
        self.assertEqual(set(ANY_TEXT), found, "exceptions that are none any more")

    def test_every_format_is_judged(self):
        named = set()

        def walk(value):
            if isinstance(value, dict):
                if isinstance(value.get("format"), str):
                    named.add(value["format"])
                value = list(value.values())
            for each in value if isinstance(value, list) else []:
                walk(each)

        walk(self.document.value)
        self.assertLessEqual(named, set(FORMATS.checkers))

    def test_the_judge_judges(self):
        closed = {"type": "object", "required": ["a"], "additionalProperties": False, "properties": {"a": {"type": "integer", "minimum": 1}}}
        base = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
        whole = {"allOf": [base], "type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}, "unevaluatedProperties": False}
        rows = [
            (closed, {"a": 1}, {}), (closed, {"a": 1}, {"a": 1, "b": 2}), (closed, {"a": 1}, {"a": 0}), (closed, {"a": 1}, {"a": "1"}),
            (closed, {"a": 1}, {"a": True}), (closed, {"a": 1}, []), (whole, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}), (whole, {"a": 1, "b": 2}, {"b": 2}),
            ({"type": "string", "format": "uuid"}, "0190a0b0-0000-7000-8000-00000000a11c", "0190a0b0-0000-7000-8000-00000000a11"),
            ({"type": "string", "format": "date-time"}, "2026-02-28T12:00:00.123Z", "2026-02-29T12:00:00Z"),
            ({"type": "string", "format": "date-time"}, "2026-02-28T12:00:00+02:00", "2026-02-28 12:00:00"),
            ({"type": "string", "format": "email"}, "a@example.org", "a@@example.org"), ({"type": "string", "format": "uri"}, "https://example.org/a", "example.org/a b"),
            ({"type": "integer", "format": "int64"}, 2**63 - 1, 2**63), ({"type": "string", "pattern": "^a+$"}, "aa", "ab"), ({"enum": ["a"]}, "a", "b"),
            ({"anyOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]}, None, "x"), ({"type": "array", "items": closed}, [{"a": 1}], [{"a": 1}, {}]),
            ({"$ref": "#/components/schemas/FraudUnlocked", "maxProperties": 0}, None, {}), ({"type": "string", "maxLength": 1}, "a", "aa"),
        ]
        for schema, good, bad in rows:
            if good is not None or "anyOf" in schema:
                self.assertIsNone(self.document.mismatch(schema, good), schema)
            self.assertIsNotNone(self.document.mismatch(schema, bad), schema)
        # `fields` leaves out members of what is asked for, or of the items of a list: nothing else.
        self.assertIsNone(self.document.mismatch(closed, {}, partial=True))
        self.assertIsNotNone(self.document.mismatch(closed, {"b": 1}, partial=True))
        inner = {"type": "object", "required": ["c"], "additionalProperties": False, "properties": {"c": closed}}
        self.assertIsNotNone(self.document.mismatch(inner, {"c": {}}, partial=True))


if __name__ == "__main__":
    unittest.main(verbosity=2)
