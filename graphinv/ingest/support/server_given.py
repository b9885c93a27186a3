"""What an MCP server's entry gives it: credentials in its command line, environment, headers and address, and what it is told to offer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.cloud_logins import cloud_login_facts
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.github_server import setting
from graphinv.ingest.support.jsondoc import parse_text
from graphinv.ingest.support.launchers import Launch
from graphinv.ingest.support.leaves import MAX_LEAVES, PLAIN, leaves
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import interpolations, secret_facts
from graphinv.ingest.support.words import Where, Word, names, pairs
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeKey, Ref

URL_KEYS = ("url", "httpUrl", "serverUrl", "uri", "endpoint", "baseUrl")
DENY_LISTS = ("excludeTools", "exclude_tools", "disabledTools", "disabled_tools")
ALLOW_LISTS = ("tools", "includeTools", "include_tools", "enabled_tools", "enabledTools", "allowedTools", "allowed_tools")
_INJECTIONS = {
    "NODE_OPTIONS": re.compile(r"(?:^|\s)(?:-r|--require|--import|--loader|--experimental-loader)(?:[\s=]|$)"),
    "LD_PRELOAD": re.compile(r"\S"),
    "DYLD_INSERT_LIBRARIES": re.compile(r"\S"),
    "BASH_ENV": re.compile(r"\S"),
    "PYTHONSTARTUP": re.compile(r"\S"),
}
READ_ONLY = "read_only=true"
"""Label of a server that was told to offer nothing that changes anything."""
_READ_ONLY_OPTION = re.compile(r"--?read-?only(?:=(?:true|1))?", re.IGNORECASE)
# Not what a query says: everybody means the same server by its address without one.
_READ_ONLY_ADDRESS = re.compile(r"/readonly/?(?:\?|$)", re.IGNORECASE)
_READ_ONLY_NAME = re.compile(r"(?:^|[_-])READ_?ONLY(?:_MODE)?$", re.IGNORECASE)
_PLACE = re.compile(r"\$\{?(?:workspaceFolder|workspaceRoot|userHome|HOME|PWD|__dirname|CLAUDE_[A-Z_]+)(?::[^}]*)?\}?(?:[/\\]|$)")
"""A path that begins at a folder of the client's: never a credential, whatever its variable is called."""
_SECRET_OPTIONS = names("key k token t secret password pass apikey")


