"""What a call does whose callee lies outside of the tree: requests, statements, operations of clouds, and what tables know."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.effects import (
    ANY_SQL,
    NOTHING,
    Action,
    actions_of,
    aws_action,
    call_action,
    http_action,
    open_action,
    split_words,
    sql_action,
    takes_statement,
)
from graphinv.ingest.support.python import calls, ir
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.tool_seen import Seen
from graphinv.ingest.support.python.values import Bound, Const, DictV, EnvVar, External, ListV, Made, Scope, Unknown, Value
from graphinv.ingest.support.secrets import url_parts
from graphinv.ingest.support.words import names

GIVEN = "the caller of the tool gives it"
METHODS = names(
    """get items keys values append extend insert pop update add setdefault copy sort reverse index count join format split
    rsplit splitlines strip lstrip rstrip lower upper title replace startswith endswith encode decode isdigit isalpha find
    rfind partition rpartition json dict model_dump model_dump_json model_validate to_dict isoformat strftime total_seconds
    group groups match search findall raise_for_status zfill capitalize read readlines readline close commit rollback
    cursor fetchall fetchone mean sum tolist head info debug warning error exception critical report_progress acquire
    release result done clear discard remove intersection union hexdigest date time timestamp is_file is_dir exists resolve
    relative_to aclose wait is_set set_result text __aenter__ __enter__ __exit__ log as_posix with_suffix joinpath to_json
    to_string iterrows"""
)
"""Methods of texts, lists, mappings, answers and loggers: harmless on whatever they are called."""
_STATEMENTS = frozenset({"sql", "statement", "querystring", "sqlstatements"})
"""Arguments of operations of AWS that are given a statement."""
_STATEMENT = re.compile(r"(?i)sql|query|statement|stmt|cypher|command")


class OutsideCalls:
    """What calls of one tool do. The places they act on are noted in ``seen``."""

    def __init__(self, ev: Evaluation, seen: Seen) -> None:
        self.ev = ev
        self.seen = seen

    def action(self, path: str) -> Action | None:
        """What tables know of what is called; None where they do not know it."""
        if not path:
            return None
        found = call_action(path, "python")
        if found is not None:
            return found
        head, dot, last = path.rpartition(".")
        if last in METHODS and dot:
            return NOTHING
        while head and head != "?":
            if call_action(head, "python") is not None:
                return NOTHING  # a method of what a known call returned
            head = head.rpartition(".")[0]
        return None

    def exact(self, action: Action, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action | None:
        """What a call does, of what ``action`` says that it may do; None where that is not known."""
        if action.refine == "http":
            return self._http(action, path, call, callee, scope)
        if action.refine == "sql":
            return self._sql(path, call, scope)
        if action.refine == "open":
            place = 0 if path.startswith("pathlib.") else 1
            mode = self._argument(call, scope, place, "mode")
            return open_action(mode.text() if mode is not None else None)
        if action.refine == "aws":
            return self._aws(path, call, callee, scope)
        if action.effects == {"destructive"}:
            gone = self._argument(call, scope, 0, "path", "src") if path.startswith(("os.", "shutil.")) else callee
            return NOTHING if gone is not None and all(map(_is_temporary, gone.options())) else action
        if "irreversible" in action.effects or "egress" in action.effects:
            self._hosts(call, scope, action)
        return action

    def _argument(self, call: ir.Call, scope: Scope, place: int | None, *names: str) -> Value | None:
        for name, value in call.kwargs:
            if name in names:
                return self.ev.evaluate(value, scope)
        if place is not None and len(call.args) > place and not any(isinstance(one, ir.Star) for one in call.args[: place + 1]):
            return self.ev.evaluate(call.args[place], scope)
        return None

    def _http(self, action: Action, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action:
        last = path.rpartition(".")[2]
        method: str | None = action.method
        place = 0
        if method == "*":
            stated = self._argument(call, scope, 0, "method")
            method = stated.text() if stated is not None and last != "send" else None
            place = 1
        if last == "stream" or (last == "request" and path.startswith("http.client")):
            stated = self._argument(call, scope, 0, "method")
            method, place = (stated.text() if stated is not None else None), 1
        address = self._argument(call, scope, place, "url", "fullurl")
        if isinstance(address, Made) and address.symbol == "Request":
            stated = address.passed("method")
            method = (stated.text() if stated is not None else None) or ("POST" if address.passed("data", 1) is not None else "GET")
            address = address.passed("url", 0)
        elif path.startswith("urllib.request") and self._argument(call, scope, 1, "data") is not None and last == "urlopen":
            method = "POST"
        if method is not None and not re.fullmatch(r"[A-Za-z]{3,10}", method):
            method = None
        text = _start(address)
        if text is None or "://" not in text:
            text = _start(self._base(callee)) or text
        parts = url_parts(re.sub(r"\{.*", "", text.split("?")[0], flags=re.DOTALL)) if text and re.match(r"https?://[^{/]+", text) else None
        whole = parts is not None and not re.match(r"https?://[^/]*\{", text or "")
        host = parts.host if parts is not None and whole else None
        found = http_action(method, host, _start(address) or "")
        if parts is not None and host and address is not None:
            self.seen.host(parts.scheme, host, parts.port, found, address)
        return found

    def _base(self, callee: Value) -> Value | None:
        value: Value | None = callee
        for _ in range(20):
            if isinstance(value, Bound):
                value = value.receiver
            elif isinstance(value, Made):
                base = value.passed("base_url")
                if base is not None:
                    return base
                value = value.receiver
            else:
                return None
        return None

    def _hosts(self, call: ir.Call, scope: Scope, action: Action) -> None:
        """Hosts that stand as constants among the arguments of a call that leaves the machine: a page that is opened, a socket."""
        for one in call.args[:2]:
            text = _start(self.ev.evaluate(one, scope))
            parts = url_parts(text.split("{")[0]) if text and re.match(r"https?://[^{/\s]+(?:[/?]|$)", text) else None
            if parts is not None and parts.host:
                self.seen.host(parts.scheme, parts.host, parts.port, action, self.ev.evaluate(one, scope))

    def _sql(self, path: str, call: ir.Call, scope: Scope) -> Action | None:
        first = (
            call.args[0]
            if call.args
            else next((value for name, value in call.kwargs if name in ("query", "sql", "statement", "operation")), None)
        )
        if first is None:
            return None
        return self._stated(self.ev.evaluate(first, scope), path, first.id if isinstance(first, ir.Name) else "")

    def _stated(self, statement: Value, path: str, name: str) -> Action | None:
        """What a statement does that ``path`` is called with and ``name`` stands for; None where nothing of it is known."""
        found: Action | None = None
        for value in statement.options():
            one: Action | None = None
            if isinstance(value, Const) and isinstance(value.value, str):
                one = sql_action(value.value)
                if one is None and not value.complete and value.value.startswith("{"):
                    one = ANY_SQL if not path.startswith("?") else None
            elif isinstance(value, Unknown) and value.reason == GIVEN:
                one = ANY_SQL if not path.startswith("?") or _STATEMENT.search(name) else None
            elif isinstance(value, Made) and value.callee:
                one = NOTHING if self.action(value.callee) is not None else None
            if one is None:
                self.seen.partly = True
            else:
                found = one if found is None else Action(found.effects | one.effects)
        return found

    def _aws(self, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action | None:
        operation = path.rpartition(".")[2]
        if takes_statement(split_words(operation)):
            statement = next((value for key, value in self._named(call, scope) if key.lower() in _STATEMENTS), None)
            return self._stated(statement, path, "") if statement is not None else None
        action = Action() if operation.startswith("assume_role") else aws_action(operation)
        if action is None:
            return NOTHING if operation[:1].isupper() or operation in ("get_paginator", "get_waiter", "close", "all", "paginate") else None
        actions = actions_of(action.effects)
        for name, expr in call.kwargs:
            value = self.ev.evaluate(expr, scope)
            text = value.text()
            if not text or not re.fullmatch(r"[\w.:/+=@-]{1,300}", text):
                continue
            if name == "RoleArn" and operation.startswith("assume_role"):
                self.seen.roles[text] = value
            elif name == "SecretId":
                self.seen.managed_secret(text, actions, value)
            elif text.startswith("arn:aws"):
                self.seen.resource(("Resource", text), {"name": text.rpartition(":")[2], "type": text.split(":")[2]}, actions, value)
            elif name == "Bucket":
                self.seen.bucket(text, actions, value)
            elif name == "TableName":
                self.seen.table(text, actions, value)
        for made in _chain(callee):
            text = text_of(made.passed("name", 0)) if made.symbol in ("Bucket", "Table", "Object") else None
            if text and re.fullmatch(r"[\w.-]{1,255}", text):
                if made.symbol == "Table":
                    self.seen.table(text, actions, made)
                else:
                    self.seen.bucket(text, actions, made)
        return action

    def _named(self, call: ir.Call, scope: Scope) -> Iterator[tuple[str, Value]]:
        """Arguments by name, those of mappings that are unpacked included."""
        for name, expr in call.kwargs:
            value = self.ev.evaluate(expr, scope)
            if name:
                yield name, value
            elif isinstance(value, DictV):
                yield from ((key.text() or "", item) for key, item in value.items)


def _is_temporary(value: Value) -> bool:
    """Whether it is a temporary file or folder that the program itself made: to take it away again destroys nothing."""
    one: Value | None = value
    for _ in range(20):
        if isinstance(one, Made) and one.callee.startswith("tempfile."):
            return True
        if isinstance(one, Made) and one.callee.startswith("pathlib."):
            one = one.passed("", 0)
        else:
            one = one.receiver if isinstance(one, (Made, Bound)) else None
    return False


def called(callee: Value, call: ir.Call) -> str:
    """What is called, as the tables name it; ``?.method`` where it is not known of what, ``""`` where nothing is known."""
    if isinstance(callee, External):
        return callee.dotted.removeprefix("builtins.")
    if isinstance(callee, (Bound, Made)):
        base = callee.receiver if isinstance(callee, Bound) else callee
        name = calls.dotted(callee).removeprefix("builtins.")
        if isinstance(base, (Const, ListV, DictV, EnvVar)):
            return "str." + name.rpartition(".")[2]
        if isinstance(base, Made) and base.cls is not None and not base.callee:
            return "?." + name.rpartition(".")[2]
        return name if not name.startswith(".") else f"?{name}"
    if isinstance(call.func, ir.Attr):
        return f"?.{call.func.attr}"
    return ""


def _chain(callee: Value) -> Iterator[Made]:
    value: Value | None = callee
    for _ in range(20):
        if isinstance(value, Made):
            yield value
        value = value.receiver if isinstance(value, (Bound, Made)) else None


def _start(value: Value | None) -> str | None:
    """A text as far as it is known from its beginning; unknown parts as ``{name}``."""
    if value is None:
        return None
    for option in value.options():
        if isinstance(option, Const) and isinstance(option.value, str):
            return option.value
        text = option.text()
        if text is not None:
            return text
    return None


def text_of(value: Value | None) -> str | None:
    """The text that a value certainly is."""
    return value.text() if value is not None else None
