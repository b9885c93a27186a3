"""What calls do: from the name of what is called to a tool's effects, for any language.

A *path* is what is called, with its imports resolved and the parentheses of calls before it left out: ``requests.Session().get`` is
``requests.Session.get``, ``new Octokit(…).issues.create`` is ``@octokit/rest.Octokit.issues.create``. Where it is not known what a member
belongs to, the path begins with ``?``: ``?.write_text``. A path that no table knows says nothing, which is not the same as harmless.

What a name, a docstring or an annotation promises is only a hint: :func:`name_hints`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from graphinv.ingest.support.effect_tables import ANSWERING, HARMLESS, JAVASCRIPT, LLM, MODELS, PYTHON, SDKS, SHARED, STRANGERS, VERBS
from graphinv.ingest.support.effect_tables_compiled import CSHARP, GO
from graphinv.ingest.support.urls import is_internal

Language = Literal["python", "javascript", "go", "csharp"]
Refine = Literal["", "http", "sql", "open", "aws"]

MAX_SQL = 20_000


@dataclass(frozen=True, slots=True)
class Action:
    """What one call does. No effects at all means: known to do nothing outside the program.

    ``untrusted``: its result may carry content of strangers. ``refine`` says which function makes it exact from the call's arguments:
    ``http`` :func:`http_action` (``method`` is the HTTP method, ``*`` where an argument names it), ``sql`` :func:`sql_action`, ``open``
    :func:`open_action`, ``aws`` :func:`aws_action`.
    """

    effects: frozenset[str] = frozenset()
    untrusted: bool = False
    refine: Refine = ""
    method: str = ""


NOTHING = Action()


# --------------------------------------------------------------------------------------------------------------------------------
# Calls


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    action: Action | None
    """None: by the verb of the last word."""
    strangers: bool = False


@lru_cache(maxsize=8192)
def call_action(path: str, language: Language) -> Action | None:
    """What calling ``path`` does; None where no table knows it.

    >>> sorted(call_action("subprocess.run", "python").effects), call_action("acme.core.go", "python")
    (['execute'], None)
    >>> sorted(call_action("github.Github.get_repo.create_issue", "python").effects)
    ['egress', 'write']
    """
    path = path.removeprefix("node:")
    head = path.partition(".")[0]
    rules = _RULES[language]
    for rule in (*rules.get(head, ()), *rules.get("*", ())):
        if rule.pattern.fullmatch(path):
            return rule.action if rule.action is not None else _sdk_action(path, rule.strangers)
    return None


def _sdk_action(path: str, strangers: bool) -> Action:
    """A member of a service's client library: every call that does something leaves the machine."""
    last = path.rpartition(".")[2]
    effects = verb_effects(last)
    if not effects or (last[:1].isupper() and "." in path and not last.endswith("Command")):
        return NOTHING  # a client or a value object is made; nothing is asked of the service yet
    return Action(effects | {"egress"}, strangers and "read" in effects)


def verb_effects(name: str) -> frozenset[str]:
    """Effects that the first verb in the name of an operation stands for; empty where it has none. Good for operations of a service's
    API, where the name is the contract; for the name of a tool it is a hint only.

    >>> sorted(verb_effects("chat_postMessage")), sorted(verb_effects("deleteUser")), sorted(verb_effects("colour"))
    (['irreversible', 'write'], ['destructive'], [])
    """
    words = split_words(name)
    for index, word in enumerate(words):
        if word == "post" and any(after in ("message", "ephemeral", "tweet", "status") for after in words[index + 1 :]):
            return VERBS["send"]
        if word in VERBS:
            return VERBS[word]
    return frozenset()


