# SPDX-License-Identifier: Apache-2.0
"""A client of the gateway's REST interface."""

import json
import urllib.error
import urllib.parse
import urllib.request


class Problem(Exception):
    """An answer that is a problem by RFC 9457."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('code', '')} {body.get('title', '')} {body.get('detail', '')}".strip())
        self.status = status
        self.body = body


class Rest:
    def __init__(self, url, token=None):
        self.url = url
        self.token = token

    def _ask(self, method, path, body, kind):
        request = urllib.request.Request(self.url + path, method=method, data=body)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", kind)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine: never by a proxy
        try:
            with opener.open(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                raise Problem(error.code, json.loads(text)) from None
            except ValueError:
                raise Problem(error.code, {"detail": text.decode(errors="replace")}) from None
        return json.loads(text) if text else {}

    def get(self, path, **query):
        return self._ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""), None, "")

    def post(self, path, body):
        return self._ask("POST", path, json.dumps(body).encode(), "application/json")

    def put(self, path, body):
        return self._ask("PUT", path, json.dumps(body).encode(), "application/json")

    def patch(self, path, body):
        return self._ask("PATCH", path, json.dumps(body).encode(), "application/json")

    def delete(self, path):
        return self._ask("DELETE", path, None, "")

    def post_csv(self, path, text, **query):
        return self._ask("POST", path + "?" + urllib.parse.urlencode(query), text, "text/csv")

    def not_ready(self):
        """Why the gateway takes no calls: names of what is not there ("database", "trunks"); {"gateway"} while it does not answer."""
        try:
            return set(self.get("/ready")["reasons"])
        except Problem as problem:
            return set(problem.body.get("reasons", ["gateway"]))
        except OSError:
            return {"gateway"}

    def has_database(self):
        """Whether the database answers now: the gateway's own watch, by which it is ready, looks every 2 s."""
        try:
            self.get("/v1/accounts", limit=1)
        except (Problem, OSError):
            return False
        return self.not_ready() <= {"trunks"}
