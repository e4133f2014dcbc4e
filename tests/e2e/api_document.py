# SPDX-License-Identifier: Apache-2.0
"""The API's document as a judge of answers: JSON Schema 2020-12 by python3-jsonschema, with its formats. Answers of the gateway have
every member that the document requires, and no other."""

import base64
import datetime
import json
import pathlib
import re
import urllib.parse

import jsonschema

PATH = pathlib.Path(__file__).resolve().parents[2] / "gateway/api/openapi.json"
DIALECT = jsonschema.Draft202012Validator
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")
EMAIL = re.compile(r"[^@\s]+@[^@\s.][^@\s]*\Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\"<>\\^`{|}]+\Z")
FORMATS = jsonschema.FormatChecker(formats=())


def judged(name, kind=str):
    """Of a value of another kind a format says nothing: that is the type's."""
    return lambda check: FORMATS.checks(name)(lambda value: not isinstance(value, kind) or isinstance(value, bool) or bool(check(value)))


@judged("date-time")
def is_time(text):  # RFC 3339, section 5.6
    if not TIME.match(text):
        return False
    try:
        return datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper()).replace("Z", "+00:00"))
    except ValueError:
        return False


@judged("uuid")
def is_uuid(text):
    return UUID.match(text)


@judged("email")
def is_email(text):
    return EMAIL.match(text)


@judged("uri")
def is_uri(text):
    return URI.match(text) and urllib.parse.urlsplit(text).scheme


@judged("int64", int)
def is_int64(value):
    return -(2**63) <= value < 2**63


@judged("binary")
def is_binary(_):
    return True


class Document:
    def __init__(self, value=None):
        self.value = value or json.loads(PATH.read_text())
        self.resolver = jsonschema.RefResolver.from_schema(self.value, id_of=DIALECT.ID_OF)
        self.validators = {}
        self.operations = [(method, path, what) for path, methods in self.value["paths"].items() for method, what in methods.items()]

    def resolve(self, schema):
        """What a $ref leads to, with what stands beside it on top."""
        while "$ref" in schema:
            found = self.value
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = {**found, **{name: each for name, each in schema.items() if name != "$ref"}}
        return schema

    def find(self, method, target):
        """The path in the document of a request's target, and its operation; nothing: there is none."""
        asked = [urllib.parse.unquote(each) for each in target.partition("?")[0].split("/")]
        for known, path, what in self.operations:
            steps = path.split("/")
            if known == method.lower() and len(steps) == len(asked) and all(step.startswith("{") or step == each for step, each in zip(steps, asked)):
                return path, what
        return None

    def mismatch(self, schema, value, partial=False):
        """Why the value is not of the schema; None: it is. `partial`: members were left out on demand (`fields`)."""
        validator = self.validators.get(id(schema))
        if validator is None:
            validator = self.validators[id(schema)] = DIALECT(schema, resolver=self.resolver, format_checker=FORMATS)
        for error in validator.iter_errors(value):
            if not (partial and error.validator == "required" and len(error.absolute_path) in (0, 2)):
                deepest = jsonschema.exceptions.best_match([error])
                return "/" + "/".join(str(step) for step in deepest.absolute_path) + ": " + deepest.message[:300]
        return None

    def answers(self):
        """(operation, status, media type, schema) of all that is answered."""
        for method, path, what in self.operations:
            for status, told in what["responses"].items():
                for kind, each in self.resolve(told).get("content", {}).items():
                    yield f"{method.upper()} {path}", status, kind, each["schema"]

    def judge(self, what, status, kind, value, partial=False):
        """What is wrong with an answer that has a body; None: nothing."""
        told = self.resolve(what["responses"].get(str(status), what["responses"]["default"]))
        schema = next((each["schema"] for name, each in told.get("content", {}).items() if kind.startswith(name)), None)
        if schema is None:
            return f"{status} {kind} is not described"
        return self.mismatch(schema, value, partial) if kind.startswith(("application/json", "application/problem+json")) else None

    def examples(self, what):
        """(media type, bytes) of every example of its request's body."""
        content = self.resolve(what["requestBody"])["content"] if "requestBody" in what else {}
        for kind, each in content.items():
            values = list(self.resolve(each["schema"]).get("examples", []))
            values += [each["example"]] if "example" in each else []
            for named in each.get("examples", {}).values():
                values.append(named["value"] if "value" in named else base64.b64decode(named["externalValue"].partition(";base64,")[2]))
            for value in values:
                yield kind, value if isinstance(value, bytes) else json.dumps(value).encode() if kind == "application/json" else value.encode()

    def objects(self, schema, at):
        """Every schema of an object in this one, and of what may be anything: (where, schema, members required, whether it is closed)."""
        name = schema.get("$ref", "").rpartition("/")[2]
        whole = self.resolve(schema)
        at = name or at
        if whole.get("type") == "object" or "properties" in whole:
            closed = whole.get("additionalProperties", whole.get("unevaluatedProperties", True))
            yield at, whole, whole.get("required"), closed is not True
        elif not {"type", "enum", "anyOf", "const"} & set(whole):
            yield at, whole, None, False
        inner = [(f"{at}/{key}", each) for key, each in whole.get("properties", {}).items()]
        inner += [(at, each) for each in whole.get("anyOf", [])]
        inner += [(at + "/*", whole[key]) for key in ("items", "additionalProperties") if isinstance(whole.get(key), dict)]
        for where, each in inner:
            yield from self.objects(each, where)
