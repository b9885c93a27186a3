"""Places in a configured value that something else fills in: variables, prompts, vault references, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["env", "input", "config", "command", "vault"]
_MAX_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Interpolation:
    """``name`` of ``kind`` is filled in at ``start``…``end`` of the value; ``default`` is used where it is not set (may be a secret).

    ``env``: an environment variable. ``input``: asked for at run time. ``config``: a setting of the client or a file. ``vault``: a
    reference into a secret store. ``command``: what a command prints; its name is that of a well-known program, or ``command``.
    """

    kind: Kind
    name: str
    default: str | None = field(default=None, repr=False)
    start: int = 0
    end: int = 0


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Variables of the client that name places, never credentials.
_PLACES = re.compile(
    r"workspaceFolder\w*|workspaceRoot\w*|userHome|pathSeparator|/|cwd|file\w*|relativeFile\w*|execPath|lineNumber|selectedText|CLAUDE_PLUGIN_ROOT"
    r"|CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_DATA|CLAUDE_WORKING_DIR|__dirname|extensionPath|HOME|PWD|USER|PATH|USERPROFILE|APPDATA|LOCALAPPDATA|TMPDIR|DOCUMENTS"
)
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"
_PATTERN = re.compile(
    r"\$\{\{\s*(?P<actions>[A-Za-z_.][\w.-]{0,127})\s*\}\}"
    rf"|\$\{{(?P<space>env|input|user_config|config|command|vault|secret|secrets|file)[:.](?P<spaced>[^{{}}]{{1,200}})\}}"
    rf"|\$\{{(?P<braced>{_NAME})(?::?[-=](?P<default>[^{{}}]{{0,500}})|:?[?+][^{{}}]{{0,200}})?\}}"
    rf"|\{{(?P<bare_space>env|file):(?P<bare_spaced>[^{{}}]{{1,200}})\}}"
    r"|\{\{\s*(?P<mustache>\.?[A-Za-z_][A-Za-z_.-]{0,127})\s*\}\}"
    r"|(?<![\w$])\{(?P<template>[A-Za-z_][A-Za-z_.-]{0,127})\}"
    r"|(?P<command>\$\()"
    r"|(?<![^\s/:=,;@\"'({\[&?-])\$(?P<plain>[A-Z_][A-Z0-9_]{1,127})(?![A-Za-z0-9])"
    r"|(?<![^\s/:=,;@\"'({\[&?-])%(?P<percent>[A-Z_][A-Z0-9_]{2,127})%"
    r"|(?P<vault>\b(?:(?:op|vault|bw|bws|doppler|infisical|keychain|keyring|pass|sops)://|(?:vault|aws-s[sm]m?|gcp-sm|azure-kv|akv):(?=[A-Za-z/]))[^\s\"'<>]{1,300})"
)
_WHOLE = re.compile(r"\$([A-Z_][A-Z0-9_]{0,127})|%([A-Z_][A-Z0-9_]{0,127})%")
_COMMAND = re.compile(r"!\s*(?P<bang>[a-z][\w./-]*\s.+)|`(?P<ticks>[^`]+)`", re.DOTALL)
# Only these may give a command its name: any other first word could be part of a password that looks like a command.
_COMMANDS = _set(
    """
    op pass gopass vault aws gcloud az kubectl security secret-tool bw bws lpass doppler infisical chamber sops gh glab cat printenv
    echo sh bash zsh pwsh powershell node npx python python3 uvx curl jq age gpg keyring heroku
    """
)


def interpolations(value: str) -> list[Interpolation]:
    """What is filled into ``value`` by something else, in the order of the text; O(length). Variables that name places are left out.

    >>> [(found.kind, found.name, found.default) for found in interpolations("Bearer ${API_KEY:-none} ${input:pat} op://v/i/f")]
    [('env', 'API_KEY', 'none'), ('input', 'pat', None), ('vault', 'op://v/i/f', None)]
    """
    text = value[:_MAX_LENGTH].strip()
    whole = _WHOLE.fullmatch(text)
    if whole:
        name = whole[1] or whole[2]
        return [] if _PLACES.fullmatch(name) else [Interpolation("env", name, None, 0, len(value))]
    command = _COMMAND.fullmatch(text)
    if command:
        return [Interpolation("command", _first_word(command["bang"] or command["ticks"] or ""), None, 0, len(value))]
    return list(_inside(value[:_MAX_LENGTH]))


def is_reference(value: str) -> bool:
    """Whether all of ``value`` is filled in by something else (apart from a scheme word such as ``Bearer``)."""
    text = value[:_MAX_LENGTH]
    if _WHOLE.fullmatch(text.strip()) or _COMMAND.fullmatch(text.strip()):
        return True
    rest = _PATTERN.sub("", text)
    return rest != text and (not rest.strip() or bool(re.fullmatch(r"\s*[A-Za-z]{1,12}\s+", rest)))


def _inside(text: str) -> Iterator[Interpolation]:
    for match in _PATTERN.finditer(text):
        kind, name, default = _read(match, text)
        if name and not (kind in ("env", "config", "input") and _PLACES.fullmatch(name)):
            yield Interpolation(kind, name, default, match.start(), match.end())


def _read(match: re.Match[str], text: str) -> tuple[Kind, str, str | None]:
    group = match.lastgroup or ""
    kind: Kind = "env"
    default = match["default"]
    if group == "actions":
        space, _, name = match["actions"].rpartition(".")
        kind = "env" if space in ("env", "") else "input" if space in ("inputs", "github.event.inputs") else "vault"
        name = name if kind != "vault" else match["actions"]
    elif group in ("spaced", "bare_spaced"):
        space = match["space"] or match["bare_space"]
        name = match["spaced"] or match["bare_spaced"]
        if space == "env":
            name, _, given = name.partition(":")
            default = given.removeprefix("-") or None
        kind = {"env": "env", "input": "input", "command": "command", "vault": "vault", "secret": "vault", "secrets": "vault"}.get(
            space, "config"
        )  # type: ignore[assignment]
        name = f"file:{name}" if space == "file" else name
    elif group == "command":
        kind, name = "command", _first_word(text[match.end() :])
    elif group in ("mustache", "template"):
        kind, name = "input", match[group]
    elif group == "vault":
        kind, name = "vault", match["vault"]
    else:
        name = match["braced"] or match["plain"] or match["percent"] or ""
    return kind, name.strip(), default


def _first_word(command: str) -> str:
    word = command.strip().partition(" ")[0].rpartition("/")[2]
    return word if word in _COMMANDS else "command"
