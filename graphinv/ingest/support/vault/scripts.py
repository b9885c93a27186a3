"""Shell scripts that configure a Vault: ``vault policy write``, ``vault write``, with what stands in here-documents; never run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

from graphinv.ingest.support.scripts import Command, commands

_START = re.compile(r"(?:^|[\s;|&(])vault\s+(?:policy\s+write|write|kv\s+put|policy-write)\b")
_STORES = ("secret/", "kv/", "kv-v1/", "kv-v2/")
"""Where the key-value engine is by habit."""
_VALUED = frozenset({"field", "format", "namespace", "ns", "mount", "address", "cas"})
_PIPED = re.compile(r"(?:echo|printf)\s+(?:-\w+\s+)*('[^']*'|\"(?:[^\"\\]|\\.)*\")\s*\|\s*(?:\w+=\S+\s+)*vault\s", re.DOTALL)


class Written(NamedTuple):
    """``data`` is written to ``path`` on ``line``; ``policy`` is the text of a policy where it is one (on ``policy_line``).

    ``stored`` says that what is written stays there as a secret.
    """

    path: str
    data: dict[str, Any]
    line: int
    policy: str | None = None
    policy_line: int = 1
    stored: bool = False


def written(text: str) -> Iterator[Written]:
    """What the commands of a script write, as far as it is constant; O(length). Values that are filled in at run time are left out."""
    for command in commands(text, "vault"):
        if _START.search(command.text):
            yield from _command(command)


def _command(command: Command) -> Iterator[Written]:
    match = _START.search(command.text)
    words, mount = _plain(command.words(match.start() if match else 0))
    piped = _PIPED.search(command.text)
    body, line = command.body, command.line
    if words[1:3] == ["policy", "write"] or words[1:2] == ["policy-write"]:
        name = next((word for word in words[3 if words[1] == "policy" else 2 :] if word != "-"), "")
        stated = body if body is not None else shlex.split(piped[1])[0] if piped else None
        if name and "$" not in name and stated is not None:
            yield Written(f"sys/policies/acl/{name}", {}, line, stated, command.body_line if body is not None else line)
        return
    kept = words[1:3] == ["kv", "put"]
    at = 3 if kept else 2
    path = f"{mount}/{words[at]}".strip("/") if len(words) > at else ""
    pairs = [word.partition("=") for word in words[at + 1 :] if "=" in word]
    data: dict[str, Any] = {key: value for key, _, value in pairs if "$" not in value and "`" not in value and not value.startswith("@")}
    for key in [key for key, value in data.items() if value == "-"]:  # a here-document holds the value
        data |= {key: body} if body is not None else {}
    if "-" in words[at + 1 :] and body is not None:
        data |= _object(body)
    if path and "$" not in path and "=" not in path:
        yield Written(path, data, line, stored=kept or (bool(pairs) and path.startswith(_STORES)))


def _object(text: str) -> dict[str, Any]:
    """Data that a here-document holds as JSON; none where it is none, or is filled in at run time."""
    try:
        found = json.loads(text) if "$" not in text else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def _plain(words: list[str]) -> tuple[list[str], str]:
    """Words without options and their values, and the mount that an option names."""
    found: list[str] = []
    mount, waiting = "", ""
    for word in words:
        name, equals, value = word.lstrip("-").partition("=")
        if waiting:
            mount = word if waiting == "mount" else mount
            waiting = ""
        elif not word.startswith("-") or word == "-":
            found.append(word)
        elif equals:
            mount = value if name == "mount" else mount
        elif name in _VALUED:
            waiting = name
    return found, "" if "$" in mount else mount
