"""Records of decisions: Open Policy Agent's decision log, AuthZEN requests with their answers, the Agent Control Standard, and Cedar
(Cedarling, Amazon Verified Permissions, cedar-local-agent).

Drawn as :mod:`graphinv.ingest.support.decisions` tells. A decision point that answers does not say whether it is obeyed: its mode stays
unknown unless the record tells (``labels`` of OPA with ``mode``), or you do in a ``[[state]]`` of the estate file. Points of the Agent
Control Standard stand in the agent's own loop and are obeyed by it. Records of ``graphinv simulate`` (``simulated``) show what a point
would answer: nothing that was done, nor that anybody asks it; of them only ``simulated:<root>#<point>#deny`` (or ``#step_up``) comes on
the graph.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import authz, jsonlog
from graphinv.ingest.support.decision_inputs import actors_in, agent_in, principal_in, target_in, thing, told_of, verdict_of
from graphinv.ingest.support.decisions import NOTHING, Decision, Record, Thing, joined, point_id, silent
from graphinv.ingest.support.jsonlog import JsonLog
from graphinv.ingest.support.observed import seconds
from graphinv.ingest.support.parts import inside, items, mapping
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact

NAME = "decision_logs"
TITLE = "Records of decisions (OPA, AuthZEN, Agent Control Standard, Cedar)"
FILES = ("any log, JSON file or file of JSON lines that begins with a record of one of them",)
MAX_BYTES = jsonlog.MAX_BYTES
MAX_WAITING = 100_000
"""Requests of a log, the last ones, whose answer has not come yet."""

_OPA = re.compile(rb'"decision_id"\s*:')
_OPA_KEY = re.compile(rb'"(?:labels|bundles|revision|requested_by)"\s*:')
_AUTHZEN = re.compile(rb'"decision"\s*:\s*(?:true|false)\b')
_AUTHZEN_KEYS = (b'"subject"', b'"resource"', b'"action"')
_ACS = re.compile(rb'"steps/[A-Za-z]+"')
_CEDAR = re.compile(rb'"log_kind"\s*:\s*"|verifiedpermissions\.amazonaws\.com|"(?:entity_result|action_entity_details)"\s*:')
_CEDAR_KEY = re.compile(rb'"(?:pdp_id|policystore_id|policyStoreId|class_uid|application_id)"\s*:')
_MODES = {"enforce": "enforce", "enforcing": "enforce", "monitor": "monitor", "dry-run": "monitor", "dryrun": "monitor", "audit": "monitor"}
_WHO = ("app", "name", "service", "deployment", "cluster", "environment")
"""Labels of OPA that tell one of them from another; its ``id`` is made anew at each start."""
_REDACTED = re.compile(r"Sensitive<REDACTED>|\*+|")


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as a log is and begins with a record of decisions."""
    if not jsonlog.is_named_so(path):
        return False
    if _OPA.search(head) and _OPA_KEY.search(head):
        return True
    if _AUTHZEN.search(head) and all(key in head for key in _AUTHZEN_KEYS):
        return True
    return (_ACS.search(head) is not None and b'"jsonrpc"' in head) or (
        _CEDAR.search(head) is not None and _CEDAR_KEY.search(head) is not None
    )


def summarise(document: Document) -> Record:
    """What one log shows; its size does not grow with the length of the log.

    Raises:
        IngestError: it is not text.
    """
    log = JsonLog(document)
    reading = _Reading(document)
    for line, entry in log.objects():
        for one in items(entry["Records"]) if isinstance(entry.get("Records"), list) else [entry]:
            reading.add(line, one)
    record = reading.record
    record.problems += [*log.problems(NAME), *silent(record, document.root, NAME)]
    return record


def link(root: str, summaries: Mapping[str, Record]) -> Iterator[Fact]:
    """The facts of all logs of a root."""
    return joined(root, (summaries[path] for path in sorted(summaries)), NAME)


