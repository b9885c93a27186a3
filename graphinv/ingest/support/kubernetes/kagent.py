"""kagent's agents, models and servers, the MCP servers of kmcp and ToolHive, and what kagenti's labels say about workloads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphinv.ingest.support.kubernetes.pods import pairs_of, pod_from, pod_of
from graphinv.ingest.support.kubernetes.readings import SERVER, Agent, Memory, Model, Pod, SecretRef, Server, Use
from graphinv.ingest.support.kubernetes.secrets import held, named, plain, ref
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items, labelled, texts
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import redact, url_parts
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey

MAX_ITEMS = 500
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_TRANSPORTS = {
    "streamable_http": "http",
    "streamablehttp": "http",
    "streamable-http": "http",
    "http": "http",
    "sse": "sse",
    "stdio": "stdio",
}


def name_of(value: object) -> str:
    """A name of an object; ``""`` where ``value`` is none."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) and hide(value) == value else ""


def split_ref(value: object, namespace: str = "") -> tuple[str, str]:
    """(namespace, name) of ``name`` or ``namespace/name``; ``""`` for what it does not say.

    >>> split_ref("kagent/helm"), split_ref("helm")
    (('kagent', 'helm'), ('', 'helm'))
    """
    before, _, name = value.rpartition("/") if isinstance(value, str) else ("", "", "")
    return name_of(before) or namespace, name_of(name)


# --------------------------------------------------------------------------------------------------------------------------------
# Agents


def agent(raw: Raw) -> Agent:
    """``Agent`` and ``SandboxAgent``, in every version: since v1alpha2 what was in ``spec`` is in ``spec.declarative``."""
    spec = raw.mapping("spec")
    at = "declarative" if isinstance(spec.get("declarative"), dict) else ""
    told = raw.mapping("spec", at) if at else spec
    path: tuple[str, ...] = ("spec", at) if at else ("spec",)
    models = []
    for field in (("modelConfig",), ("memory", "modelConfig"), ("context", "compaction", "summarizer", "modelConfig")):
        namespace, name = split_ref(raw.mapping(*path, *field[:-1]).get(field[-1]))
        if name:
            models.append((namespace, name, raw.line(*path, *field)))
    uses: list[Use] = []
    labels: list[str] = []
    for index, item in enumerate(items(told.get("tools"))[:MAX_ITEMS]):
        line = raw.line(*path, "tools", index)
        use = _server_use(raw, item, line) or _agent_use(item, line)
        if use is not None:
            uses.append(use)
        inner = item.get("mcpServer")
        asked = texts(inner.get("requireApproval")) if isinstance(inner, dict) else []
        labels += [label for tool in asked[:MAX_ITEMS] for label in labelled("requires_approval", tool)]
    own = raw.kind == "Agent"
    byo = raw.mapping("spec", "byo")
    pod = _pod(raw, path, told, byo)
    return Agent(
        framework="kagent",
        detail=f"kagent {raw.kind}" + (" (own image)" if byo else ""),
        uses=tuple(uses),
        models=tuple(models),
        memories=tuple(name for text in texts(told.get("memory")) if (name := split_ref(text)[1])),
        pod=pod,
        own_account=own and not (pod and pod.account),
        labels=tuple(labels),
    )


def _pod(raw: Raw, path: tuple[str, ...], told: Mapping[str, Any], byo: Mapping[str, Any]) -> Pod | None:
    """What its controller starts: for an agent with an image of its own that, else the framework's engine with what it is given."""
    base: tuple[str, ...] = ("spec", "byo") if byo else path
    deployment = raw.mapping(*base, "deployment")
    if deployment:
        return pod_from(raw, (*base, "deployment"), deployment)
    pod = pod_from(raw, base, dict(byo) if byo else {key: told[key] for key in ("env", "envFrom") if key in told})
    # A SandboxAgent runs on a substrate of sandboxes and has no account of the cluster.
    return pod if raw.kind == "Agent" else replace(pod, sandboxed=True, automount=False)


def _server_use(raw: Raw, item: Mapping[str, Any], line: int) -> Use | None:
    server = item.get("mcpServer")
    if not isinstance(server, dict):
        return None
    if "toolServer" in server:  # v1alpha1
        namespace, name = split_ref(server["toolServer"])
        kind: object = "ToolServer"
    else:
        namespace, name = split_ref(server.get("name"), name_of(server.get("namespace")))
        kind = server.get("kind") or "MCPServer"
    if not name or not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z]{1,63}", kind):
        return None
    allowed = tuple(dict.fromkeys(redact(tool) for tool in texts(server.get("toolNames"))[:MAX_ITEMS]))
    secrets, facts = _values(raw, item.get("headersFrom"), line)
    return Use(kind, namespace, name, line, allowed or None, secrets, facts)


