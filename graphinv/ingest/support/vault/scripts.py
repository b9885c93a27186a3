"""Shell scripts that configure a Vault: ``vault policy write``, ``vault write``, with what stands in here-documents; never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

MAX_COMMANDS = 5_000
_HERE = re.compile(r"<<-?\s*[\"']?(\w{1,40})[\"']?")
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
    lines = text.split("\n")
    index = count = 0
    while index < len(lines) and count < MAX_COMMANDS:
        start = index
        command = lines[index]
        index += 1
        # A command goes on after a backslash, and inside an open quotation.
        while index < len(lines) and index - start < 200 and (command.endswith("\\") or (_open(command) and "vault" in command)):
            command = command[:-1] + " " + lines[index] if command.endswith("\\") else f"{command}\n{lines[index]}"
            index += 1
        here = _HERE.search(command)
        body = None
        body_line = index + 1
        if here and "vault" in command:
            end = next((at for at in range(index, len(lines)) if lines[at].strip() == here[1]), len(lines))
            body, index = "\n".join(lines[index:end]), end + 1
        if _START.search(command) and not command.lstrip().startswith("#"):
            count += 1
            yield from _command(command, start + 1, body, body_line)


def _open(command: str) -> bool:
    """Whether a quotation is still open at the end of ``command``."""
    inside = ""
    escaped = False
    for character in command[:100_000]:
        if escaped:
            escaped = False
        elif character == "\\" and inside != "'":
            escaped = True
        elif inside:
            inside = "" if character == inside else inside
        elif character in "\"'":
            inside = character
        elif character == "#":
            return False
    return bool(inside)


def _command(command: str, line: int, body: str | None, body_line: int) -> Iterator[Written]:
    match = _START.search(command)
    try:
        words = shlex.split(_HERE.sub("", command[match.start() if match else 0 :]).lstrip(" ;|&("), comments=True)
    except ValueError:
        return
    words = [word for word in words if not word.startswith("-") or word == "-"]
    piped = _PIPED.search(command)
    if words[1:3] == ["policy", "write"] or words[1:2] == ["policy-write"]:
        name = next((word for word in words[3 if words[1] == "policy" else 2 :] if word != "-"), "")
        stated = body if body is not None else shlex.split(piped[1])[0] if piped else None
        if name and "$" not in name and stated is not None:
            yield Written(f"sys/policies/acl/{name}", {}, line, stated, body_line if body is not None else line)
        return
    at = 3 if words[1:3] == ["kv", "put"] else 2
    path = words[at] if len(words) > at else ""
    pairs = [word.partition("=") for word in words[at + 1 :] if "=" in word]
    data = {key: value for key, _, value in pairs if "$" not in value and "`" not in value and not value.startswith("@")}
    if path and "$" not in path and "=" not in path:
        yield Written(path, data, line)
