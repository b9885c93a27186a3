"""Logins that programs keep in files of a home folder: caches of tokens, keys and passwords. A further file is a line of :data:`KEPT`.

Drawn:
    (:Agent whose file it is | :Runtime home folder)-[:HOLDS {place: laptop}]->(:Secret)
    (:Secret token)-[:DERIVED_FROM {via: refresh}]->(:Secret refresh token), (:Secret)-[:AUTHENTICATES_AS]->(:Identity)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, login_trees, yamldoc
from graphinv.ingest.support.clients import TITLES, host_fact
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.logins import Login, login_facts
from graphinv.ingest.support.machines import kept, machine
from graphinv.ingest.support.tellable import tellable
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Ref

NAME = "login_files"
TITLE = "Logins that programs keep in a home folder"
MAX_BYTES = 4 * 1024 * 1024

Reader = Callable[[Document, str], Iterator[Login]]
"""The logins of a document, called by the title of the program whose they are.

Raises:
    IngestError: it cannot be read.
"""


def _parsed(document: Document) -> Located:
    return yamldoc.first(document) if document.name.endswith((".yml", ".yaml")) else jsondoc.parse(document)


def _tree(document: Document, title: str) -> Iterator[Login]:
    """JSON or YAML in which any object that has a token is a login."""
    return login_trees.logins(_parsed(document), title)


def _msal(document: Document, title: str) -> Iterator[Login]:
    """The cache of Microsoft's libraries: tokens and what renews them stand in tables of their own."""
    return login_trees.msal(_parsed(document), title)


def _registries(document: Document, title: str) -> Iterator[Login]:
    """Docker's ``auths``: user and password of each registry in Base64, or a token."""
    located = _parsed(document)
    for registry, line, entry in login_trees.objects(located, "auths"):
        name = f"{title} for {registry}"
        token = entry.get("identitytoken")
        if isinstance(token, str) and token:
            yield Login(name, line, refresh=token)
        else:
            yield Login(name, line, _password(entry.get("auth")), kind="registry_password")


def _password(pair: object) -> str:
    """The password of ``user:password`` in Base64; ``""`` where it is none."""
    try:
        return base64.b64decode(pair if isinstance(pair, str) else "", validate=True).decode().partition(":")[2]
    except (ValueError, binascii.Error):
        return ""


def _netrc(document: Document, title: str) -> Iterator[Login]:
    """``machine NAME login USER password VALUE``, over any number of lines; ``default`` stands for any other host."""
    host = ""
    word = ""
    for number, line in enumerate(document.text().splitlines(), 1):
        for part in line.split() if not line.lstrip().startswith("#") else ():
            if word == "machine":
                host = part if tellable(part) else "a host"
            elif word == "password":
                yield Login(f"{title} for {host or 'any host'}", number, part, kind="password")
            elif part == "default" and word not in ("login", "account", "macdef"):
                host = ""
            word = "" if word in ("machine", "login", "password", "account", "macdef") else part


_SETTING = re.compile(r"\s*(?://(?P<registry>[^\s=]{1,300}?)/?:)?(?P<key>_authToken|_auth|_password)\s*=\s*(?P<value>\S{1,5000})\s*")