def _agent_use(item: Mapping[str, Any], line: int) -> Use | None:
    other = item.get("agent")
    if not isinstance(other, dict):
        return None
    namespace, name = split_ref(other.get("ref", other.get("name")), name_of(other.get("namespace")))
    kind = other.get("kind") or "Agent"
    return Use(kind, namespace, name, line) if name and kind in ("Agent", "SandboxAgent", "AgentTemplate") else None


def template(raw: Raw) -> Agent:
    """``AgentTemplate``: the agent that harnesses start."""
    uses = []
    for index, item in enumerate(items(raw.mapping("spec").get("tools"))[:MAX_ITEMS]):
        line = raw.line("spec", "tools", index)
        mcp, other = item.get("mcp"), item.get("agent")
        server = mcp.get("server") if isinstance(mcp, dict) else None
        if isinstance(mcp, dict) and isinstance(server, dict) and name_of(server.get("name")):
            allowed = tuple(redact(tool) for tool in texts(mcp.get("tools"))[:MAX_ITEMS])
            uses.append(Use(str(server.get("kind") or "MCPServer")[:63], "", name_of(server["name"]), line, allowed or None))
        elif isinstance(other, dict) and isinstance(other.get("templateRef"), dict) and name_of(other["templateRef"].get("name")):
            uses.append(Use("AgentTemplate", "", name_of(other["templateRef"]["name"]), line))
    model = name_of(raw.mapping("spec", "modelConfig").get("name"))
    models = (("", model, raw.line("spec", "modelConfig")),) if model else ()
    return Agent("kagent", "kagent AgentTemplate", tuple(uses), models)


# --------------------------------------------------------------------------------------------------------------------------------
# Models and memories


def model(raw: Raw) -> Model:
    """``ModelConfig`` and ``ModelProviderConfig``: which model, and the key it is called with."""
    spec = raw.mapping("spec")
    name = spec.get("model")
    secrets: list[SecretRef] = []
    for field, key in (("apiKeySecret", "apiKeySecretKey"), ("apiKeySecretRef", "apiKeySecretKey")):
        value = spec.get(field)
        value = split_ref(value)[1] if isinstance(value, str) else value.get("name") if isinstance(value, dict) else None
        found = named(value, spec.get(key), raw.line("spec", field), variable=str(spec.get(key) or ""))
        secrets += [found] if found else []
    reference = spec.get("secretRef")
    if isinstance(reference, dict):
        secrets += [found] if (found := ref(reference, raw.line("spec", "secretRef"))) else []
    headers = spec.get("defaultHeaders")
    facts = (
        [
            fact
            for header, value in list(headers.items())[:MAX_ITEMS]
            if isinstance(value, str)
            for fact in held(raw.document, raw.line("spec", "defaultHeaders", header), header, value)
        ]
        if isinstance(headers, dict)
        else []
    )
    text = redact(name.strip())[:200] if isinstance(name, str) else ""
    return Model(text, tuple(secrets), tuple(facts))


def memory(raw: Raw) -> Memory:
    """``Memory`` of kagent."""
    spec = raw.mapping("spec")
    provider = spec.get("provider")
    found = named(spec.get("apiKeySecretRef"), spec.get("apiKeySecretKey"), raw.line("spec", "apiKeySecretRef"))
    detail = provider.lower() if isinstance(provider, str) and re.fullmatch(r"\w{1,40}", provider) else "kagent memory"
    return Memory(detail, (found,) if found else ())


# --------------------------------------------------------------------------------------------------------------------------------
# Servers


def tool_server(raw: Raw) -> Server:
    """``ToolServer`` (v1alpha1): a command, or an address."""
    config = raw.mapping("spec", "config")
    for field in ("stdio", "sse", "streamableHttp"):
        inner = config.get(field)
        if isinstance(inner, dict):
            path = ("spec", "config", field)
            if field == "stdio":
                return _started(raw, path, inner)
            return remote(raw, path, inner, _TRANSPORTS.get(field.lower(), "http"))
    return Server(f"kagent {raw.kind}")


def remote_server(raw: Raw) -> Server:
    """``RemoteMCPServer``."""
    spec = raw.mapping("spec")
    stated = str(spec.get("protocol") or "").lower()
    return remote(raw, ("spec",), spec, _TRANSPORTS.get(stated, "http"))


def remote(raw: Raw, path: tuple[str, ...], spec: Mapping[str, Any], transport: str) -> Server:
    """A server that is reached by its address, with what callers send along."""
    headers = spec.get("headers")
    facts = (
        [
            fact
            for header, value in list(headers.items())[:MAX_ITEMS]
            if (text := plain(value)) is not None
            for fact in held(raw.document, raw.line(*path, "headers", header), str(header), text)
        ]
        if isinstance(headers, dict)
        else []
    )
    secrets, more = _values(raw, spec.get("headersFrom"), raw.line(*path, "headersFrom"))
    return at_address(raw, spec.get("url"), transport, secrets, (*facts, *more))


