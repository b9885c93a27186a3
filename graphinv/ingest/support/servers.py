"""One configured MCP server, in the shape of any client → facts: what it is, where it comes from, what it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.cloud_logins import cloud_login_facts
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.github_server import is_github_server, offered, setting
from graphinv.ingest.support.jsondoc import parse_text
from graphinv.ingest.support.launch import launch
from graphinv.ingest.support.launchers import Launch
from graphinv.ingest.support.packages import Package, is_local_path
from graphinv.ingest.support.secrets import interpolations, redact, secret_facts, url_parts
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.ingest.support.words import Where, Word, names, pairs, split
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

MAX_LEAVES = 5000
"""Values of one entry that are looked at for credentials."""

URL_KEYS = ("url", "httpUrl", "serverUrl", "uri", "endpoint")
_TRANSPORTS = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "https": "http",
    "remote": "http",
    "streamable-http": "http",
    "streamablehttp": "http",
    "streamable_http": "http",
    "streamable": "http",
    "sse": "sse",
    "ws": "ws",
    "websocket": "ws",
}
_INJECTIONS = {
    "NODE_OPTIONS": re.compile(r"(?:^|\s)(?:-r|--require|--import|--loader|--experimental-loader)(?:[\s=]|$)"),
    "LD_PRELOAD": re.compile(r"\S"),
    "DYLD_INSERT_LIBRARIES": re.compile(r"\S"),
    "BASH_ENV": re.compile(r"\S"),
    "PYTHONSTARTUP": re.compile(r"\S"),
}
_ALLOW_LISTS = ("tools", "includeTools", "include_tools", "enabled_tools", "enabledTools", "allowedTools", "allowed_tools")
READ_ONLY = "read_only=true"
"""Label of a server that was told to offer nothing that changes anything."""
_READ_ONLY_OPTION = re.compile(r"--?read-?only(?:=(?:true|1))?", re.IGNORECASE)
# Not what a query says: everybody means the same server by its address without one.
_READ_ONLY_ADDRESS = re.compile(r"/readonly/?(?:\?|$)", re.IGNORECASE)
_READ_ONLY_NAME = re.compile(r"(?:^|[_-])READ_?ONLY(?:_MODE)?$", re.IGNORECASE)
_PLACE = re.compile(r"\$\{?(?:workspaceFolder|workspaceRoot|userHome|HOME|PWD|__dirname|CLAUDE_[A-Z_]+)(?::[^}]*)?\}?(?:[/\\]|$)")
"""A path that begins at a folder of the client's: never a credential, whatever its variable is called."""
_SECRET_OPTIONS = names("key k token t secret password pass apikey")
_PLAIN = names("name description title note comment $schema")


def server_facts(  # noqa: PLR0913 - what an entry needs to know of its document is this much
    document: Document,
    *,
    client: str,
    host: NodeKey,
    name: str,
    entry: object,
    where: Callable[..., int],
    folder: str,
    approved: bool | None = None,
    inputs: frozenset[str] = frozenset(),
    section: str = "",
) -> Iterator[Fact]:
    """Facts about one server: the ToolServer, CONNECTS_TO from its host, the name it is bound to, the package it depends on, what it runs
    on, and the credentials it is given.

    A started server holds its credentials itself. A remote one is the same node for everybody who names its address, so there the *host*
    holds what it sends: otherwise everyone would reach everyone's.

    Args:
        document: where the entry stands.
        client: slug of the client; also the space that ``name`` is bound in.
        host: key of the agent that connects to it.
        name: name of the server in that client.
        entry: the entry as parsed, of whatever shape.
        where: line of a pointer below the entry; called with no argument, the entry's own.
        folder: project folder that ``name`` is visible in.
        approved: whether a document says that somebody approved it.
        inputs: names of the client's prompts (``${input:x}``) that ask for a credential.
        section: put before the name in ids, where one document has several sets of servers.
    """
    name = redact(name)
    server = _Server(document, client, host, name, where, folder, approved, inputs, f"{document.source()}#{section}{name}")
    if name.startswith("_"):
        return
    if isinstance(entry, str) and re.match(r"https?://", entry):
        entry = {"url": entry}
    if not isinstance(entry, dict):
        yield server.problem("is no server: its entry is no object")
        return
    yield from server.read(entry)


def is_server(entry: object) -> bool:
    """Whether ``entry`` has the shape of a server's entry: a command or an address."""
    if not isinstance(entry, dict):
        return False
    transport = entry.get("transport")
    return any(key in entry for key in ("command", *URL_KEYS[:3])) or (isinstance(transport, dict) and is_server(transport))


def is_disabled(entry: Mapping[str, Any]) -> bool:
    """Whether ``entry`` says that its server is switched off."""
    return entry.get("disabled") is True or entry.get("enabled") is False


