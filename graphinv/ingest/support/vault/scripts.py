"""Shell scripts that configure a Vault: ``vault policy write``, ``vault write``, with what stands in here-documents; never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from graphinv.ingest.support.scripts import Command, commands

_START = re.compile(r"(?:^|[\s;|&(])vault\s+(?:policy\s+write|write|kv\s+put|policy-write)\b")
_PIPED = re.compile(r"(?:echo|printf)\s+(?:-\w+\s+)*('[^']*'|\"(?:[^\"\\]|\\.)*\")\s*\|\s*(?:\w+=\S+\s+)*vault\s", re.DOTALL)


class Written(NamedTuple):
    """``data`` is written to ``path`` on ``line``; ``policy`` is the text of a policy where it is one (on ``policy_line``)."""

    path: str
    data: dict[str, str]
    line: int
    policy: str | None = None
    policy_line: int = 1


def written(text: str) -> Iterator[Written]:
    """What the commands of a script write, as far as it is constant; O(length). Values that are filled in at run time are left out."""
    for command in commands(text, "vault"):
        if _START.search(command.text):
            yield from _command(command)


def _command(command: Command) -> Iterator[Written]:
    match = _START.search(command.text)
    words = [word for word in command.words(match.start() if match else 0) if not word.startswith("-") or word == "-"]
    piped = _PIPED.search(command.text)
    body, line = command.body, command.line
    if words[1:3] == ["policy", "write"] or words[1:2] == ["policy-write"]:
        name = next((word for word in words[3 if words[1] == "policy" else 2 :] if word != "-"), "")
        stated = body if body is not None else shlex.split(piped[1])[0] if piped else None
        if name and "$" not in name and stated is not None:
            yield Written(f"sys/policies/acl/{name}", {}, line, stated, command.body_line if body is not None else line)
        return
    at = 3 if words[1:3] == ["kv", "put"] else 2
    path = words[at] if len(words) > at else ""
    pairs = [word.partition("=") for word in words[at + 1 :] if "=" in word]
    data = {key: value for key, _, value in pairs if "$" not in value and "`" not in value and not value.startswith("@")}
    if path and "$" not in path and "=" not in path:
        yield Written(path, data, line)