def at_address(raw: Raw, address: object, transport: str, sent: tuple[SecretRef, ...], facts: tuple[Fact, ...]) -> Server:
    """A server at ``address``. What stands in the address itself is sent by the callers too."""
    detail = f"{_framework(raw)} {raw.kind}"
    parts = url_parts(address) if isinstance(address, str) else None
    labels = tuple(_tool_labels(raw))
    if parts is None or not parts.host:
        return Server(detail, transport, tools=_discovered(raw), sent=sent, held=facts, labels=labels)
    line = raw.line("spec")
    facts = (*facts, *(fact for fact in held(raw.document, line, "", str(address))))
    return Server(detail, transport, parts.url, sent=sent, held=facts, tools=_discovered(raw), labels=labels)


def mcp_server(raw: Raw) -> Server:
    """``MCPServer`` of kmcp (``spec.deployment``) and of ToolHive (``spec.image``): its controller starts it in a pod."""
    spec = raw.mapping("spec")
    path: tuple[str, ...] = ("spec", "deployment") if isinstance(spec.get("deployment"), dict) else ("spec",)
    container = dict(raw.mapping(*path))
    stated = str(spec.get("transportType", spec.get("transport")) or "").lower()
    command = container.get("cmd", container.get("command"))
    command = [command] if isinstance(command, str) else texts(command)
    secret_refs = [item for item in items(container.get("secretRefs"))[:MAX_ITEMS] if name_of(item.get("name"))]
    given = {
        **container,
        "cmd": None,
        "command": command,
        "envFrom": [*items(container.get("envFrom")), *({"secretRef": item} for item in secret_refs)],
    }
    whole = {**container, "serviceAccountName": container.get("serviceAccountName", spec.get("serviceAccount"))}
    pod = pod_from(raw, path, given, whole)
    refs = [
        found
        for index, item in enumerate(items(spec.get("secrets"))[:MAX_ITEMS])
        if (found := ref(item, raw.line("spec", "secrets", index), variable=str(item.get("targetEnvName") or "")))
    ]
    patch = raw.mapping("spec", "podTemplateSpec", "spec")
    server = _launched(raw, path, {"command": command[0] if command else None, "args": [*command[1:], *texts(container.get("args"))]})
    if isinstance(container.get("image"), str) and not command:
        server = (*server, *_image(raw, path, container["image"]))
    pods = [pod, *([pod_from(raw, ("spec", "podTemplateSpec", "spec"), {}, patch)] if patch else [])]
    return Server(
        f"{_framework(raw)} {raw.kind}",
        _TRANSPORTS.get(stated, "stdio" if not stated else ""),
        pod=_joined(pods, tuple(refs)),
        facts=server,
        tools=_discovered(raw),
        labels=tuple(_tool_labels(raw)),
    )


def _joined(pods: list[Pod], more: tuple[SecretRef, ...]) -> Pod:
    first = pods[0]
    return Pod(
        account=next((pod.account for pod in pods if pod.account), ""),
        automount=next((pod.automount for pod in pods if pod.automount is not None), None),
        tokens=tuple(one for pod in pods for one in pod.tokens),
        secrets=(*(one for pod in pods for one in pod.secrets), *more),
        configs=tuple(one for pod in pods for one in pod.configs),
        facts=tuple(one for pod in pods for one in pod.facts),
        labels=tuple(one for pod in pods for one in pod.labels),
        sandboxed=False if any(pod.sandboxed is False for pod in pods) else first.sandboxed,
        addresses=first.addresses,
        assumes=tuple(one for pod in pods for one in pod.assumes),
    )


def _started(raw: Raw, path: tuple[str, ...], inner: Mapping[str, Any]) -> Server:
    entry = {key: inner[key] for key in ("command", "args", "env") if key in inner}
    secrets, facts = _values(raw, inner.get("envFrom"), raw.line(*path, "envFrom"))
    pod = Pod(secrets=secrets, facts=facts)
    return Server(f"kagent {raw.kind}", "stdio", pod=pod, facts=_launched(raw, path, entry), tools=_discovered(raw))