def lets_pass(entry: Mapping[str, Any]) -> bool:
    """Whether ``entry`` says that the client calls all tools of its server without a question."""
    if entry.get("trust") is True or entry.get("autoApproveAll") is True:
        return True
    return any(isinstance(entry.get(key), list) and "*" in entry[key] for key in ("autoApprove", "alwaysAllow"))


@dataclass
class _Server:
    document: Document
    client: str
    host: NodeKey
    name: str
    where: Callable[..., int]
    folder: str
    approved: bool | None
    inputs: frozenset[str]
    place: str
    """Document and name, for ids."""
    key: NodeKey = ("ToolServer", "")
    holder: NodeKey = ("ToolServer", "")
    keyed: bool = False
    labels: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """What it is told to offer, if it is GitHub's server."""
    problems: list[Problem] = field(default_factory=list)

    # ---- reading ------------------------------------------------------------------------------------------------------------

    def read(self, entry: dict[str, Any]) -> Iterator[Fact]:
        words = self.command(entry)
        started = launch(words)
        address, at = self.address(entry)
        if started.proxied is not None:
            address, at = started.proxied.text, started.proxied.where
        bundled = entry.get("source") == "extension" or isinstance(entry.get("uses"), str)
        if not words and address is None and not bundled:
            if set(entry) <= {"enabled", "disabled", "name", "timeout", "trust", "autoApprove", "alwaysAllow"} and entry:
                return  # says only whether a server that another file defines is on
            yield self.problem("has neither a command nor an address")
            return
        remote = address is not None and (not words or started.proxied is not None)
        props = self.remote(entry, address or "") if remote else self.started(entry, started)
        self.holder = self.host if remote else self.key
        held = list(self.given(entry, started, address if remote else None, at))
        props["auth"] = self.auth(entry)
        sent = tuple(dict.fromkeys(fact.target for fact in held if isinstance(fact, EdgeFact) and fact.kind == "HOLDS")) if remote else ()
        yield from self.node(entry, props, remote, sent, self.allowed(entry, words, props, address if remote else None))
        yield from held
        yield from self.surroundings(started, remote)
        yield from self.problems

    def allowed(self, entry: Mapping[str, Any], words: list[Word], props: Props, address: str | None) -> list[str] | None:
        """The only tools that the client, or the server's own settings, let through; None where all are."""
        listed = _allowed(entry)
        parts = url_parts(address) if address else None
        if not is_github_server(props.get("package"), words[0].text if words and not address else "", parts.host if parts else ""):
            return listed
        tools = offered(self.settings, address, latest=props.get("version") in (None, "latest", "main"))
        return tools if listed is None else listed if tools is None else sorted({*tools} & {*listed})

    def command(self, entry: Mapping[str, Any]) -> list[Word]:
        """The entry's command line: ``command`` as text, list or object, and ``args``."""
        at: Where = ("command",)
        command = entry.get("command")
        if command is None and isinstance(entry.get("transport"), dict):
            entry, at = entry["transport"], ("transport", "command")
            command = entry.get("command")
        base = at[:-1]
        if isinstance(command, dict):  # Zed's older shape
            entry, base, command = command, at, command.get("path")
            at = (*at, "path")
        words: list[Word] = []
        if isinstance(command, str) and command.strip():
            words = [Word(command, at)] if _is_one_word(command) else split(command, at)
        elif isinstance(command, list):
            words = list(self.texts(command, at))
        elif command is not None and not isinstance(command, str):
            self.note("its command is neither text nor a list of texts", *at)
        arguments = entry.get("args", entry.get("arguments", []))
        place = "args" if "args" in entry else "arguments"
        if isinstance(arguments, str):
            arguments = [word.text for word in split(arguments, ())]
        if isinstance(arguments, list):
            words += self.texts(arguments, (*base, place))
        elif arguments is not None:
            self.note("its arguments are no list", *base, place)
        return words if command else []

    def texts(self, values: list[Any], at: Where) -> Iterator[Word]:
        for index, value in enumerate(values[:MAX_LEAVES]):
            if isinstance(value, str):
                yield Word(value, (*at, index))
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                yield Word(_number(value), (*at, index))
            else:
                self.note("one word of its command line is no text", *at, index)

    def address(self, entry: Mapping[str, Any]) -> tuple[str | None, Where]:
        places: list[tuple[Mapping[str, Any], Where]] = [(entry, ()), (_mapping(entry.get("transport")), ("transport",))]
        for inner, outer in places:
            for key in URL_KEYS:
                value = inner.get(key)
                if isinstance(value, str) and value.strip():
                    return value.strip(), (*outer, key)
                if value is not None and not isinstance(value, str):
                    self.note("its address is no text", *outer, key)
        return None, ()

    # ---- what it is ---------------------------------------------------------------------------------------------------------

    def started(self, entry: Mapping[str, Any], started: Launch) -> Props:
        """Properties of a server that the client starts."""
        self.key = ("ToolServer", f"mcp:{self.place}")
        package = tellable_package(started.package)
        detail = started.detail
        if entry.get("source") == "extension":
            detail = f"{self.client} extension"
        elif isinstance(entry.get("uses"), str):
            detail = f"{self.client} hub block"
        self.labels += started.labels
        if started.entry:
            self.labels.append(f"entry={started.entry}")
        hub = detail.endswith((" extension", " hub block"))
        return {
            "kind_detail": detail,
            "transport": self.transport(entry, None) or "stdio",
            "origin": package.origin if package else "registry" if hub else "internal" if started.local else "unknown",
            "package": package.purl if package else None,
            "version": package.version if package else None,
            "pinned": package.pinned if package and detail != "installed package" else None,
        }

    def remote(self, entry: Mapping[str, Any], address: str) -> Props:
        """Properties of a server that is reached by address; its id is the address where everybody means the same one by it."""
        own = f"mcp:{self.place}"
        transport = self.transport(entry, address)
        parts = url_parts(_with_defaults(address))
        if parts is None or not parts.host:
            self.key = ("ToolServer", own)
            if not interpolations(address):
                self.note("its address is none")
            return {"kind_detail": "remote", "transport": transport, "origin": "unknown"}
        bare = address.partition("?")[0].rpartition("@")[2]
        is_open = bool(interpolations(bare)) or any(mark in parts.url.partition("://")[2] for mark in "$%<>")
        if is_open:
            self.key = ("ToolServer", own)
        elif is_here(parts.host):
            self.key = ("ToolServer", f"mcp:{self.document.root}#{parts.url}")
        elif "{secret}" in parts.url:
            self.key = ("ToolServer", f"{parts.url}#{self.document.fingerprint(address.partition('?')[0])[:12]}")
        else:
            self.key = ("ToolServer", parts.url)
        unknown = is_open and "$" in parts.host + parts.port
        origin = "unknown" if unknown else "internal" if is_internal(parts.host) else "third_party"
        return {"kind_detail": "remote", "transport": transport, "origin": origin, "url": parts.url}

    def transport(self, entry: Mapping[str, Any], address: str | None) -> str | None:
        stated: Any = entry.get("type") or entry.get("transportType") or entry.get("transport")
        if isinstance(stated, dict):
            stated = stated.get("type")
        known = _TRANSPORTS.get(stated.lower().strip()) if isinstance(stated, str) else None
        if address is None:
            return known
        path = address.partition("?")[0].rstrip("/")
        if known in (None, "stdio") or (known == "http" and stated == "remote"):
            return "sse" if path.endswith("/sse") else "ws" if path.startswith(("ws://", "wss://")) else "http"
        return known

    def auth(self, entry: Mapping[str, Any]) -> str | None:
        stated = entry.get("auth", entry.get("authentication"))
        if isinstance(stated, dict):
            stated = stated.get("type", "")
        stated = stated.lower() if isinstance(stated, str) else ""
        oauth = entry.get("oauth", entry.get("authProviderType"))
        headers = [str(name).lower() for name in _mapping(entry.get("headers")) | _mapping(entry.get("http_headers"))]
        if self.keyed or any(name == "authorization" or name.endswith("api-key") for name in headers):
            return "key"
        if (oauth is not None and oauth is not False) or "oauth" in stated or "CLIENT_ID" in entry:
            return "oauth"
        return "none" if stated == "none" else None

    # ---- what it is given ---------------------------------------------------------------------------------------------------

    def given(self, entry: Mapping[str, Any], started: Launch, address: str | None, at: Where) -> Iterator[Fact]:
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
            if value is not None or variable not in _mapping(entry.get("env")):
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
        skipped = {"command", "args", "arguments", *URL_KEYS, *_ALLOW_LISTS, *_PLAIN}
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
                    yield from self.variable(str(name), _number(text), (*at, str(name)))
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

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def node(
        self, entry: Mapping[str, Any], props: Props, remote: bool, sent: tuple[NodeKey | Ref, ...], tools: list[str] | None
    ) -> Iterator[Fact]:
        sources = [self.document.source(self.where())]
        disabled = is_disabled(entry)
        if disabled and not remote:
            self.labels.append("disabled=true")
        labels = sorted({label for label in self.labels if tellable(label.partition("=")[2])})
        stated: Props = {
            "name": self.name,
            "protocol": "mcp",
            "status": "suspended" if disabled else "active",
            "labels": labels or None,
            "sources": sources,
            **props,
        }
        yield NodeFact(*self.key, {name: value for name, value in stated.items() if value is not None})
        if disabled:
            return
        edge: Props = {"evidence": ["declared"], "sources": sources, "approved": self.approved, "tools": tools}
        if self.approved is None and lets_pass(entry):
            edge |= {"approved": True, "approval": "client", "approved_by": self.document.source()}
        yield EdgeFact("CONNECTS_TO", self.host, self.key, {name: value for name, value in edge.items() if value is not None})
        yield Binding(self.client, self.name, self.key, self.folder, self.document.path, sent)

    def surroundings(self, started: Launch, remote: bool) -> Iterator[Fact]:
        """Packages it needs, and the container it runs in."""
        sources = [self.document.source(self.where())]
        for package in (started.package, *started.packages):
            safe = tellable_package(package)
            if safe is not None:
                key = ("Package", safe.purl)
                props: Props = {"name": safe.name, "purl": safe.purl, "sources": sources}
                yield NodeFact(*key, {**props, "version": safe.version} if safe.pinned else props)
                yield EdgeFact("DEPENDS_ON", self.key, key, {"evidence": ["declared"], "sources": sources})
        if started.container is not None and not remote:
            runtime = ("Runtime", f"container:{self.place}")
            container: Props = {"name": f"{self.name} container", "type": "container", "sources": sources}
            sandboxed = started.container.sandboxed
            yield NodeFact(*runtime, container if sandboxed is None else {**container, "sandboxed": sandboxed})
            yield EdgeFact("RUNS_ON", self.key, runtime, {"evidence": ["declared"], "sources": sources})

    def problem(self, message: str, *at: str | int) -> Problem:
        return Problem(self.document.path, f"L{self.where(*at)}", f"server {self.name[:80]!r}: {message}", "error", "mcp_servers")

    def note(self, message: str, *at: str | int) -> None:
        if len(self.problems) < 20:
            self.problems.append(self.problem(message, *at))