class _Reading:
    """One log as it is read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root = document.root
        self.record = Record()
        self.waiting: OrderedDict[str, Decision] = OrderedDict()
        """Requests of the Agent Control Standard by their id."""

    def add(self, line: int, entry: Mapping[str, Any]) -> None:
        """Whatever record it is."""
        if "decision_id" in entry and ("input" in entry or "result" in entry or "labels" in entry):
            self.opa(line, entry)
        elif "log_kind" in entry:
            self.cedarling(line, entry)
        elif entry.get("class_uid") == 3004 and "unmapped" in entry:
            self.local_agent(line, entry)
        elif "policyStoreId" in inside(entry, "requestParameters"):
            self.verified_permissions(line, entry)
        elif "jsonrpc" in entry or any(isinstance(entry.get(key), dict) and "jsonrpc" in entry[key] for key in _WRAPPERS):
            self.acs(line, entry)
        else:
            self.authzen(line, entry)

    def point(
        self,
        line: int,
        id: str,
        told: frozenset[str] | None,
        at: str | None,
        *,
        whole: bool = False,
        standing: bool = True,
        **props: object,
    ) -> None:
        self.record.point(id, self.document.source(line), told, at, whole=whole, standing=standing, **props)

    def decided(self, line: int, id: str, decision: Decision) -> None:
        if decision.verdict:
            self.record.decided(self.root, id, decision, self.document.source(line))

    # ---- Open Policy Agent --------------------------------------------------------------------------------------------------

    def opa(self, line: int, entry: Mapping[str, Any]) -> None:
        labels, path = mapping(entry.get("labels")), text(entry.get("path")).strip("/")
        who = next((text(labels.get(name)) for name in _WHO if text(labels.get(name))), "")
        id = point_id("opa", self.root, "/".join(part for part in (who, path) if part))
        asked = mapping(entry.get("input"))
        hidden = entry.get("erased", entry.get("masked"))
        told = told_of(asked, hidden) if asked else None
        mode = _MODES.get(text(labels.get("mode", labels.get("enforcement"))).lower())
        at = seconds(entry.get("timestamp", entry.get("time")))
        name = f"OPA {who or path}".strip()
        self.point(line, id, told, at, whole=True, name=name, kind_detail="opa", mode=mode)
        self.record.acted(self.root, actors_in(asked), at, self.document.source(line))
        action, target, server = target_in(asked)
        agent, principal = agent_in(asked), principal_in(asked)
        result = verdict_of(entry.get("result"))
        self.decided(line, id, Decision(result, agent, principal, action, target, server, told or frozenset(), at))

    # ---- AuthZEN ------------------------------------------------------------------------------------------------------------

    def authzen(self, line: int, entry: Mapping[str, Any]) -> None:
        request = next((entry[key] for key in ("request", "evaluation", "input") if isinstance(entry.get(key), dict)), entry)
        answer = next((entry[key] for key in ("response", "answer", "result", "output") if isinstance(entry.get(key), dict)), entry)
        times = (inside(answer, "context").get("evaluated_at"), inside(request, "context").get("time"))
        stated = (entry.get(key) for key in ("timestamp", "time", "ts", "@timestamp", "evaluated_at", "at"))
        at = next((found for value in (*stated, *times) if (found := seconds(value))), None)
        point = next((text(entry[key]) for key in ("policy_decision_point", "pdp", "pdp_id", "pep") if text(entry.get(key))), "")
        simulated = entry.get("simulated") is True
        id = point_id("simulated" if simulated else "authzen", self.root, point)
        answers = items(answer.get("evaluations"))
        for index, asked in enumerate(items(request.get("evaluations")) or [{}]):
            whole = {**{key: request[key] for key in ("subject", "action", "resource", "context") if key in request}, **asked}
            if not all(key in whole for key in ("subject", "action", "resource")):
                continue
            one = answers[index] if index < len(answers) else {} if answers else answer
            verdict = verdict_of({key: one[key] for key in ("decision", "context") if key in one})
            if not verdict:
                continue
            told = told_of({key: whole[key] for key in ("subject", "action", "resource", "context") if key in whole})
            name = f"AuthZEN {point}".strip()
            if simulated:
                self.point(line, id, None, at, standing=False, name=f"{name}, simulated", kind_detail="authzen")
                self.simulated(line, id, thing(whole["subject"]), thing(whole["resource"]), verdict)
                continue
            self.point(line, id, told, at, whole=True, name=name, kind_detail="authzen")
            self.record.acted(self.root, actors_in(whole), at, self.document.source(line))
            action, target, server = target_in(whole)
            self.decided(line, id, Decision(verdict, agent_in(whole), principal_in(whole), action, target, server, told, at))

    def simulated(self, line: int, id: str, subject: Thing, resource: Thing, verdict: str) -> None:
        """What a point would answer to a call of an agent, by the ids that the graph has; it makes nothing that is not there."""
        if subject[0] == "agent" and resource[0] in _SIMULATED:
            edge, kind = _SIMULATED[resource[0]]
            ends = ("Agent", redact(subject[1])), (kind, redact(resource[1]))
            self.record.supposed(id, verdict, (edge, *ends), self.document.source(line))

    # ---- Agent Control Standard ---------------------------------------------------------------------------------------------

    def acs(self, line: int, entry: Mapping[str, Any]) -> None:
        message = entry if "jsonrpc" in entry else next(entry[key] for key in _WRAPPERS if isinstance(entry.get(key), dict))
        params, result = inside(message, "params"), inside(message, "result")
        number = text(message.get("id")) or text(params.get("request_id")) or text(result.get("request_id"))
        if params and text(message.get("method")).startswith("steps/"):
            self.waiting[number] = _asked(message, params)
            if len(self.waiting) > MAX_WAITING:
                self.waiting.popitem(last=False)  # so long without an answer, it gets none
        elif result and number in self.waiting:
            decision = self.waiting.pop(number)
            decision.verdict = verdict_of(result)
            evaluator = text(inside(result, "metadata").get("evaluator"))
            id = point_id("acs", self.root, evaluator)
            name = f"ACS guardian {evaluator}".strip()
            self.point(line, id, decision.told, decision.at, whole=True, name=name, kind_detail="acs", mode="enforce")
            self.decided(line, id, decision)
        elif text(result.get("on_decision_failure")):
            fail = {"proceed": "open", "deny": "closed"}.get(text(result["on_decision_failure"]))
            self.point(line, point_id("acs", self.root, ""), None, None, name="ACS guardian", kind_detail="acs", mode="enforce", fail=fail)

    # ---- Cedar --------------------------------------------------------------------------------------------------------------

    def cedarling(self, line: int, entry: Mapping[str, Any]) -> None:
        if entry["log_kind"] != "Decision":
            return
        app = text(entry.get("application_id")) or text(entry.get("policystore_id"))
        workload, person = inside(entry, "Workload"), inside(entry, "User")
        agent = text(workload.get("client_id")) or text(workload.get("name")) or thing(entry.get("workload_principal"))[1]
        stated = entry.get("principal")
        alone = thing(stated) if isinstance(stated, str) and "::" in stated else NOTHING
        if not agent and authz.word(alone[0]) in authz.AGENTS | {"workload"}:
            agent = alone[1]
        user = text(person.get("sub")) or thing(entry.get("person_principal"))[1]
        at = seconds(entry.get("timestamp", entry.get("time")))
        told = frozenset(name for name, value in (("agent", agent), ("subject", user)) if value)
        id = point_id("cedarling", self.root, app)
        self.point(line, id, told, at, name=f"Cedarling {app}".strip(), kind_detail="cedar")
        principal = ("agent", agent) if agent else ("user", user) if user else alone
        verdict = verdict_of(entry.get("decision", entry.get("workload_decision")))
        self.decided(
            line,
            id,
            Decision(verdict, agent, principal, thing(entry.get("action"))[1], thing(entry.get("resource")), "", told, at),
        )

    def verified_permissions(self, line: int, entry: Mapping[str, Any]) -> None:
        """An event of ``IsAuthorized`` as CloudTrail keeps it, or the same with its answer."""
        asked = inside(entry, "requestParameters")
        answer = next(
            (inside(entry, key) for key in ("responseElements", "additionalEventData") if "decision" in inside(entry, key)), dict(entry)
        )
        store = text(asked.get("policyStoreId"))
        id = point_id("verified-permissions", self.root, store)
        self._cedar(
            line, id, f"Verified Permissions {store}", thing(asked.get("principal")), asked, answer, seconds(entry.get("eventTime"))
        )

    def local_agent(self, line: int, entry: Mapping[str, Any]) -> None:
        """An event of cedar-local-agent, in OCSF; what it hides is not told."""
        action = inside(entry, "unmapped", "action_entity_details")
        who = text(inside(entry, "metadata", "product").get("name"))
        asked = {"action": text(action.get("name")), "resource": inside(entry, "entity_result")}
        principal = thing(entry.get("entity"))
        principal = NOTHING if _REDACTED.fullmatch(principal[1]) else principal
        answer = {"decision": text(entry.get("status_code"))}
        id = point_id("cedar-local-agent", self.root, who)
        self._cedar(line, id, "cedar-local-agent", principal, asked, answer, seconds(entry.get("time")))

    def _cedar(
        self, line: int, id: str, name: str, principal: tuple[str, str], asked: Mapping[str, Any], answer: Mapping[str, Any], at: str | None
    ) -> None:
        agent = principal[1] if authz.word(principal[0]) in authz.AGENTS | {"workload"} else ""
        told = frozenset({"agent"} if agent else {"subject"} if principal[1] else ())
        resource = thing(asked.get("resource"))
        resource = NOTHING if _REDACTED.fullmatch(resource[1]) else resource
        self.point(line, id, told if principal[1] else None, at, name=name, kind_detail="cedar")
        self.decided(
            line, id, Decision(verdict_of(answer.get("decision")), agent, principal, thing(asked.get("action"))[1], resource, "", told, at)
        )


_SIMULATED = {"tool": ("USES", "Tool"), "tool_server": ("CONNECTS_TO", "ToolServer"), "agent": ("DELEGATES_TO", "Agent")}
"""What an agent calls, by the type that a simulation gives it."""
_WRAPPERS = ("envelope", "message", "request", "response", "body", "payload")
"""Where a log of envelopes keeps the message itself."""


def _asked(message: Mapping[str, Any], params: Mapping[str, Any]) -> Decision:
    """A request of the Agent Control Standard, still without its verdict."""
    metadata, payload = inside(params, "metadata"), inside(params, "payload")
    agent = text(metadata.get("agent_id"))
    told = told_of({"metadata": metadata, "payload": {key: value for key, value in payload.items() if key != "arguments"}})
    tool = inside(payload, "tool")
    target = ("tool", text(tool.get("name"))) if tool else NOTHING
    starts = text(message.get("method")) == "steps/subagentStart"
    if starts:
        target = ("agent", text(payload.get("subagent_id")) or text(payload.get("subagent_name")))
    server = text(tool.get("server")) or text(tool.get("server_name"))
    if text(message.get("method")).endswith("Result"):
        target, server = NOTHING, ""  # that is looked at after the call, so that what is refused then has happened
    return Decision("", agent, action="call", target=target, server=server, told=told, at=seconds(params.get("timestamp")), starts=starts)
