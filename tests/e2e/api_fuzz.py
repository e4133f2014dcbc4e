# SPDX-License-Identifier: Apache-2.0
"""Requests made of the API's own document: every operation, with values that its schemas allow and values that they do not. No
answer may be a 5xx, every refusal is a problem by RFC 9457, and every other answer is what the document says; none tells of the
gateway's inside, and none is a success of what the role of the token may not do. By hand, for as long as wished:
api_fuzz.py URL TOKEN SECONDS [SEED]."""

import hashlib
import hmac
import http.client
import json
import random
import re
import sys
import time
import urllib.parse

from api_document import Document

NASTY = [None, True, False, 0, -1, 1, 2**31, 2**63 - 1, -2**63, 2**64, 1e308, -0.5, "", " ", "a" * 300, "x" * 70_000, "\x00", "a\x00b", "\ud83d\ude00",
         "\u202e", "';DROP TABLE billing.account;--", "%s%n", "{}", "NaN", "1e3", "-1", "0", "20.00", "99999999999999999999", "true", "null",
         "../../etc/passwd", "2026-01-31T12:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "+442079460958", "+1", "DE", "EUR", "XXX",
         "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", [], {}, [None], [[[[]]]], ["a"] * 2_000, {"a": {"b": {"c": 1}}},
         [1, 2, 3], {"": ""}, {"$ref": "#"}]
QUERIES = ["", "0", "-1", "1", "1000", "1001", "99999999999999999999", "x", "\u20ac", "true", "2026-01-31T12:00:00Z", "2026-02-01T12:00:00+00:00", "+442079460958",
           "00000000-0000-0000-0000-000000000000", "'", "%", "_", "*", "a" * 300, "EUR", "DE", "csv", "json"]
# These end what the others need.
UNTRIED = {("post", "/v1/drain"), ("post", "/v1/nodes/{node}/drain"), ("delete", "/v1/sessions/current"), ("post", "/v1/accounts/{account_id}/credentials/revocation"), ("delete", "/v1/api_tokens/{token_id}"), ("post", "/v1/api_tokens/{token_id}/rotation")}
# What only those who wrote the gateway, or who read its log, should see.
INSIDE = re.compile(r"pqxx|libpq|sqlstate|std::|boost::|\.cpp\b|\.hpp\b|ERROR: |relation \"|violates|syntax error at|terminate called|/(?:usr|home|srv|var|tmp)/", re.IGNORECASE)
GOOD = {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "number": "+442079460958", "deck": "default", "version": "1",
        "account_id": "0190a0b0-0000-7000-8000-00000000a11c"}  # of parameters that are needed
LIST_REPORTS = {"/v1/number_imports", "/v1/number_withdrawals", "/v1/country_rules"}  # a 422 may be a report of lines


WRONG_TEXTS = ["", "x", "X", "*!", ",", "-", "\u20ac", "1 2"]


def wrong_values(schema):
    """Values that a parameter of this schema cannot have; none: any text will do."""
    if "pattern" in schema:
        return [text for text in WRONG_TEXTS if not re.search(schema["pattern"], text)]
    if "enum" in schema:
        return ["none-of-these", ""]
    kind, form = schema.get("type"), schema.get("format")
    if kind == "integer":
        return ["x", "1.5", ""] + [str(schema[name] + by) for name, by in (("minimum", -1), ("maximum", 1)) if name in schema]
    if kind == "boolean":
        return ["yes", "1", ""]
    return {"uuid": ["x", "0190a0b0"], "date-time": ["yesterday", "2026-02-30T00:00:00Z"]}.get(form, [])