def split_words(name: str) -> list[str]:
    """Words of an identifier, in lower case.

    >>> split_words("getHTTPPage_v2")
    ['get', 'http', 'page', 'v2']
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name[:200])]


def name_hints(name: str) -> list[str]:
    """What the name of a tool lets one expect, as ``hints``: never an effect.

    >>> name_hints("delete_customer")
    ['named_destructive=true']
    """
    return [f"named_{effect}=true" for effect in sorted(verb_effects(name))]


# --------------------------------------------------------------------------------------------------------------------------------
# Arguments


def http_action(method: str | None, host: str | None, address: str = "") -> Action:
    """What a request does.

    Args:
        method: ``GET`` …; None where it is only known when it runs (any may be asked for then).
        host: the host where it is constant, without port.
        address: the address as far as it is known: what is posted to ``…/search`` asks, whosever service it is.

    >>> sorted(http_action("POST", "google.serper.dev").effects), sorted(http_action("POST", "api.acme.com").effects)
    (['egress', 'read'], ['egress', 'write'])
    """
    inside = bool(host) and is_internal(host or "")
    if method is None:
        return Action(frozenset({"read", "write", "egress"}), not inside)
    method = method.upper()
    if method == "POST" and host and (answer := _answer(host.lower())) is not None:
        return answer
    if method == "POST" and _ASKING.search(address.partition("?")[0]):
        return Action(frozenset({"read", "egress"}), not inside)
    if method in ("GET", "HEAD", "OPTIONS", "STREAM"):
        return Action(frozenset({"read", "egress"}), not inside and method != "HEAD")
    effect = "destructive" if method == "DELETE" else "write"
    return Action(frozenset({effect, "egress"}))


def _answer(host: str) -> Action | None:
    """What posting to a service that only answers questions does: nothing changes there, whatever the method says."""
    names = [host[start:] for start in (0, *(match.end() for match in re.finditer(r"\.", host)))]
    searches = any(name in _ANSWERING for name in names)
    return Action(frozenset({"read", "egress"}), untrusted=searches) if searches or any(name in _MODELS for name in names) else None


def open_action(mode: str | None) -> Action:
    """What opening a file does, by its mode (``r``, ``wb``, ``a+`` …); absent means reading."""
    mode = mode or "r"
    if any(letter in mode for letter in "wax"):
        return Action(frozenset({"read", "write"} if "+" in mode else {"write"}))
    return Action(frozenset({"read", "write"} if "+" in mode else {"read"}))


def takes_statement(words: list[str]) -> bool:
    """Whether an operation of an AWS client, in words, runs a statement that it is given: what it does is in the statement.

    >>> takes_statement(split_words("batch_execute_statement")), takes_statement(split_words("StartQueryExecution"))
    (True, True)
    """
    return {"execute", "statement"} <= set(words) or words == ["start", "query", "execution"] or words[:2] == ["execute", "sql"]


_HELPERS = frozenset({"get_paginator", "get_waiter", "generate_presigned_url", "close", "exceptions", "Table", "Bucket", "Object"})


def aws_action(operation: str) -> Action | None:
    """What an operation of an AWS client does (``put_object``, ``DeleteItemCommand``); None for helpers such as ``get_paginator``, for
    verbs that say nothing, and where a statement says it (:func:`takes_statement`)."""
    words = split_words(operation.removesuffix("Command"))
    if not words or takes_statement(words) or operation in _HELPERS:
        return None
    for word in words:
        if word in ("send", "publish"):
            return Action(frozenset({"write", "egress", "irreversible"}))
        if word in ("invoke", "execute", "run", "start"):
            return _started(words)
        if word == "converse":
            return Action(frozenset({"egress"}))
        if word in VERBS:
            return Action(VERBS[word] - {"egress"})
    return None


def _started(words: list[str]) -> Action:
    """What an operation does that starts something, by what it starts."""
    if words == ["start", "query"]:
        return Action(frozenset({"read"}))  # of logs and trails, whose languages cannot change anything
    return Action(frozenset({"egress"} if words[1:2] == ["model"] or "converse" in words else {"execute"}))


_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/|//[^\n]*", re.DOTALL)
_LITERALS = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
_STATEMENTS = """
read : select show describe desc explain values table pragma list
write : insert update merge upsert replace create alter grant revoke rename comment load import refresh vacuum analyze
destructive : delete drop truncate purge detach remove
execute : call exec execute do
 : begin commit rollback set use start end savepoint release lock unlock
