"""CycloneDX bills of materials (JSON, 1.5 to 1.7) and SPDX 3 documents: models, agents, and the servers they call.

A bill without any of them says nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import HEAD_BYTES, Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.cards import agent_address
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.parts import items, labelled, texts
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.records import moment
from graphinv.ingest.support.secrets import interpolations, redact, secret_facts, url_parts
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "cyclonedx"
TITLE = "CycloneDX and SPDX 3 bills of materials: models, agents, services"
FILES = ("any JSON file with `bomFormat: CycloneDX`", "any SPDX 3 JSON file with AI packages")
MAX_BYTES = 64 * 1024 * 1024
MAX_LABELS = 20

_SPDX = re.compile(rb'"@context"\s*:\s*"https://spdx\.org/rdf/3\.')
_OF_INTEREST = re.compile(
    rb'machine-learning-model|\bmcp\b|mcp[-_]|[-_]mcp|\ba2a\b|"(?:(?:ai|llm)[-_ ]?)?agent[":]|"(?:llm|(?:ai[-_ ]?)?model)[":]',
    re.IGNORECASE,
)
"""What a bill with anything for us has in it somewhere: most bills have not, and are large."""
_ROLE = re.compile(
    r"(?:^|[:._-])(?:type|kind|category|role|component[-_]?type|asset[-_]?type|entity[-_]?type|node[-_]?type)$", re.IGNORECASE
)
_ROLES = {
    "agent": "Agent",
    "aiagent": "Agent",
    "llmagent": "Agent",
    "mcpserver": "ToolServer",
    "mcpservice": "ToolServer",
    "toolserver": "ToolServer",
    "mcp": "ToolServer",
    "mcptool": "Tool",
    "agenttool": "Tool",
    "tool": "Tool",
    "model": "Model",
    "llm": "Model",
    "aimodel": "Model",
}
_EDGES = {
    ("Agent", "Model"): "USES_MODEL",
    ("Agent", "ToolServer"): "CONNECTS_TO",
    ("Agent", "Tool"): "USES",
    ("Agent", "Agent"): "DELEGATES_TO",
    ("Agent", "Package"): "DEPENDS_ON",
    ("ToolServer", "Tool"): "PROVIDES",
    ("ToolServer", "Package"): "DEPENDS_ON",
    ("ToolServer", "Model"): "USES_MODEL",
    ("Tool", "Package"): "DEPENDS_ON",
    ("Tool", "Model"): "USES_MODEL",
}
"""What `dependsOn` means between two kinds."""
_CLEARED = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
"""States of the analysis of a vulnerability in which there is nothing to mend."""


def detect(path: str, head: bytes) -> bool:
    """Whether the beginning of a JSON file is that of a CycloneDX or SPDX 3 document."""
    if not path.endswith(".json"):
        return False
    return (b'"bomFormat"' in head and b"CycloneDX" in head) or _SPDX.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Models, agents, servers and tools, what they depend on, and nothing of the libraries that none of them needs."""
    if b"CycloneDX" in document.data[:HEAD_BYTES] and not _OF_INTEREST.search(document.data):
        return
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    if isinstance(top.get("@graph"), list):
        yield from _spdx(document, located, top)
    elif top.get("bomFormat") == "CycloneDX":
        yield from _Bill(document, located, top).read()


