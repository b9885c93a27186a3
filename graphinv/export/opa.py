"""The graph as policy data for Open Policy Agent: a bundle under the root ``graphinv``, and a policy to start from.

    .manifest                        revision: the store's generation and a digest of the data
    graphinv/agents/data.json        {agent: what is stated of it, and what it may call: {tool: [grant]}, {server: [grant]}}
    graphinv/workflows/data.json     the same of workflows
    graphinv/tools/data.json         {tool: what is stated of it, and the servers that provide it}
    graphinv/delegations/data.json   {"agent:a": {"agent:b": [grant]}}; workflows likewise
    graphinv/tasks/data.json         {task: its times, and its agents}
    graphinv/authz/authz.rego        allow, step_up or deny, of AuthZEN requests

What no source states is not there, so that no policy takes it for a yes; that holds for whatever asks *for* something. A policy that asks
*against* something (``not risky``) has to ask first whether it is known. Grants are lists, since several edges may run between the same
two; they carry their times, so that they end in the policy when they end.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from graphinv.export import RuleText
from graphinv.export.support.policy import approved, as_approved, owner_active, stated, typed
from graphinv.export.support.words import scores_by_subject
from graphinv.model.approved import FIELDS
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis

NAME = "opa"
TITLE = "Bundle for Open Policy Agent: policy data, and a policy to start from"
SUFFIX = ".tar.gz"

_NODE = ("name", "status", "environment", "autonomy", "framework", "version", "review_due", "type", "third_party", "vendor", "labels")
_TOOL = ("name", "environment", "effects", "ingests_untrusted", "schema_digest", "approved_digest", "labels")
_TIMES = ("opened_at", "closes_at", "closed_at")
_GRANT = ("scopes", "guards", "valid_from", "valid_until", "renewable", "evidence")
_CALL = (*_GRANT, "tools", *(name for name in FIELDS if name != "approved"))
_DELEGATION = (*_GRANT, "mode", "transient", "max_depth")
_EXPORTED = ("Agent", "Workflow", "Tool", "Task")


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> bytes:
    """The bundle, packed: equal estates give equal bytes, whenever and wherever it is made."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as bundle:
        for name, text in sorted(files(analysis, estate).items()):
            member = tarfile.TarInfo(name)  # nobody's, of no time
            member.size = len(data := text.encode())
            bundle.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def files(analysis: Analysis, estate: Estate) -> dict[str, str]:
    """The files of the bundle, by their paths in it."""
    scores = scores_by_subject(analysis)
    sections: dict[str, dict[str, Any]] = {
        "agents": {node.id: _caller(estate, node.key, analysis.at) for node in estate.of_kind("Agent")},
        "workflows": {node.id: _caller(estate, node.key, analysis.at) for node in estate.of_kind("Workflow")},
        "tools": {node.id: _tool(estate, node.key) for node in estate.of_kind("Tool")},
        "delegations": _delegations(estate),
        "tasks": {node.id: _task(estate, node.key) for node in estate.of_kind("Task")},
    }
    for id, agent in sections["agents"].items():
        if score := scores.get(("Agent", id)):
            agent["risk"] = {"value": score.risk, "level": score.level}
    made = {f"graphinv/{name}/data.json": _json(data) for name, data in sections.items()}
    made["graphinv/authz/authz.rego"] = POLICY
    digest = sha256("\x00".join(text for _, text in sorted(made.items())).encode()).hexdigest()[:16]
    manifest = {
        "revision": f"{analysis.generation}-{digest}",
        "roots": ["graphinv"],
        "rego_version": 1,
        "metadata": {
            "generation": analysis.generation,
            "at": analysis.at,
            "nodes": {name: len(data) for name, data in sections.items() if name != "delegations"},
            "not_exported": dict(sorted(Counter(kind for kind, _ in estate.nodes if kind not in _EXPORTED).items())),
        },
    }
    return {".manifest": _json(manifest), **made}


def _json(data: Any) -> str:
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    return json.dumps(data, ensure_ascii=True, allow_nan=False, indent=1, sort_keys=True) + "\n"


def _caller(estate: Estate, key: NodeKey, at: str) -> dict[str, Any]:
    edges = estate.outgoing.get(key, ())
    known = {"owner_active": True} if owner_active(estate, key) else {}

    def calls(kind: str) -> dict[str, list[dict[str, Any]]]:
        return _by_target(
            (edge, {"approved": approved(edge, estate, at), **stated(edge.props, _CALL)}) for edge in edges if edge.kind == kind
        )

    return {
        **stated(estate.nodes[key].stated, _NODE),
        **known,
        "owners": list(estate.owners(key)),
        "identities": sorted({edge.target[1] for edge in edges if edge.kind == "RUNS_AS"}),
        "tools": calls("USES"),
        "servers": calls("CONNECTS_TO"),
    }