"""
_SQL: Mapping[str, frozenset[str]] = {
    verb: frozenset(left.split())
    for left, _, verbs in (line.partition(" : ") for line in _STATEMENTS.splitlines())
    for verb in verbs.split()
}


def sql_action(text: str) -> Action | None:
    """What a statement of SQL (or Cypher) does, by the verbs of its statements; None where ``text`` is none.

    Only the constant beginning is needed: ``DELETE FROM`` of an f-string is enough.

    >>> sorted(sql_action("with old as (select 1) delete from t").effects), sql_action("hello there")
    (['destructive', 'read'], None)
    """
    bare = _LITERALS.sub("''", _COMMENTS.sub(" ", text[:MAX_SQL]))
    effects: set[str] = set()
    known = False
    for statement in bare.split(";"):
        found = _statement(statement)
        known = known or found is not None
        effects |= found or set()
    return Action(frozenset(effects)) if known else None


def _statement(text: str) -> set[str] | None:
    """Effects of one statement without comments and literals; None where it begins with no verb of SQL or Cypher."""
    words = re.findall(r"[A-Za-z_]+", text.lower())
    first = words[0] if words else ""
    if first in ("match", "optional", "unwind") or re.match(r"\s*merge\s*\(", text, re.IGNORECASE):
        found = {"read"} if first != "merge" else {"write"}
        found |= {"write"} if {"create", "merge", "set"} & set(words) else set()
        return found | ({"destructive"} if {"delete", "remove"} & set(words) else set())
    if first == "with":
        verbs = re.findall(r"[()]\s*(insert\s+into|update|delete\s+from|merge\s+into)\b", text, re.IGNORECASE)
        found = {"read"} if "select" in words else set()
        return found.union(*(_SQL[verb.split()[0].lower()] for verb in verbs)) or None
    if first == "copy":
        return {"execute"} if "program" in words else {"write"} if "from" in words else {"read"}
    if first == "select" and re.search(r"\binto\s+(?:outfile|dumpfile|\w+\s+from\b)", text, re.IGNORECASE):
        return {"read", "write"}
    return set(_SQL[first]) if first in _SQL else None


ANY_SQL = Action(frozenset({"read", "write", "destructive"}))
"""A statement that the caller of the tool writes."""


# --------------------------------------------------------------------------------------------------------------------------------
# Actions on a resource


def actions_of(effects: Iterable[str]) -> list[str]:
    """The actions of an access (``read write execute delete``) that ``effects`` amount to.

    >>> actions_of({"destructive", "egress", "read"})
    ['delete', 'read']
    """
    known = {"read": "read", "write": "write", "irreversible": "write", "destructive": "delete", "execute": "execute"}
    return sorted({known[effect] for effect in effects if effect in known})


# --------------------------------------------------------------------------------------------------------------------------------
# The tables, compiled


_ANSWERING = frozenset(ANSWERING.split())
_MODELS = frozenset(MODELS.split())
_ASKING = re.compile(
    r"[/:](?:_?m?search|lookup|embeddings?|rerank|(?:chat/)?completions|(?:stream)?generateContent|predict|classify|translate|scrape"
    r"|freeBusy|(?:databases|data_sources)/[^/]+/query)/?$",
    re.IGNORECASE,
)
"""How the addresses end of what only answers, by convention: Elasticsearch's ``_search``, the interfaces of models, ``:predict``, Notion's
queries, Google's calendars."""


def _compiled(pattern: str) -> re.Pattern[str]:
    """``*`` is any part of one member's name, ``**`` any members, none included where it follows a dot."""
    text = re.escape(pattern).replace(r"\.\*\*", r"(?:\..*)?").replace(r"\*\*", ".*").replace(r"\*", r"[^.]*")
    return re.compile(text)


def _lines(table: str) -> Iterator[tuple[list[str], list[str]]]:
    for line in table.splitlines():
        left, colon, right = line.partition(" : ")
        if colon:
            yield left.split(), right.split()


def _rules(*tables: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}

    def add(pattern: str, action: Action | None, strangers: bool = False) -> None:
        head = pattern.partition(".")[0]
        rules.setdefault("*" if "*" in head or head == "?" else head, []).append(_Rule(_compiled(pattern), action, strangers))

    for table in tables:
        for left, patterns in _lines(table):
            action = _action(left)
            for pattern in patterns:
                add(pattern, action)
    strangers = set(STRANGERS.split())
    for module in SDKS.split():
        add(f"{module}.**", None, module in strangers)
    for module in LLM.split():
        add(f"{module}.**", Action(frozenset({"egress"})))
    return rules


def _action(words: list[str]) -> Action:
    effects = frozenset(
        word for word in words if word.isalpha() and word.islower() and word not in ("http", "sql", "open", "aws", "nothing")
    )
    refine: Refine = (
        "http" if "http" in words else "sql" if "sql" in words else "open" if "open" in words else "aws" if "aws" in words else ""
    )
    method = next((word for word in words if word.isupper() or word == "*"), "")
    return Action(effects, "!" in words, refine, method)


_RULES: Mapping[Language, Mapping[str, list[_Rule]]] = {
    "python": _rules(PYTHON, SHARED, HARMLESS["python"]),
    "javascript": _rules(JAVASCRIPT, SHARED, HARMLESS["javascript"]),
    "go": _rules(GO),
    "csharp": _rules(CSHARP),
}