class Fuzz:
    """`token` is of `role`; None: there is none, and of a role nothing is expected. `hidden` are texts that no answer may have, unless they
    were asked for and refused: ids of what is another's."""

    def __init__(self, url, token, seed, document=None, webhook_secret=None, known=None, role="admin", hidden=()):
        parts = urllib.parse.urlsplit(url)
        self.connect = lambda: http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.link = self.connect()
        self.token = token
        self.role = role
        self.hidden = list(hidden)
        self.random = random.Random(seed)
        self.webhook_secret = webhook_secret
        self.document = document or self.ask("GET", "/v1/openapi.json", None, {})[2]
        self.judge_by = Document(self.document)
        self.known = {name: list(values) for name, values in (known or {}).items()}  # by the name of a parameter or field
        self.faults, self.tried, self.statuses, self.partial = [], 0, {}, False
        self.operations = [(method, path, what) for path, methods in self.document["paths"].items() for method, what in methods.items()
                           if (method, path) not in UNTRIED]

    def ask(self, method, target, body, headers):
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **headers}
        for attempt in range(2):  # the server may have closed a connection that was idle
            try:
                self.link.request(method, target, body=body, headers=headers)
                answer = self.link.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, ConnectionError):
                self.link.close()
                self.link = self.connect()
                if attempt:
                    raise
        try:
            value = json.loads(data)
        except ValueError:
            value = None
        return answer.status, answer.headers, value

    def resolve(self, schema):
        return self.judge_by.resolve(schema)

    # A value that the schema allows, as far as it tells.
    def value(self, schema, name="", depth=0):
        schema = self.resolve(schema)
        pick = self.random
        if name in self.known and pick.random() < 0.8:
            return pick.choice(self.known[name])
        if "enum" in schema:
            return pick.choice(schema["enum"])
        if "anyOf" in schema:
            return self.value(pick.choice(schema["anyOf"]), name, depth)
        kind = schema.get("type", "object")
        if kind == "object":
            merged = {}
            for part in schema.get("allOf", []):
                merged.update(self.value(part, name, depth))
            needed = schema.get("required", [])
            for field, inner in schema.get("properties", {}).items():
                if field in needed or pick.random() < 0.5 / (1 + depth):
                    merged[field] = self.value(inner, field, depth + 1)
            return merged
        if kind == "array":
            return [self.value(schema.get("items", {"type": "string"}), name, depth + 1) for _ in range(pick.randrange(3))]
        if kind == "integer":
            least = schema.get("minimum", 0)
            return pick.randint(least, min(schema.get("maximum", least + 100), least + 10_000))
        if kind == "number":
            return pick.random() * 100
        if kind == "boolean":
            return pick.random() < 0.5
        if kind == "null":
            return None
        form = schema.get("format")
        if form == "uuid":
            return "%08x-0000-4000-8000-%012x" % (pick.getrandbits(32), pick.getrandbits(48))
        if form == "date-time":
            return "20%02d-01-31T12:00:00Z" % pick.randrange(10, 99)
        if "+" in schema.get("pattern", ""):
            return "+4420%08d" % pick.randrange(10**8)
        return pick.choice(["EUR", "GB", "20.00", "default", "a name", "name%d" % pick.randrange(100), "x" * 8, "Europe/Berlin"])

    def mutated(self, value):
        """The same with one thing somewhere in it that is out of order."""
        if isinstance(value, dict) and value and self.random.random() < 0.9:
            name = self.random.choice(sorted(value))
            change = self.random.random()
            if change < 0.1:
                return {**value, self.random.choice(["unknown", "", "~/", "a" * 200, "\u20ac" * 50]): 1}
            if change < 0.2:
                return {key: each for key, each in value.items() if key != name}
            return {**value, name: self.mutated(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.5:
            return value[1:] + [self.mutated(value[0])]
        return self.random.choice(NASTY)

    def body(self, what, path):
        content = self.resolve(what["requestBody"])["content"] if "requestBody" in what else {}
        if not content:
            return (None, {}) if self.random.random() < 0.7 else (b"{}", {"Content-Type": "application/json"})
        kind = self.random.choice(sorted(content))
        if kind == "application/json":
            value = self.value(content[kind]["schema"])
            for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3])):
                value = self.mutated(value)
            data = json.dumps(value).encode()
        elif kind == "text/csv":
            data = self.random.choice(["", "prefix,region,price\n44,UK,0.017\n", "number,area\n+442079460000,London\n", "a;b\n;\n", "\n\n", '"', "number\n" + "+1" * 50]).encode()
        else:
            data = self.random.randbytes(self.random.randrange(2_000))
        if self.random.random() < 0.05:
            data = data[: self.random.randrange(len(data) + 1)] + self.random.randbytes(self.random.randrange(20))
        if self.random.random() < 0.02:
            data = b"[" * 10_000
        headers = {"Content-Type": kind if self.random.random() < 0.97 else "text/plain"}
        return data, {**headers, **self.signature(path, data)}

    def target(self, path, what):
        parts = []
        for part in path.split("/"):
            if part.startswith("{"):
                known = self.known.get(part[1:-1], [])
                part = self.random.choice(known) if known and self.random.random() < 0.8 else self.random.choice(
                    ["0", "x", "\u20ac", "EUR", "DE", "3", "current", "default", "a" * 300, "00000000-0000-0000-0000-000000000000", "+442079460958", "'", "%00", "."])
                part = urllib.parse.quote(str(part), safe="")
            parts.append(part)
        query = {}
        for each in what.get("parameters", []):
            each = self.resolve(each)
            if each["in"] == "query" and (each.get("required") or self.random.random() < 0.4):
                known = self.known.get(each["name"], [])
                query[each["name"]] = self.random.choice(known) if known and self.random.random() < 0.5 else self.random.choice(QUERIES)
        if self.random.random() < 0.03:
            query["unknown"] = "1"
        return "/".join(parts) + ("?" + urllib.parse.urlencode(query) if query else "")

    def headers(self):
        out = {}
        if self.random.random() < 0.2:
            out["Idempotency-Key"] = self.random.choice(["k", "k%d" % self.random.randrange(1_000), '"q"', "", "x" * 300])
        if self.random.random() < 0.1:
            out[self.random.choice(["If-Match", "If-None-Match"])] = self.random.choice(["*", '"a.b"', 'W/"a.b"', '"', ",,", '"a", "b.c"'])
        if self.random.random() < 0.1:
            out["Range"] = self.random.choice(["bytes=0-9", "bytes=-1", "bytes=9-1", "lines=1", "bytes=99999999999999999999-"])
        return out

    def step(self, method, path, what):
        target = self.target(path, what)
        data, headers = self.body(what, path) if method != "get" else (None, {})
        headers.update(self.headers())
        status, told, value = self.ask(method.upper(), target, data, headers)
        self.tried += 1
        self.partial = "fields=" in target  # members were left out on demand
        self.statuses[status] = self.statuses.get(status, 0) + 1
        fault = self.judge(method, path, what, status, told, value) or self.misuse(target, data, what, status, value)
        if fault:
            self.faults.append(f"{method.upper()} {target} {headers} {data[:500] if data else ''}: {status} {fault}: {json.dumps(value)[:500]}")
        elif status == 201 and isinstance(value, dict) and isinstance(value.get("id"), str):
            for name in {"/v1/accounts": ["account_id"], "/v1/carriers": ["carrier_id"], "/v1/trunks": ["trunk_id"], "/v1/voucher_batches": ["batch_id"],
                         "/v1/payments": ["payment_id"]}.get(path, []):
                self.known.setdefault(name, []).append(value["id"])

    def judge(self, method, path, what, status, told, value):
        kind = told.get("Content-Type", "")
        if status >= 500 and not (path == "/ready" and status == 503):
            return "is an error of the gateway"
        is_report = status == 422 and path in LIST_REPORTS and kind == "application/json"
        if status >= 400 and path != "/ready" and not is_report:
            if kind != "application/problem+json" or not isinstance(value, dict):
                return "is no problem"
            inside = INSIDE.search(f"{value.get('title')} {value.get('detail')} " + " ".join(str(each.get("detail")) for each in value.get("errors", [])))
            if inside:
                return f"tells of the inside: {inside.group()}"
            return self.judge_by.mismatch(self.document["components"]["schemas"]["Problem"], value)
        if status in (204, 206, 304, 416):
            return None
        return self.judge_by.judge(what, status, kind, value, self.partial)

    def may(self, what):
        """Whether the document lets this role use the operation."""
        return what.get("security") == [] or (self.token is not None and (self.role == "admin" or self.role in what.get("x-roles", [])))

    def misuse(self, target, data, what, status, value):
        if status < 400 and not self.may(what):
            return f"is a success of what {self.role} may not do"
        named = [each for each in self.hidden if each in urllib.parse.unquote(target) or (data and each.encode() in data)]
        if status < 400 and named and what.get("security") != [] and self.is_of_target(named, target):
            return f"is a success with {named}, which is another's"
        text = json.dumps(value, ensure_ascii=False) if value is not None else ""
        for each in self.hidden:
            if each in text and each not in named:
                return f"tells of {each}, which is another's"
        return None

    @staticmethod
    def is_of_target(named, target):
        """In the path: a filter by what is another's may find nothing, and a field that is not looked at changes nothing."""
        return any(each in urllib.parse.unquote(target).partition("?")[0] for each in named)

    def target_of(self, path, places):
        return "/".join(urllib.parse.quote(places.get(part[1:-1], "x"), safe="") if part.startswith("{") else part for part in path.split("/"))

    def examples(self, places, operations, queries):
        """Sends every example of a request of these (method, path); `places` are the names in paths, `queries` what a query needs. What
        needs another one first is tried again after it. The number sent, and what is wrong with those that are not taken."""
        left = []
        for method, path, what in self.judge_by.operations:
            if (method, path) in operations:
                left += [(method, path, what, kind, data) for kind, data in self.judge_by.examples(what)]
        sent, faults = 0, []
        while left:
            refused, faults = [], []
            for each in left:
                method, path, what, kind, data = each
                target = self.target_of(path, places) + queries.get((method, path), "")
                status, told, value = self.ask(method.upper(), target, data, {"Content-Type": kind, **self.signature(path, data)})
                fault = self.judge(method, path, what, status, told, value) or (status >= 300 and "is no success")
                if fault:
                    refused.append(each)
                    faults.append(f"{method.upper()} {target} {data[:300]}: {status} {fault}: {value}")
                else:
                    sent += 1
            if len(refused) == len(left):
                break
            left = refused
        return sent, faults

    def wrong_parameters(self, places):
        """Asks every operation with each of its parameters, in a wrong form where there is one, and with one that it does not have. What does
        not refuse, or does not name it; and where one of its own is not known."""
        faults, tried = [], 0
        for method, path, what in self.judge_by.operations:
            told = [self.resolve(each) for each in what.get("parameters", [])]
            mine = {each["name"]: each for each in told if each["in"] == "query"}
            needed = {name: GOOD.get(name, "x") for name, each in mine.items() if each.get("required")}
            rows = [("no_parameter", "1")] + [(name, value) for name, each in mine.items() for value in wrong_values(self.resolve(each["schema"])) + [GOOD.get(name, "1")]]
            for name, value in rows:
                target = self.target_of(path, places) + "?" + urllib.parse.urlencode({**needed, name: value})
                body = b"" if method == "get" else b"{}"
                status, head, answer = self.ask(method.upper(), target, body, {"Content-Type": "text/csv" if "text/csv" in str(what.get("requestBody")) else "application/json"})
                tried += 1
                errors = answer.get("errors", []) if isinstance(answer, dict) else []
                named = [each.get("parameter") for each in errors]
                is_wrong = name == "no_parameter" or value in wrong_values(self.resolve(mine[name]["schema"]))
                is_unknown = any(each.get("parameter") == name and each["detail"].startswith("is not a ") for each in errors)
                if (status not in (400, 422) or name not in named) if is_wrong else (is_unknown or status >= 500):
                    faults.append(f"{method.upper()} {target}: {status} {answer}")
        return tried, faults

    def signature(self, path, data):
        if path != "/v1/payment_events" or not self.webhook_secret:
            return {}
        now = str(int(time.time()))
        digest = hmac.new(self.webhook_secret.encode(), now.encode() + b"." + data, hashlib.sha256).hexdigest()
        return {"Tollgate-Signature": f"t={now},v1={digest}"}

    def run(self, seconds):
        """Every operation at least once, then on until the time is over or twenty faults are found."""
        end = time.monotonic() + seconds
        first = True
        while first or (time.monotonic() < end and len(self.faults) < 20):
            self.random.shuffle(self.operations)
            for operation in self.operations:
                if not first and time.monotonic() >= end:
                    break
                self.step(*operation)
            first = False
        return self.faults


if __name__ == "__main__":
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().getrandbits(32)
    fuzz = Fuzz(sys.argv[1], sys.argv[2], seed)
    print("seed", seed)
    print("\n".join(fuzz.run(float(sys.argv[3]))))
    print(fuzz.tried, "requests", fuzz.statuses)