class _Bill:
    """One CycloneDX document."""

    def __init__(self, document: Document, located: Located, top: dict[str, Any]) -> None:
        self.document = document
        self.located = located
        self.top = top
        self.keys: dict[str, NodeKey] = {}
        """Node of each ``bom-ref`` that means something here."""
        self.parts: dict[str, tuple[Pointer, Mapping[str, Any]]] = {}
        """Every other component by its ``bom-ref``: a package, if something of ours depends on it."""
        self.vulnerable = self._vulnerable()

    def read(self) -> Iterator[Fact]:
        for pointer, component in self._components():
            yield from self._component(pointer, component)
        for pointer, service in self._services():
            yield from self._service(pointer, service)
        yield from self._dependencies()

    # ---- walking ------------------------------------------------------------------------------------------------------------

    def _components(self) -> Iterator[tuple[Pointer, dict[str, Any]]]:
        """Components, the document's subject first, then those of each list and those inside them."""
        metadata = self.top.get("metadata")
        subject = metadata.get("component") if isinstance(metadata, dict) else None
        stack: list[tuple[Pointer, dict[str, Any]]] = []
        stack.extend(_within((), self.top, "components"))
        if isinstance(subject, dict):
            stack.append((("metadata", "component"), subject))
        while stack:
            pointer, component = stack.pop()
            yield pointer, component
            stack.extend(_within(pointer, component, "components"))

    def _services(self) -> Iterator[tuple[Pointer, dict[str, Any]]]:
        stack = list(_within((), self.top, "services"))
        while stack:
            pointer, service = stack.pop()
            yield pointer, service
            stack.extend(_within(pointer, service, "services"))

    def _vulnerable(self) -> dict[str, list[str]]:
        """Ids of vulnerabilities by the ``bom-ref`` they affect; without those of which the document itself says that they do not (VEX)."""
        found: dict[str, list[str]] = {}
        for item in items(self.top.get("vulnerabilities")):
            analysis = item.get("analysis")
            if isinstance(analysis, dict) and str(analysis.get("state")) in _CLEARED:
                continue
            if isinstance(item.get("id"), str) and re.fullmatch(r"[\w.:-]{1,80}", item["id"]):
                for affected in items(item.get("affects")):
                    if isinstance(affected.get("ref"), str):
                        found.setdefault(affected["ref"], []).append(item["id"])
        return found

    # ---- components ---------------------------------------------------------------------------------------------------------

    def _component(self, pointer: Pointer, component: Mapping[str, Any]) -> Iterator[Fact]:
        reference = component.get("bom-ref")
        kind = _role(component)
        name = component.get("name")
        if kind is None or not isinstance(name, str) or not name.strip():
            if isinstance(reference, str):
                self.parts[reference] = pointer, component
            return
        sources = [self.document.source(self.located.line(*pointer))]
        key = (kind, self._id(kind, name.strip(), component))
        if isinstance(reference, str):
            self.keys[reference] = key
        props: Props = {
            "name": redact(name.strip()),
            "kind_detail": "bill of materials",
            "labels": self._labels(component) or None,
            "sources": sources,
        }
        version = component.get("version")
        if kind != "Tool" and isinstance(version, str) and version and tellable(version):
            props["version"] = version
        if kind == "Model":
            props["purl"] = _purl(component)
            props["vulnerabilities"] = sorted(self.vulnerable.get(str(reference), ())) or None
        elif kind == "Agent":
            props |= {"status": "active", "environment": environment_of(self.document.path)}
        elif kind == "ToolServer":
            props |= {"protocol": "mcp", "package": _purl(component)}
        yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})
        yield from self._secrets(pointer, component, key)

    def _id(self, kind: str, name: str, component: Mapping[str, Any]) -> str:
        if kind == "Model":
            return _purl(component) or redact(name)
        prefix = {"Agent": "agent", "ToolServer": "mcp", "Tool": "tool"}[kind]
        return f"{prefix}:{self.document.root}/{self.document.path.removesuffix('.json')}#{redact(name)}"

    def _labels(self, component: Mapping[str, Any]) -> list[str]:
        labels: set[str] = set()
        for name in ("supplier", "manufacturer", "publisher", "author", "group"):
            value = component.get(name)
            labels.update(labelled(name, value.get("name") if isinstance(value, dict) else value))
        card = component.get("modelCard")
        parameters = card.get("modelParameters") if isinstance(card, dict) else None
        if isinstance(parameters, dict):
            labels.update(labelled("task", parameters.get("task")))
            labels.update(labelled("architecture", parameters.get("modelArchitecture")))
        for item in items(component.get("licenses"))[:MAX_LABELS]:
            licence = item.get("license")
            labels.update(labelled("license", licence.get("id") if isinstance(licence, dict) else item.get("expression")))
        return sorted(labels)

    # ---- services -----------------------------------------------------------------------------------------------------------

    def _service(self, pointer: Pointer, service: Mapping[str, Any]) -> Iterator[Fact]:
        """A service that speaks MCP is a tool server, one that speaks A2A an agent; any other is no concern of agents."""
        name = service.get("name")
        kind = _role(service) or _speaks(service)
        if kind not in ("ToolServer", "Agent") or not isinstance(name, str) or not name.strip():
            return
        sources = [self.document.source(self.located.line(*pointer))]
        key = self._service_key(kind, name.strip(), service)
        if isinstance(service.get("bom-ref"), str):
            self.keys[service["bom-ref"]] = key
        labels = set(self._labels(service))
        provider = service.get("provider")
        labels.update(labelled("organisation", provider.get("name") if isinstance(provider, dict) else None))
        for field, shown in (("authenticated", "authenticated"), ("x-trust-boundary", "trust_boundary")):
            if isinstance(service.get(field), bool):
                labels.add(f"{shown}={'true' if service[field] else 'false'}")
        for data in items(service.get("data"))[:MAX_LABELS]:
            labels.update(labelled("data", data.get("classification")))
        version = service.get("version")
        props: Props = {
            "name": redact(name.strip()),
            "kind_detail": "bill of materials",
            "version": version if isinstance(version, str) and version and tellable(version) else None,
            "labels": sorted(labels) or None,
            "sources": sources,
        }
        if kind == "ToolServer":
            parts = next(filter(None, map(url_parts, texts(service.get("endpoints")))), None)
            props |= {
                "protocol": "mcp",
                "transport": "http" if parts and parts.scheme.startswith("http") else None,
                "auth": "none" if service.get("authenticated") is False else None,
                "url": parts.url if parts and parts.host else None,
                "origin": None if not parts or not parts.host else "internal" if is_internal(parts.host) else "third_party",
            }
        else:
            props |= {"framework": "a2a", "status": "active", "environment": environment_of(self.document.path)}
        yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})
        for index, tool in enumerate(_properties(service, re.compile(r"(?:^|[:._-])tools?(?:[:._-]name)?$", re.IGNORECASE))):
            if index < 500 and re.fullmatch(r"[\w.:/-]{1,128}", tool) and tellable(tool) and kind == "ToolServer":
                provided = ("Tool", f"{key[1]}/{tool}")
                yield NodeFact(*provided, {"name": tool, "kind_detail": "mcp tool", "sources": sources})
                yield EdgeFact("PROVIDES", key, provided, {"evidence": ["declared"], "sources": sources})
        yield from self._secrets(pointer, service, key)

    def _service_key(self, kind: str, name: str, service: Mapping[str, Any]) -> NodeKey:
        own = f"{self.document.root}/{self.document.path.removesuffix('.json')}#{redact(name)}"
        for endpoint in texts(service.get("endpoints")):
            address = agent_address(endpoint)
            if kind == "Agent" and address and "{secret}" not in address:
                return kind, f"a2a:{address}"
            parts = url_parts(endpoint)
            shared = parts is not None and parts.host and not interpolations(endpoint) and not is_here(parts.host)
            if kind == "ToolServer" and parts and shared and "{secret}" not in parts.url and parts.scheme.startswith("http"):
                return kind, parts.url
        return kind, f"{'a2a' if kind == 'Agent' else 'mcp'}:{own}"

    def _secrets(self, pointer: Pointer, part: Mapping[str, Any], key: NodeKey) -> Iterator[Fact]:
        """Credentials that were left in properties and addresses."""
        if key[0] not in ("Agent", "ToolServer", "Tool"):
            return
        for index, item in enumerate(items(part.get("properties"))):
            if isinstance(item.get("name"), str) and isinstance(item.get("value"), str):
                line = self.located.line(*pointer, "properties", index)
                yield from secret_facts(self.document, line, key, item["name"], item["value"], "config")
        for endpoint in texts(part.get("endpoints")):
            yield from secret_facts(self.document, self.located.line(*pointer, "endpoints"), key, "", endpoint, "config")

    # ---- dependencies -------------------------------------------------------------------------------------------------------

    def _dependencies(self) -> Iterator[Fact]:
        for index, item in enumerate(items(self.top.get("dependencies"))):
            source = self.keys.get(item["ref"]) if isinstance(item.get("ref"), str) else None
            if source is None:
                continue
            sources = [self.document.source(self.located.line("dependencies", index))]
            for provided, field in ((False, "dependsOn"), (True, "provides")):
                for reference in texts(item.get(field)):
                    target = self.keys.get(reference)
                    if target is None and not provided and reference in self.parts:
                        package = self._package(reference)
                        if package is None:
                            continue
                        yield package
                        target = package.key
                    kind = _EDGES.get((source[0], target[0])) if target else None
                    if kind is None or target is None or source == target:
                        continue
                    props: Props = {"evidence": ["declared"], "sources": sources}
                    if kind == "DELEGATES_TO":
                        props |= {"mode": "invoke", "kind_detail": "depends_on", "confidence": 0.6}
                    yield EdgeFact(kind, source, target, props)

    def _package(self, reference: str) -> NodeFact | None:
        pointer, component = self.parts[reference]
        purl, name, version = _purl(component), component.get("name"), component.get("version")
        if purl is None or not isinstance(name, str) or not tellable(name):
            return None
        props: Props = {
            "name": name,
            "purl": purl,
            "version": version if isinstance(version, str) and version and tellable(version) else None,
            "vulnerabilities": sorted(self.vulnerable.get(reference, ())) or None,
            "published_at": _published(component),
            "sources": [self.document.source(self.located.line(*pointer))],
        }
        return NodeFact("Package", purl, {prop: value for prop, value in props.items() if value is not None})