def _launched(raw: Raw, path: tuple[str, ...], entry: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What a command line starts, as facts about the server whose key is HOLDER's: its package, its credentials."""
    if not isinstance(entry.get("command"), str):
        return ()
    facts = list(
        server_facts(
            raw.document,
            client="kubernetes",
            host=_CALLER,
            name=raw.name,
            entry=dict(entry),
            where=lambda *below: raw.line(*path, *below),
            folder=raw.document.folder,
        )
    )
    # It runs in the pod that its controller makes, whoever connects to it.
    left = [fact for fact in facts if not isinstance(fact, Binding) and not _of(fact, ("CONNECTS_TO", "RUNS_ON"), ("Runtime",))]
    key = next((fact.key for fact in left if isinstance(fact, NodeFact) and fact.kind == "ToolServer"), SERVER)
    return tuple(_as(fact, key, SERVER) for fact in left)


_CALLER = ("Agent", "")
"""Whoever connects to a server; who that is, its object does not say."""


def _of(fact: Fact, edges: tuple[str, ...], nodes: tuple[str, ...]) -> bool:
    return (isinstance(fact, EdgeFact) and fact.kind in edges) or (isinstance(fact, NodeFact) and fact.kind in nodes)


def _as(fact: Fact, key: NodeKey, other: NodeKey) -> Fact:
    if isinstance(fact, NodeFact):
        return replace(fact, id=other[1]) if fact.key == key else fact
    return replace(fact, source=other) if isinstance(fact, EdgeFact) and fact.source == key else fact


def _image(raw: Raw, path: tuple[str, ...], reference: str) -> tuple[Fact, ...]:
    return _launched(raw, path, {"command": "docker", "args": ["run", reference]})


def _values(raw: Raw, value: object, line: int) -> tuple[tuple[SecretRef, ...], tuple[Fact, ...]]:
    """``headersFrom`` and ``envFrom`` of kagent: names with a value, or with the Secret that has it."""
    secrets: list[SecretRef] = []
    facts: list[Fact] = []
    for item in items(value)[:MAX_ITEMS]:
        name = item.get("name")
        source = item.get("valueFrom")
        name = name if isinstance(name, str) else ""
        if isinstance(source, dict) and source.get("type") != "ConfigMap":
            holder = split_ref(source.get("name", source.get("valueRef")))[1]
            found = named(holder, source.get("key"), line, variable=name)
            secrets += [found] if found else []
        elif (text := plain(item.get("value"))) is not None:
            facts += held(raw.document, line, name, text)
    return tuple(secrets), tuple(facts)


def _discovered(raw: Raw) -> tuple[str, ...]:
    """Tools that the controller found the server to have."""
    found = items(raw.mapping("status").get("discoveredTools"))[:MAX_ITEMS]
    return tuple(dict.fromkeys(redact(item["name"]) for item in found if isinstance(item.get("name"), str) and item["name"].strip()))


def _tool_labels(raw: Raw) -> Iterator[str]:
    spec = raw.mapping("spec")
    allowed = spec.get("allowedNamespaces")
    if isinstance(allowed, dict) and allowed.get("from") == "All":
        yield "allowed_namespaces=all"
    tls = spec.get("tls")
    if isinstance(tls, dict) and tls.get("disableVerify") is True:
        yield "tls_verify=false"


def _framework(raw: Raw) -> str:
    if raw.group.startswith("toolhive."):
        return "toolhive"
    return "ark" if raw.group.endswith("mckinsey.com") else "kagent"


# --------------------------------------------------------------------------------------------------------------------------------
# kagenti: labels on workloads

_OF_AGENTS = re.compile(r"(?:kagenti|rossoctl)\.(?:io|dev)/type")
_PROTOCOL = re.compile(r"protocol\.(?:kagenti|rossoctl)\.(?:io|dev)/(a2a|mcp)")
_FRAMEWORK = re.compile(r"(?:kagenti|rossoctl)\.(?:io|dev)/framework")


def labelled_as(labels: Mapping[str, str]) -> tuple[str, str] | None:
    """(``agent`` or ``tool``, framework) that the labels of a workload say it is; None where they say neither."""
    kind = framework = ""
    for name, value in labels.items():
        if _OF_AGENTS.fullmatch(name) and value in ("agent", "tool"):
            kind = value
        elif (match := _PROTOCOL.fullmatch(name)) and not kind:
            kind = "agent" if match[1] == "a2a" else "tool"
        elif _FRAMEWORK.fullmatch(name) and re.fullmatch(r"[\w .-]{1,60}", value):
            framework = value.lower()
    return (kind, framework or "kagenti") if kind else None


def runtime_of(raw: Raw) -> Agent | None:
    """Kagenti's ``AgentRuntime`` (the workload that it names is an agent) and its older ``Agent`` with pods of its own."""
    if raw.kind == "AgentRuntime":
        target = raw.mapping("spec", "targetRef")
        kind, name = target.get("kind"), name_of(target.get("name"))
        if raw.mapping("spec").get("type", "agent") != "agent" or not name or not isinstance(kind, str):
            return None
        return Agent("kagenti", "kagenti AgentRuntime", target=(kind[:63], name))
    pod = pod_of(raw)
    if pod is None:
        return None
    declared = labelled_as(dict(pairs_of(raw.mapping("metadata").get("labels"))))
    return Agent(declared[1] if declared else "kagenti", f"kagenti {raw.kind}", pod=pod)
