"""What the ingestors of low-code platforms share: one flow's nodes and their names, and the facts about them.

(:Workflow flow)-[:DELEGATES_TO]->(:Agent)  (:Agent)-[:USES]->(:Tool)-[:CAN_ACCESS]->(:Resource)
(:Tool|:Agent|:Workflow)-[:HOLDS]->(:Secret)  (:Workflow|:Agent)-[:INGESTS]->(:ContentSource)
(:Agent|:Workflow)-[:READS|WRITES]->(:Memory)  (:Agent)-[:CONNECTS_TO]->(:ToolServer)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeVar

from graphinv.ingest import Document
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.effects import actions_of
from graphinv.ingest.support.jsondoc import parse_text
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode_services import Does
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_shapes import MAX_LENGTH
from graphinv.ingest.support.secrets import recognise_all, redact, secret_node, url_parts
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

MAX_BYTES = 8 * 1024 * 1024
MAX_NAME = 200
MAX_PROBLEMS = 20
MAX_TEXTS = 20_000
"""Texts of one flow that are looked at for credentials."""

Where = tuple[str | int, ...]
Part = TypeVar("Part")
Reference = tuple[str, str]
"""(space, name) of a variable that a setting reads: ``env`` STRIPE_KEY."""

_MEMBER = re.compile(r"\$?[A-Za-z_]+\d{0,2}(?:\??\.[A-Za-z_]+\d{0,2})+\(?\)?")
_CALL = re.compile(r"\$?[A-Za-z_][\w.]{0,200}\([^()]{0,500}\)?;?")
_SCRIPTS = frozenset({"jsCode", "pythonCode", "functionCode", "code", "javascriptFunction", "func"})
"""Settings that are programs."""
_TEXT = re.compile(r"`[^`]*`|'[^'\n]*'|\"[^\"\n]*\"")
"""A text in a program."""
_EXPRESSION = re.compile(r"[$(\[{!]|[A-Za-z_]+\d{0,2}(?:\W|$)")
"""How a value begins that a program works out."""
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PROCESS_ENV = re.compile(
    r"(?:process\.env\.|os\.environ(?:\.get)?[\[(]\s*[\"']|os\.getenv\(\s*[\"']|process\.env\[\s*[\"'])"
    r"(\w{0,64}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|CREDENTIAL|DSN|DATABASE_URL)\w{0,64})()"
)
_NAMES = ("name", "key", "label", "variableName", "inputArgName", "variable")
_VALUES = frozenset({"value", "stringValue", "variableValue", "inputArgValue", "content"})


def stem(document: Document) -> str:
    """``<root>/<path without suffix>``: what ids in a document begin with, after the platform."""
    path = PurePosixPath(document.path)
    return f"{document.root}/{path.with_suffix('') if path.suffix else path}"


def text_of(value: object) -> str:
    """``value`` where it is text, without blanks around it; else empty."""
    return value.strip() if isinstance(value, str) else ""


def items(value: object) -> list[Any]:
    """``value`` where it is a list; else an empty one."""
    return value if isinstance(value, list) else []


def called(name: object) -> str:
    """A name that a document gives, for ids and for people: one line, bounded, without credentials."""
    return redact(" ".join(text_of(name).split())[:MAX_NAME])


def unique(names: Mapping[str, str]) -> dict[str, str]:
    """Node id → name for ids: what the node is called, with its id where several are called alike.

    >>> unique({"1": "Agent", "2": "Agent", "3": "Mail"})
    {'1': 'Agent (1)', '2': 'Agent (2)', '3': 'Mail'}
    """
    count = Counter(names.values())
    return {node: name if count[name] == 1 and name else f"{name or 'node'} ({called(node)})" for node, name in names.items()}


def numbered(ids: Iterable[object]) -> list[str]:
    """Keys for things by their id; where one has none, or that of another, its place in the list stands in.

    >>> numbered(["a", None, "a"])
    ['a', '1', 'a 2']
    """
    found: list[str] = []
    for index, value in enumerate(ids):
        key = str(value) if isinstance(value, (str, int)) and str(value) else str(index)
        found.append(f"{key} {index}" if key in found[-1000:] else key)
    return found


def settings(value: object) -> Iterator[tuple[Where, str, str]]:
    """The texts below ``value`` with their pointers and what each is called: its key, or, for ``{"name": N, "value": V}``, N.

    At most 20,000; without recursion.
    """
    stack: list[tuple[Where, str, object]] = [((), "", value)]
    found = 0
    while stack and found < MAX_TEXTS:
        pointer, key, item = stack.pop()
        if isinstance(item, dict):
            label = next((item[name] for name in _NAMES if isinstance(item.get(name), str)), "")
            for name, part in reversed(item.items()):
                stack.append(((*pointer, name), label if label and name in _VALUES else name, part))
        elif isinstance(item, list):
            stack.extend(((*pointer, index), key, part) for index, part in reversed(list(enumerate(item))))
        elif isinstance(item, str) and item:
            found += 1
            yield pointer, key, item


@dataclass
class Flow:
    """One flow of a document, and the facts about its nodes.

    ``name`` stands in ids, ``title`` is what people call it.

    ``where`` gives the line of a pointer below the flow; ``base`` is what ids of its nodes begin with, ``section`` what tells its servers
    from those of other flows in the document; ``references`` finds the variables that a text reads in the platform's own notation.
    """

    document: Document
    platform: str
    name: str
    where: Callable[..., int]
    base: str = ""
    section: str = ""
    references: Callable[[str], Iterable[Reference]] = field(default=lambda text: ())
    title: str = ""
    key: NodeKey = ("Workflow", "")
    problems: int = 0
    _texts: int = 0

    def __post_init__(self) -> None:
        self.base = self.base or f"{self.platform}:{stem(self.document)}"
        self.title = self.title or self.name
        self.key = ("Workflow", f"{self.base}#{self.name}")

    # ---- common -------------------------------------------------------------------------------------------------------------

    def sources(self, at: Where) -> list[str]:
        return [self.document.source(self.where(*at))]

    def id(self, name: str) -> str:
        """Id of the node ``name`` of this flow."""
        return f"{self.base}#{name}"

    def node(self, kind: str, id: str, at: Where, **props: Any) -> NodeFact:
        """A node with what is stated of it; absent where None."""
        stated = {**props, "environment": environment_of(self.document.path), "sources": self.sources(at)}
        return NodeFact(kind, id, {name: value for name, value in stated.items() if value is not None})

    def edge(self, kind: str, source: NodeKey | Ref, target: NodeKey | Ref, at: Where, **props: Any) -> EdgeFact:
        stated = {"evidence": ["declared"], **props, "sources": self.sources(at)}
        return EdgeFact(kind, source, target, {name: value for name, value in stated.items() if value is not None})

    def problem(self, message: str, at: Where, severity: str = "warning") -> Iterator[Problem]:
        """Something that could not be followed; those beyond 20 are counted by :meth:`rest`."""
        self.problems += 1
        if self.problems <= MAX_PROBLEMS:
            yield Problem(self.document.path, f"L{self.where(*at)}", message, severity, self.platform)

    def rest(self) -> Iterator[Problem]:
        """How many problems there are beside those that were told."""
        if self.problems > MAX_PROBLEMS:
            yield Problem(self.document.path, "", f"{self.problems - MAX_PROBLEMS} further warnings of this kind", "warning", self.platform)

    # ---- nodes --------------------------------------------------------------------------------------------------------------

    def workflow(self, at: Where = (), **props: Any) -> NodeFact:
        """The flow itself."""
        return self.node(*self.key, at, name=self.title, type=self.platform, **props)

    def agent(self, id: str, name: str, at: Where, **props: Any) -> NodeFact:
        """One of its agents."""
        return self.node("Agent", id, at, name=name, framework=self.platform, **props)

    def tool(
        self,
        key: NodeKey,
        name: str,
        does: Does,
        at: Where,
        *,
        account: tuple[str, str] = ("", ""),
        host: str | None = None,
        resource: str = "",
        kind_detail: str | None = None,
    ) -> Iterator[Fact]:
        """A tool and what it acts on: the account of its service, or the host that it sends requests to.

        Args:
            key: its key.
            name: its name.
            does: what it does.
            at: where it stands.
            account: what tells one account of the service from another, such as the id of the credential, and what people call it.
            host: ``https://host`` that a tool with a constant address asks.
            resource: id of what it acts on, where the document tells it.
            kind_detail: what kind of node it is.
        """
        yield self.tool_node(key, name, does, at, kind_detail)
        yield from self.accesses(key, does, at, account, host, resource)

    def tool_node(self, key: NodeKey, name: str, does: Does, at: Where, kind_detail: str | None = None) -> NodeFact:
        """A tool alone."""
        effects = sorted(does.effects) if does.effects is not None else None
        untrusted = does.untrusted if does.effects is not None else None
        return self.node(*key, at, name=name, effects=effects, ingests_untrusted=untrusted, kind_detail=kind_detail)

    def accesses(
        self, key: NodeKey, does: Does, at: Where, account: tuple[str, str] = ("", ""), host: str | None = None, resource: str = ""
    ) -> Iterator[Fact]:
        """What a tool acts on; arguments as those of :meth:`tool`."""
        actions = actions_of(does.effects or ())
        target = self.resource(does, at, account, host, resource)
        if target is not None and actions:
            yield target
            props: Props = {"actions": actions, "evidence": ["inferred"], "confidence": 0.7}
            yield self.edge("CAN_ACCESS", key, target.key, at, **props)

    def resource(self, does: Does, at: Where, account: tuple[str, str], host: str | None, resource: str) -> NodeFact | None:
        """What a tool acts on; without an account it is told from what other documents name."""
        service = does.service
        props: Props
        if host is not None:
            parts = url_parts(host)
            scope = f"api:{self.document.root}#" if parts is not None and is_here(parts.host) else ""
            id, inside = f"{scope}{host}", parts is not None and is_internal(parts.host)
            props = {"name": host.partition("://")[2], "type": "api", "external": not inside}
        elif service is None or not service.resource:
            return None
        else:
            scope = "saas" if service.outside else self.platform
            place = f"{self.document.root}#{account[0]}" if account[0] else stem(self.document)
            id = resource or f"{scope}:{service.name}/{place}"
            named = f"{service.name} ({account[1]})" if account[1] else service.name
            name = resource.rpartition("/")[2].rpartition("#")[2] or named
            props = {"name": name, "type": service.resource, **({"external": True} if service.outside else {})}
        return NodeFact("Resource", id, {**props, "sources": self.sources(at)})

    def model(self, user: NodeKey, name: object, at: Where) -> Iterator[Fact]:
        """(user)-[:USES_MODEL]->(the model of that name); nothing where none is stated or an expression makes it."""
        stated = called(name).removeprefix("models/")
        if stated and "{{" not in stated and not stated.startswith("="):
            yield NodeFact("Model", stated, {"name": stated, "sources": self.sources(at)})
            yield self.edge("USES_MODEL", user, ("Model", stated), at)

    def content(
        self, users: Iterable[NodeKey], id: str, name: str, at: Where, *, detail: str, trust: str | None, labels: Iterable[str] = ()
    ) -> Iterator[Fact]:
        """Content that comes in from outside."""
        key = ("ContentSource", id)
        yield self.node(*key, at, name=name, kind_detail=detail, trust=trust, labels=sorted(labels) or None)
        for user in users:
            yield self.edge("INGESTS", user, key, at)

    def memory(
        self,
        users: Iterable[NodeKey],
        key: NodeKey,
        name: str,
        at: Where,
        *,
        scope: str | None,
        detail: str,
        writes: bool = True,
        reads: bool = True,
    ) -> Iterator[Fact]:
        """A store, and who reads and writes it."""
        yield self.node(*key, at, name=name, scope=scope, kind_detail=detail)
        for user in users:
            if reads:
                yield self.edge("READS", user, key, at)
            if writes:
                yield self.edge("WRITES", user, key, at)

    # ---- credentials --------------------------------------------------------------------------------------------------------

    def credential(
        self, holders: Iterable[NodeKey], type: str, id: str, name: str, at: Where, *, space: str = "credential"
    ) -> Iterator[Fact]:
        """A credential that the platform keeps and that the document names; its value is nowhere here."""
        label = called(name) or called(id) or type
        key = ("Secret", f"{self.platform}-{space}:{self.document.root}#{called(type)}/{called(id) or label}")
        yield NodeFact(*key, {"name": label, "kind_detail": called(type), "type": credential_type(type), "sources": self.sources(at)})
        for holder in holders:
            yield self.edge("HOLDS", holder, key, at, place="vault")

    def secrets(self, holder: NodeKey, value: object, at: Where, place: str, *, named: bool = True) -> Iterator[Fact]:
        """Credentials in the settings ``value``, and the variables of the platform that they read.

        Args:
            holder: who has them.
            value: the settings, of whatever shape.
            at: where they stand.
            place: where a value that stands there lies.
            named: whether the keys in ``value`` say what stands there; False for data that merely passes through.
        """
        for pointer, key, text in settings(value):
            self._texts += 1
            if self._texts > MAX_TEXTS:
                return
            line = self.where(*at, *pointer)
            for space, name in self.references(text):
                target = Ref("Secret", space, name, fallback=f"{space}:{self.document.root}#{name}")
                yield EdgeFact("HOLDS", holder, target, {"evidence": ["declared"], "sources": [self.document.source(line)]})
            if len(text) < 4 or ("credential" in key.lower() and _ID.fullmatch(text)):
                continue
            for name in _PROCESS_ENV.findall(text) if "env" in text else ():
                yield EdgeFact("HOLDS", holder, *self._variable(next(filter(None, name)), line))
            bare, expressions = without_expressions(text)
            code = "\n" in bare or len(bare) > 500
            script = key in _SCRIPTS
            yield from self._values(holder, key if named and not code else "", bare, line, place, script=script)
            for expression in expressions:
                yield from self._values(holder, "", expression, line, place, script=True)
            if "://" in bare:
                yield from database_facts(self.document, line, bare, holder)

    def _values(self, holder: NodeKey, key: str, text: str, line: int, place: str, *, script: bool = False) -> Iterator[Fact]:
        """Credentials that stand in ``text``. What an assignment in a script takes from elsewhere is none of them, and neither is
        ``${name}``: these platforms fill nothing in there, it is a variable of the script."""
        candidates = recognise_all(key, text)
        texts = [match.span() for match in _TEXT.finditer(text, 0, MAX_LENGTH)] if script and candidates else []
        for found in candidates:
            quoted = text[found.start - 1 : found.start] in ("'", '"', "`")
            if not quoted and (_MEMBER.fullmatch(found.secret) or ("\n" in text and _CALL.fullmatch(found.secret))):
                continue
            if script and not quoted and _EXPRESSION.match(found.secret) and not _in_text(texts, found.start):
                continue
            secret = secret_node(self.document, line, found)
            yield secret
            props: Props = {"evidence": ["declared"], "place": place, "sources": [self.document.source(line)]}
            yield EdgeFact("HOLDS", holder, secret.key, props)

    def _variable(self, name: str, line: int) -> tuple[Ref, Props]:
        target = Ref("Secret", "env", name, fallback=f"env:{self.document.root}#{name}")
        return target, {"evidence": ["declared"], "place": "env", "sources": [self.document.source(line)]}

    # ---- servers ------------------------------------------------------------------------------------------------------------

    def server(self, host: NodeKey, name: str, entry: object, at: Where) -> Iterator[Fact]:
        """An MCP server that ``host`` connects to, by its entry in the shape of a client's configuration."""
        line = self.where(*at)
        yield from server_facts(
            self.document,
            client=self.platform,
            host=host,
            name=name,
            entry=entry,
            where=lambda *_: line,
            folder=self.document.folder,
            section=self.section,
        )

    def unknown_server(
        self,
        host: NodeKey,
        name: str,
        at: Where,
        tools: list[str] | None = None,
        *,
        auth: str | None = None,
        key: NodeKey | None = None,
    ) -> Iterator[Fact]:
        """An MCP server of which the document tells a name and no more."""
        key = key or ("ToolServer", f"mcp:{self.document.source()}#{self.section}{name}")
        yield self.node(*key, at, name=name, protocol="mcp", origin="unknown", auth=auth)
        yield self.edge("CONNECTS_TO", host, key, at, tools=tools or None)

    def servers(self, host: NodeKey, text: object, at: Where, tools: list[str] | None = None) -> Iterator[Fact]:
        """MCP servers in a setting that is JSON, as text or value: ``{"mcpServers": {…}}``, ``{name: {…}}`` or one entry."""
        value = embedded(self.document, text, self.where(*at)) if isinstance(text, str) else text
        if isinstance(value, Located):
            value = value.value
        entries = mapping(value)
        entries = mapping(entries.get("mcpServers")) or mapping(entries.get("servers")) or entries
        if any(isinstance(entries.get(key), str) for key in ("command", "url", "server_url")):
            entries = {"server": entries}
        if not entries:
            if text_of(text):
                yield from self.problem("an MCP server's settings are no JSON object; its address is unknown", at)
            return
        for name, entry in list(entries.items())[:100]:
            if isinstance(entry, dict):
                address = {"url": entry["server_url"]} if isinstance(entry.get("server_url"), str) else {}
                chosen = {"includeTools": tools} if tools else {}
                yield from self.server(host, called(name) or "server", {**address, **entry, **chosen}, at)