def _role(part: Mapping[str, Any]) -> str | None:
    """What a component or service is, where it is something of ours: by its type, its tags, or a property that says so."""
    if part.get("type") == "machine-learning-model":
        return "Model"
    stated = [*texts(part.get("tags")), *_properties(part, _ROLE)]
    if isinstance(part.get("bom-ref"), str):
        stated.append(part["bom-ref"].partition(":")[0] if ":" in part["bom-ref"] else "")
    roles = {_ROLES.get(re.sub(r"[-_\s:]", "", text.lower())) for text in stated} - {None}
    return next((role for role in ("Agent", "ToolServer", "Tool", "Model") if role in roles), None)


def _speaks(service: Mapping[str, Any]) -> str | None:
    """The kind of a service by the protocol that its name, address or properties tell."""
    said = [str(service.get("name", "")), *texts(service.get("endpoints")), *texts(service.get("tags"))]
    said += _properties(service, re.compile(r"(?:^|[:._-])protocol$", re.IGNORECASE))
    words = {word for text in said for word in re.split(r"[^a-z0-9]+", text.lower())}
    return "ToolServer" if "mcp" in words else "Agent" if "a2a" in words else None


def _properties(part: Mapping[str, Any], names: re.Pattern[str]) -> list[str]:
    """Values of the properties whose name matches."""
    found = items(part.get("properties"))
    return [item["value"] for item in found if isinstance(item.get("value"), str) and names.search(str(item.get("name", "")))]