@dataclass
class Given:
    """What one entry gives to ``holder``: the server, or the agent that sends it to a remote one."""

    document: Document
    where: Callable[..., int]
    holder: NodeKey
    inputs: frozenset[str]
    """Names of the client's prompts (``${input:x}``) that ask for a credential."""
    note: Callable[..., None]
    """Told what could not be read."""
    keyed: bool = False
    """Whether a credential is among it."""
    labels: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """What it is told to offer, if it is GitHub's server."""

    def facts(self, entry: Mapping[str, Any], started: Launch, address: str | None, at: Where) -> Iterator[Fact]:
        """Credentials in the command line, the environment, headers, the address and anything else of the entry."""
        if any(_READ_ONLY_OPTION.fullmatch(word.text) for word in started.arguments) or _READ_ONLY_ADDRESS.search(address or ""):
            self.labels.append(READ_ONLY)
            self.settings["readonly"] = "1"
        if address is not None:
            yield from self.held("", address, at)
        for option, word in pairs(started.arguments):
            self.set(option, word.text)
            yield from self.argument(option, word)
        for variable, value, word in started.variables:
            text = f"${{{variable}}}" if value is None else value.text
            if value is not None or variable not in mapping(entry.get("env")):
                yield from self.variable(variable, text, word.where)
        for header in started.headers:
            name, _, text = header.text.partition(":")
            yield from self.held(name.strip(), text.strip(), header.where)
        for at_file in started.env_files:
            yield from self.variables_file(at_file.text, at_file.where)
        yield from self.rest(entry)

    def set(self, name: str, text: str) -> None:
        known = setting(name)
        if known:
            self.settings[known] = text

    def argument(self, option: str, word: Word) -> Iterator[Fact]:
        if word.text.lstrip().startswith(("{", "[")):
            yield from self.json_argument(word)
            return
        header = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]{1,60}):\s*(.+)", word.text, re.DOTALL)
        if option.lower() in ("header", "h") and header:
            yield from self.held(header[1], header[2], word.where)
        else:
            yield from self.held("token" if option in _SECRET_OPTIONS else option, word.text, word.where)

    def json_argument(self, word: Word) -> Iterator[Fact]:
        """Settings given as JSON on the command line."""
        try:
            value = parse_text(word.text, self.document).value
        except IngestError:
            yield from self.held("", word.text, word.where)
            return
        for pointer, text in leaves(value):
            yield from self.held(str(pointer[-1]) if pointer else "", text, word.where)

    def variable(self, name: str, text: str, at: Where) -> Iterator[Fact]:
        if name.startswith("GITHUB_"):
            self.set(name, text)
        if _READ_ONLY_NAME.search(name) and text.strip().lower() in ("true", "1", "yes", "on"):
            self.labels.append(READ_ONLY)
        injection = _INJECTIONS.get(name)
        if injection and injection.search(text):
            self.labels.append(f"injects={name}")
        yield from cloud_login_facts(self.document, self.where(*at), self.holder, name, text)
        yield from self.held(name, text, at)

    def variables_file(self, path: str, at: Where) -> Iterator[Fact]:
        """A file of variables: the server gets all that the project's ``.env`` defines; of another file only its name is known."""
        file = re.sub(r"^(?:\$\{(?:workspaceFolder|workspaceRoot|CLAUDE_PROJECT_DIR|PWD)\}|\$PWD|\.)[/\\]", "", path.strip())
        if re.fullmatch(r"[\w.@/+-]{1,200}", file) and not file.startswith("/"):
            self.labels.append(f"env_file={file}")
        if re.fullmatch(r"\.env(?:\.\w+)?", file):
            self.keyed = True
            props = {"evidence": ["inferred"], "confidence": 0.7, "place": "env", "sources": [self.document.source(self.where(*at))]}
            yield EdgeFact("HOLDS", self.holder, Ref("Secret", "env", "*"), props)

    def rest(self, entry: Mapping[str, Any]) -> Iterator[Fact]:
        """Every other text of the entry."""
        skipped = {"command", "args", "arguments", *URL_KEYS, *ALLOW_LISTS, *DENY_LISTS, *PLAIN}
        for field_name, value in entry.items():
            if field_name in ("env", "environment"):
                yield from self.environment(value, field_name)
            elif field_name in ("envFile", "env_file") and isinstance(value, str):
                yield from self.variables_file(value, (field_name,))
            elif field_name in ("env_vars", "env_http_headers", "bearer_token_env_var"):
                yield from self.passed_on(value, field_name)
            elif field_name in ("command", "transport") and isinstance(value, dict):
                yield from self.environment(value.get("env"), field_name, "env")
                for pointer, text in leaves({key: part for key, part in value.items() if key not in ("env", "path", *skipped)}):
                    yield from self.held(str(pointer[-1]), text, (field_name, *pointer))
            elif field_name not in skipped:
                for pointer, text in leaves(value):
                    key = next((part for part in reversed(pointer) if isinstance(part, str)), field_name)
                    yield from self.held(key, text, (field_name, *pointer))

    def environment(self, value: object, *at: str) -> Iterator[Fact]:
        if isinstance(value, list):
            for index, item in enumerate(value[:MAX_LEAVES]):
                if isinstance(item, str):
                    name, equals, text = item.partition("=")
                    yield from self.variable(name, text if equals else f"${{{name}}}", (*at, index))
        elif isinstance(value, dict):
            for name, text in list(value.items())[:MAX_LEAVES]:
                if text is None:
                    yield from self.variable(str(name), f"${{{name}}}", (*at, str(name)))
                elif isinstance(text, str):
                    yield from self.variable(str(name), text, (*at, str(name)))
                elif isinstance(text, (bool, int, float)):
                    yield from self.variable(str(name), number(text), (*at, str(name)))
                else:
                    self.note("one variable of its environment is no text", *at, str(name))
        elif value is not None:
            self.note("its environment is no object", *at)

    def passed_on(self, value: object, field_name: str) -> Iterator[Fact]:
        """Variables of the client's own environment, by name."""
        passed: list[tuple[object, object]] = [("", value)]
        if isinstance(value, dict):
            passed = list(value.items())
        elif isinstance(value, list):
            passed = [("", item.get("name") if isinstance(item, dict) else item) for item in value[:MAX_LEAVES]]
        for header, name in passed:
            if isinstance(name, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
                key = "Authorization" if field_name == "bearer_token_env_var" else str(header or name)
                yield from self.held(key, f"${{{name}}}", (field_name,))

    def held(self, key: str, text: str, at: Where) -> Iterator[Fact]:
        if key.lower().startswith("x-mcp-"):
            self.set(key, text)
        if _PLACE.match(text):
            return
        line = self.where(*at)
        for fact in secret_facts(self.document, line, self.holder, key, text, "config"):
            self.keyed = self.keyed or isinstance(fact, EdgeFact)
            yield fact
        yield from database_facts(self.document, line, text, self.holder)
        if self.inputs and "${input:" in text:
            for reference in interpolations(text):
                if reference.kind == "input" and reference.name in self.inputs:
                    self.keyed = True
                    target = Ref("Secret", "input", reference.name, fallback=f"input:{self.document.root}#{reference.name}")
                    yield EdgeFact("HOLDS", self.holder, target, {"evidence": ["declared"], "sources": [self.document.source(line)]})


def number(value: float) -> str:
    """A number or truth as it stands in a command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)