def _tool(estate: Estate, key: NodeKey) -> dict[str, Any]:
    node = estate.nodes[key]
    servers = sorted({edge.source[1] for edge in estate.incoming.get(key, ()) if edge.kind == "PROVIDES"})
    return {**stated(node.stated, _TOOL), "as_approved": as_approved(node.props), "servers": servers}


def _delegations(estate: Estate) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for edge in estate.edges_of("DELEGATES_TO"):
        grants = found.setdefault(typed(edge.source), {}).setdefault(typed(edge.target), [])
        grants.append(stated(edge.props, _DELEGATION))
    return found


def _task(estate: Estate, key: NodeKey) -> dict[str, Any]:
    agents = sorted({edge.source[1] for edge in estate.incoming.get(key, ()) if edge.kind == "RUNS_TASK"})
    return {**stated(estate.nodes[key].stated, ("name", *_TIMES)), "agents": agents}


def _by_target(grants: Iterable[tuple[EdgeRecord, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for edge, grant in grants:
        found.setdefault(edge.target[1], []).append(grant)
    return found


POLICY = """\
# A policy to start from, over the data of this bundle. Its input is one AuthZEN evaluation, as `graphinv export authzen` writes them.
# What is granted and approved may pass; alone it passes only where everything about it is known to be harmless, else somebody is asked.
package graphinv.authz

import rego.v1

default verdict := {"decision": "deny", "reason": "no grant that is approved and in force lets it pass"}

verdict := {"decision": "allow"} if {
	permitted
	harmless
}

verdict := {"decision": "step_up", "reason": "something about it is grave, or not known"} if {
	permitted
	not harmless
}

permitted if {
	not out_of_service
	count(holding) > 0
}

holding contains grant if {
	some grant in grants
	holds(grant)
}

harmless if {
	caller.status == "active"
	caller.owner_active
	task_open
	mild
}

# Who asks

callers := {"agent": data.graphinv.agents, "workflow": data.graphinv.workflows}

caller := callers[input.subject.type][input.subject.id]

out_of_service if caller.status in {"suspended", "retired"}

out_of_service if callee.status in {"suspended", "retired"}

task_open if {
	input.subject.type == "agent"
	task := data.graphinv.tasks[input.context.task]
	input.subject.id in task.agents
	not task.closed_at
	time.parse_rfc3339_ns(task.opened_at) <= time.now_ns()
	time.parse_rfc3339_ns(task.closes_at) > time.now_ns()
}

# What it asks for

tool := data.graphinv.tools[input.resource.id] if input.resource.type == "tool"

callee := callers[input.resource.type][input.resource.id]

grants contains grant if {
	input.action.name == "tools/call"
	tool
	some grant in caller.tools[input.resource.id]
	grant.approved
}

grants contains grant if {
	input.action.name == "tools/call"
	some server in tool.servers
	some grant in caller.servers[server]
	grant.approved
	listed(grant)
}

grants contains grant if {
	input.action.name == "connect"
	input.resource.type == "tool_server"
	some grant in caller.servers[input.resource.id]
	grant.approved
}

grants contains grant if {
	input.action.name == "delegate"
	some grant in data.graphinv.delegations[called(input.subject)][called(input.resource)]
	not passed_on_too_often
}

called(one) := sprintf("%s:%s", [one.type, one.id])

listed(grant) if not grant.tools

listed(grant) if input.resource.id in grant.tools

listed(grant) if tool.name in grant.tools

passed_on_too_often if {
	chain := input.context.delegation_chain
	some place, delegator in chain
	granted := data.graphinv.delegations[delegator][chain[place + 1]]
	times := (count(chain) - 1) - place
	count([grant | some grant in granted; lets_on(grant, times)]) == 0
}

lets_on(grant, _) if {
	holds(grant)
	not grant.max_depth
}

lets_on(grant, times) if {
	holds(grant)
	grant.max_depth >= times
}

mild if {
	input.action.name == "tools/call"
	tool.as_approved
	count(tool.effects) > 0
	every effect in tool.effects { effect in {"read", "write"} }
}

mild if {
	input.action.name == "delegate"
	input.context.delegation_chain
	callee.status == "active"
	every grant in holding { grant.scopes }
}

# When

holds(grant) if {
	begun(grant)
	unended(grant)
	unexpired(grant)
}

begun(grant) if not grant.valid_from

begun(grant) if time.parse_rfc3339_ns(grant.valid_from) <= time.now_ns()

unended(grant) if not grant.valid_until

unended(grant) if grant.renewable

unended(grant) if time.parse_rfc3339_ns(grant.valid_until) > time.now_ns()

unexpired(grant) if not grant.approved_until

unexpired(grant) if time.parse_rfc3339_ns(grant.approved_until) > time.now_ns()
"""