def _published(component: Mapping[str, Any]) -> str | None:
    """When the notes on its release say that it was released."""
    notes = component.get("releaseNotes")
    return moment(notes.get("timestamp")) if isinstance(notes, dict) else None


def _purl(component: Mapping[str, Any]) -> str | None:
    purl = component.get("purl")
    return purl if isinstance(purl, str) and re.fullmatch(r"pkg:[\x21-\x7e]{3,500}", purl) and tellable(purl) else None


# --------------------------------------------------------------------------------------------------------------------------------
# SPDX 3


def _spdx(document: Document, located: Located, top: Mapping[str, Any]) -> Iterator[Fact]:
    """Models of an SPDX 3 document, by its profile for AI."""
    for index, element in enumerate(items(top.get("@graph"))):
        if element.get("type", element.get("@type")) not in ("ai_AIPackage", "AIPackage"):
            continue
        line = located.line("@graph", index)
        name = element.get("name")
        if not isinstance(name, str) or not name.strip():
            yield Problem(document.path, f"L{line}", "describes a model without a name", "warning", NAME)
            continue
        stated = element.get("software_packageUrl", element.get("software_contentIdentifier"))
        purl = _purl({"purl": stated})
        labels = {label for domain in texts(element.get("ai_domain"))[:MAX_LABELS] for label in labelled("domain", domain)}
        labels.update(label for kind in texts(element.get("ai_typeOfModel"))[:MAX_LABELS] for label in labelled("architecture", kind))
        version = element.get("software_packageVersion")
        props: Props = {
            "name": redact(name.strip()),
            "kind_detail": "bill of materials",
            "purl": purl,
            "version": version if isinstance(version, str) and version and tellable(version) else None,
            "labels": sorted(labels) or None,
            "sources": [document.source(line)],
        }
        yield NodeFact("Model", purl or redact(name.strip()), {prop: value for prop, value in props.items() if value is not None})


def _within(pointer: Pointer, part: Mapping[str, Any], field: str) -> list[tuple[Pointer, dict[str, Any]]]:
    """The parts inside ``part``, last first, for a stack."""
    inner = part.get(field)
    found = list(enumerate(inner)) if isinstance(inner, list) else []
    return [((*pointer, field, index), item) for index, item in reversed(found) if isinstance(item, dict)]