def _npmrc(document: Document, title: str) -> Iterator[Login]:
    """``//registry/:_authToken=VALUE`` and its like."""
    for number, line in enumerate(document.text().splitlines(), 1):
        if match := _SETTING.fullmatch(line):
            value = match["value"].strip("\"'")
            registry = match["registry"] if match["registry"] and tellable(match["registry"]) else "its registry"
            plain = _password(value) if match["key"] == "_auth" else value
            yield Login(f"{title} for {registry}", number, plain, kind="npm_token" if match["key"] == "_authToken" else "password")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in which a program keeps logins.

    ``path`` is its path from the home folder on; ``*`` stands for a part of a name, ``**`` for any folders. ``program`` is the slug of an
    agent's client (:data:`~graphinv.ingest.support.clients.TITLES`), which then holds them, or the name of another program, of which
    anything on the machine has them.
    """

    path: str
    program: str
    read: Reader = _tree


KEPT = (
    Kept(".claude/.credentials.json", "claude-code"),
    Kept(".codex/auth.json", "codex"),
    Kept(".codex/.credentials.json", "codex"),
    Kept(".gemini/oauth_creds.json", "gemini-cli"),
    Kept(".gemini/mcp-oauth-tokens.json", "gemini-cli"),
    Kept(".qwen/oauth_creds.json", "qwen-code"),
    Kept(".local/share/opencode/auth.json", "opencode"),
    Kept(".local/share/opencode/mcp-auth.json", "opencode"),
    Kept(".config/github-copilot/hosts.json", "github-copilot"),
    Kept(".config/github-copilot/apps.json", "github-copilot"),
    Kept("AppData/Local/github-copilot/hosts.json", "github-copilot"),
    Kept("AppData/Local/github-copilot/apps.json", "github-copilot"),
    Kept(".aws/sso/cache/kiro-auth-token.json", "kiro"),
    Kept(".mcp-auth/**/*_tokens.json", "mcp-remote"),
    Kept(".mcp-auth/**/*_client_info.json", "mcp-remote"),
    Kept(".aws/sso/cache/*.json", "AWS single sign-on"),
    Kept(".aws/cli/cache/*.json", "AWS CLI"),
    Kept(".azure/msal_token_cache.json", "Azure CLI", _msal),
    Kept(".config/gh/hosts.yml", "GitHub CLI"),
    Kept("AppData/Roaming/GitHub CLI/hosts.yml", "GitHub CLI"),
    Kept(".docker/config.json", "Docker", _registries),
    Kept(".netrc", ".netrc", _netrc),
    Kept("_netrc", ".netrc", _netrc),
    Kept(".npmrc", "npm", _npmrc),
)
FILES = tuple(f"**/{one.path}" for one in KEPT)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Kept], ...]:
    """The paths of :data:`KEPT` as patterns of whole paths."""

    def pattern(path: str) -> str:
        return re.escape(path).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*")

    return tuple((re.compile(rf"(?:(?P<home>.+)/)?{pattern(one.path)}", re.DOTALL), one) for one in KEPT)


def _match(path: str) -> tuple[str, Kept] | None:
    """The home folder and the entry of :data:`KEPT` that a path belongs to."""
    return next(((found["home"] or "", one) for pattern, one in _patterns() if (found := pattern.fullmatch(path))), None)


def detect(path: str, head: bytes) -> bool:
    """Whether it is one of the files of the table."""
    return _match(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Who holds the logins of the file, and what they are.

    Raises:
        IngestError: it is not what its name says.
    """
    found = _match(document.path)
    if found is None:
        return
    home, one = found
    secrets: dict[NodeKey, int] = {}
    for login in one.read(document, TITLES.get(one.program, one.program)):
        for fact in login_facts(document, login):
            yield fact
            if isinstance(fact, NodeFact) and fact.kind == "Secret":
                secrets[fact.key] = login.line
    if secrets and (one.read is not _npmrc or _may_be_home(document, home)):
        holder = host_fact(document, one.program, home) if one.program in TITLES else machine(document, home)
        yield holder
        for secret, line in secrets.items():
            yield kept(document, line, holder.key, secret)
            yield from _started_by(document, line, secret)


def _may_be_home(document: Document, folder: str) -> bool:
    """Whether a folder may be somebody's home, of a file that lies beside code as well: not in a checkout, and nowhere deep."""
    return "/" not in document.root and "/" not in folder


_REMOTE = re.compile(r"\.mcp-auth/(?:.*/)?([0-9a-f]{32})_(?:tokens|client_info)\.json$", re.DOTALL)


def _started_by(document: Document, line: int, secret: NodeKey) -> Iterator[EdgeFact]:
    """The agents that start ``mcp-remote`` for the address of which a file's name is the digest (:mod:`support.servers` binds it)."""
    if match := _REMOTE.search(document.path):
        host = Ref("Agent", f"mcp-remote:{match[1]}", "*")
        yield EdgeFact("HOLDS", host, secret, {"place": "laptop", "evidence": ["declared"], "sources": [document.source(line)]})