def flows_of(
    document: Document,
    platform: str,
    found: Iterable[tuple[object, str, Callable[..., int], Part]],
    references: Callable[[str], Iterable[Reference]] = lambda text: (),
) -> Iterator[tuple[Flow, Part]]:
    """A document's flows, each by its id, name, line of a pointer below it, and what it is; without a name it is called as its file."""
    listed = list(found)
    keyed = dict(zip(numbered(id for id, *_ in listed), listed, strict=True))
    titles = {key: name or called(stem(document).rpartition("/")[2]) for key, (_, name, _, _) in keyed.items()}
    names = unique(titles)
    for key, (_, _, where, part) in keyed.items():
        name, several = names[key], len(keyed) > 1
        base = f"{platform}:{stem(document)}" + (f"#{name}" if several else "")
        flow = Flow(document, platform, name, where, base, f"{name}/" if several else "", references, titles[key])
        flow.key = ("Workflow", f"{platform}:{stem(document)}#{name}")
        yield flow, part


def _in_text(texts: Sequence[tuple[int, int]], at: int) -> bool:
    """Whether a place of a script lies within one of its texts, given as spans in order."""
    before = bisect_right(texts, at, key=lambda span: span[0]) - 1
    return before >= 0 and at < texts[before][1]


def without_expressions(text: str) -> tuple[str, list[str]]:
    """A setting without the expressions in it (``{{ … }}``), and the expressions that are long enough to hold a credential. O(length)

    >>> without_expressions("=Bearer {{ $json.token }} ok")
    ('Bearer   ok', ['$json.token'])
    """
    text = text.removeprefix("=")
    if "{{" not in text:
        return text, []
    kept: list[str] = []
    expressions: list[str] = []
    position = 0
    while (start := text.find("{{", position)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        kept.append(text[position:start])
        inner = text[start + 2 : end].strip()
        if len(inner) > 10:
            expressions.append(inner)
        position = end + 2
    return " ".join([*kept, text[position:]]), expressions[:100]


def embedded(document: Document, text: str, line: int) -> Located | None:
    """JSON that stands in a text of a document; None where it is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return parse_text(text, document, line)
    except IngestError:
        return None


def host_of(address: str) -> str | None:
    """``https://host`` of an address whose host is constant; None where it is made at run time or where there is none.

    >>> host_of("=https://api.acme.example/v1/{{ $json.id }}"), host_of("={{ $json.url }}")
    ('https://api.acme.example', None)
    """
    text = re.sub(r"<[^>]{0,200}>", "", address.strip()).removeprefix("=").strip()
    match = re.match(r"(https?)://([^/?#\s]{1,253})", text, re.IGNORECASE)
    if match is None or any(mark in match[2] for mark in "{}$<>@"):
        return None
    return f"{match[1].lower()}://{match[2].lower()}"


def credential_type(type: str) -> str:
    """What a credential of a platform's type is.

    >>> credential_type("gmailOAuth2"), credential_type("postgres"), credential_type("openAiApi")
    ('oauth_token', 'password', 'api_key')
    """
    lowered = type.lower()
    if "oauth" in lowered:
        return "oauth_token"
    words = (
        "basic",
        "password",
        "postgres",
        "mysql",
        "mssql",
        "microsoftsql",
        "mongo",
        "redis",
        "imap",
        "smtp",
        "ftp",
        "database",
        "digest",
    )
    return "password" if any(word in lowered for word in words) else "api_key"