_PATH_OF_LAUNCHER = re.compile(r".*[/\\](?:npx|node|uvx?|python[0-9.]*|docker|bunx?|deno|(?:ba|z)?sh|env)(?:\.\w+)?")


def _is_one_word(command: str) -> bool:
    """Whether a command is one program's path, blanks and all, and no whole line."""
    text = command.strip()
    if " " not in text:
        return True
    return is_local_path(text) and not _PATH_OF_LAUNCHER.fullmatch(text.partition(" ")[0])


def _allowed(entry: Mapping[str, Any]) -> list[str] | None:
    """The only tools that the entry lets through; None where it lets all through."""
    for key in _ALLOW_LISTS:
        value = entry.get(key)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value) and "*" not in value:
            return sorted({redact(item) for item in value})
    return None


def tellable(text: str) -> bool:
    """Whether ``text`` may be shown: it holds no credential, and nothing made by a machine to be guessed by nobody."""
    parts = url_parts(f"https://x/{text}")
    return redact(text) == text and (parts is None or "{secret}" not in parts.url)


def _scrambled(name: str) -> bool:
    """Whether a run of letters and digits changes its case more often than words do: no author names a package so.

    >>> _scrambled("ModelContextProtocol"), _scrambled("aQx" * 8)
    (False, True)
    """
    for run in re.findall(r"[A-Za-z0-9]{20,}", name):
        classes = ["digit" if one.isdigit() else "upper" if one.isupper() else "lower" for one in run]
        if sum(one != other for one, other in pairwise(classes)) > len(run) / 3:
            return True
    return False


def tellable_package(package: Package | None) -> Package | None:
    """``package`` unless a credential stands where its name should; without its version where one stands there."""
    if package is None or _scrambled(package.name) or not tellable(package.purl) or not tellable(package.name):
        return None
    return package if package.pinned or tellable(package.version or "") else replace(package, version=None)


def _with_defaults(address: str) -> str:
    """``address`` with its variables' defaults filled in, where they have some."""
    for reference in reversed(interpolations(address)):
        if reference.default and reference.kind == "env":
            address = address[: reference.start] + reference.default + address[reference.end :]
    return address


def _mapping(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def leaves(value: object) -> Iterable[tuple[Where, str]]:
    """The texts below ``value`` with their pointers, at most 5,000; without recursion."""
    stack: list[tuple[Where, object]] = [((), value)]
    found = 0
    while stack and found < MAX_LEAVES:
        pointer, item = stack.pop()
        if isinstance(item, dict):
            stack.extend(((*pointer, str(key)), part) for key, part in reversed(item.items()) if key not in _PLAIN)
        elif isinstance(item, list):
            stack.extend(((*pointer, index), part) for index, part in reversed(list(enumerate(item))))
        elif isinstance(item, str):
            found += 1
            yield pointer, item
