"""One configured MCP server, in the shape of any client → facts: what it is, where it comes from, what it is given."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.github_server import is_github_server, offered
from graphinv.ingest.support.launch import launch
from graphinv.ingest.support.launchers import Launch
from graphinv.ingest.support.leaves import MAX_LEAVES
from graphinv.ingest.support.packages import is_local_path
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import interpolations, redact, url_parts
from graphinv.ingest.support.server_given import ALLOW_LISTS, DENY_LISTS, URL_KEYS, Given, number
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.ingest.support.words import Where, Word, split
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

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
_KEYED = re.compile(r"key|bearer|basic|token|sigv4|jwt")
"""Ways to prove oneself with what one holds, in the words of clients and gateways."""


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
    if entry.get("trust") is True or entry.get("autoApproveAll") is True or entry.get("default_tools_approval_mode") == "approve":
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
    labels: list[str] = field(default_factory=list)
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
        given = Given(self.document, self.where, self.host if remote else self.key, self.inputs, self.note)
        held = list(given.facts(entry, started, address if remote else None, at))
        self.labels += given.labels
        props["auth"] = self.auth(entry, given.keyed)
        sent = tuple(dict.fromkeys(fact.target for fact in held if isinstance(fact, EdgeFact) and fact.kind == "HOLDS")) if remote else ()
        yield from self.node(entry, props, remote, sent, self.allowed(entry, words, props, given.settings, address if remote else None))
        yield from held
        if started.proxied is not None:
            yield from self.kept_as(started.proxied.text)
        yield from self.surroundings(started, remote)
        yield from self.problems

    def allowed(
        self, entry: Mapping[str, Any], words: list[Word], props: Props, settings: Mapping[str, str], address: str | None
    ) -> list[str] | None:
        """The only tools that the client, or the server's own settings, let through; None where all are."""
        listed = _allowed(entry)
        parts = url_parts(address) if address else None
        if not is_github_server(props.get("package"), words[0].text if words and not address else "", parts.host if parts else ""):
            return listed
        tools = offered(settings, address, latest=props.get("version") in (None, "latest", "main"))
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
                yield Word(number(value), (*at, index))
            else:
                self.note("one word of its command line is no text", *at, index)

    def address(self, entry: Mapping[str, Any]) -> tuple[str | None, Where]:
        places: list[tuple[Mapping[str, Any], Where]] = [(entry, ()), (mapping(entry.get("transport")), ("transport",))]
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

    def auth(self, entry: Mapping[str, Any], keyed: bool) -> str | None:
        stated = entry.get("auth", entry.get("authentication", entry.get("auth_type")))
        if isinstance(stated, dict):
            stated = stated.get("type", "")
        stated = stated.lower() if isinstance(stated, str) else ""
        oauth = entry.get("oauth", entry.get("authProviderType", entry.get("requiresOAuth")))
        headers = [str(name).lower() for name in mapping(entry.get("headers")) | mapping(entry.get("http_headers"))]
        if keyed or any(name == "authorization" or name.endswith("api-key") for name in headers) or _KEYED.search(stated):
            return "key"
        if (oauth is not None and oauth is not False) or "oauth" in stated or "CLIENT_ID" in entry:
            return "oauth"
        return "none" if stated == "none" else None

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

    def kept_as(self, address: str) -> Iterator[Binding]:
        """The name under which ``mcp-remote`` keeps what it was given for an address, in the home folder of whoever starts it."""
        parts = url_parts(address)
        if parts is not None and not parts.secrets and not parts.references:
            digest = hashlib.md5(address.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
            yield Binding(f"mcp-remote:{digest}", self.name, self.host, self.folder, self.document.path)

    def surroundings(self, started: Launch, remote: bool) -> Iterator[Fact]:
        """Packages it needs, and the container or sandbox it runs in."""
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
        elif started.sandbox is not None and not remote:
            box, apart = ("Runtime", f"sandbox:{self.place}"), started.sandbox.apart
            by = [f"sandbox={started.sandbox.by}"]
            boxed: Props = {"name": f"{self.name} sandbox", "type": "sandbox", "labels": by, "sources": sources}
            yield NodeFact(*box, boxed if apart is None else {**boxed, "sandboxed": apart})
            yield EdgeFact("RUNS_ON", self.key, box, {"evidence": ["declared"], "sources": sources})

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
    """The only tools that the entry lets through; None where it lets all through. A tool that is also shut out does not pass."""
    for key in ALLOW_LISTS:
        value = entry.get(key)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value) and "*" not in value:
            lists = [entry[name] for name in DENY_LISTS if isinstance(entry.get(name), list)]
            out = {item for listed in lists for item in listed if isinstance(item, str)}
            return sorted({redact(item) for item in value if item not in out})
    return None


def _with_defaults(address: str) -> str:
    """``address`` with its variables' defaults filled in, where they have some."""
    for reference in reversed(interpolations(address)):
        if reference.default and reference.kind == "env":
            address = address[: reference.start] + reference.default + address[reference.end :]
    return address
