"""Agents, runtimes and functions of AWS, as the API of their services answers: one, a list, a list of pages, or by region.

What an answer says is put in the words of CloudFormation's types and drawn as for Terraform (:mod:`graphinv.ingest.terraform`):
    (:Agent)-[:RUNS_AS]->(:Identity role), (:Agent)-[:DELEGATES_TO]->(:Agent collaborator)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer action group)-[:RUNS_ON]->(:Runtime function)-[:RUNS_AS]->(:Identity role)
    (:ToolServer gateway)-[:PROVIDES]->(:Tool), (:ToolServer gateway)-[:HOLDS]->(:Secret credential provider)

Answers name agents by their ids alone, so that those of a root are understood together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.cloudformation.reading import Masking
from graphinv.ingest.support.cloudformation.translate import snaked, translated
from graphinv.ingest.support.cloudformation.types import KINDS
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.records import Record, problem, records
from graphinv.ingest.support.tags import environment_of_folder
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.naming import Home
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.readers import facts_of
from graphinv.model.facts import Fact, Problem

NAME = "aws_services"
TITLE = "Agents, runtimes and functions of AWS as its API answers"
FILES = (
    "JSON of `aws bedrock-agent` (get-agent, get-agent-action-group, list-agent-collaborators, get-knowledge-base …)",
    "JSON of `aws bedrock-agentcore-control` (get-agent-runtime, get-gateway, get-gateway-target, list-memories …)",
    "JSON of `aws lambda` (list-functions, get-function) and `aws ecs describe-task-definition`",
)
MAX_BYTES = 64 * 1024 * 1024
MAX_THINGS = 50_000

_ARN = re.compile(
    rb'"(?:agentArn|knowledgeBaseArn|agentRuntimeArn|gatewayArn|codeInterpreterArn|browserArn|credentialProviderArn|FunctionArn'
    rb'|taskDefinitionArn|aliasArn)"\s*:\s*"arn:aws'
)
_LISTED = re.compile(
    rb'"(?:agentSummaries|agentActionGroup|actionGroupSummaries|agentCollaborator|agentCollaboratorSummaries|agentKnowledgeBase'
    rb'|agentKnowledgeBaseSummaries|knowledgeBaseSummaries|agentRuntimes|memories)"\s*:\s*[\[{]|"gatewayId"\s*:'
)
_OTHER = re.compile(rb'"(?:eventVersion|AWSTemplateFormatVersion|terraform_version|openapi)"\s*:|"Type"\s*:\s*"AWS::')
"""What tells of the same things in another form."""

_GROUP, _COLLABORATOR, _ASSOCIATION = (
    f"aws_bedrockagent_agent_{one}" for one in ("action_group", "collaborator", "knowledge_base_association")
)
# Key of an answer that holds a thing, or a list of them → its type, of CloudFormation or of Terraform.
_HELD: Mapping[str, str] = {
    **dict.fromkeys(("agent", "agentSummaries"), "AWS::Bedrock::Agent"),
    **dict.fromkeys(("agentActionGroup", "actionGroupSummaries"), _GROUP),
    **dict.fromkeys(("agentCollaborator", "agentCollaboratorSummaries"), _COLLABORATOR),
    **dict.fromkeys(("agentKnowledgeBase", "agentKnowledgeBaseSummaries"), _ASSOCIATION),
    **dict.fromkeys(("knowledgeBase", "knowledgeBaseSummaries"), "AWS::Bedrock::KnowledgeBase"),
    "agentRuntimes": "AWS::BedrockAgentCore::Runtime",
    **dict.fromkeys(("memory", "memories"), "AWS::BedrockAgentCore::Memory"),
    "codeInterpreterSummaries": "AWS::BedrockAgentCore::CodeInterpreterCustom",
    "browserSummaries": "AWS::BedrockAgentCore::BrowserCustom",
    "credentialProviders": "aws_bedrockagentcore_api_key_credential_provider",
    **dict.fromkeys(("Functions", "Configuration"), "AWS::Lambda::Function"),
    "taskDefinition": "AWS::ECS::TaskDefinition",
}
# What a thing that stands for itself must have → its type; the first that fits.
_ITSELF: tuple[tuple[tuple[str, ...], str], ...] = (
    (("targetId", "targetConfiguration", "gatewayArn"), "AWS::BedrockAgentCore::GatewayTarget"),
    (("agentRuntimeArn",), "AWS::BedrockAgentCore::Runtime"),
    (("gatewayId", "name"), "AWS::BedrockAgentCore::Gateway"),
    (("codeInterpreterArn",), "AWS::BedrockAgentCore::CodeInterpreterCustom"),
    (("browserArn",), "AWS::BedrockAgentCore::BrowserCustom"),
    (("credentialProviderArn", "name"), "aws_bedrockagentcore_api_key_credential_provider"),
    (("FunctionArn", "FunctionName"), "AWS::Lambda::Function"),
    (("taskDefinitionArn", "family"), "AWS::ECS::TaskDefinition"),
    (("agentArn", "agentName"), "AWS::Bedrock::Agent"),
    (("knowledgeBaseArn", "name"), "AWS::Bedrock::KnowledgeBase"),
)
_OF_AN_AGENT = (_GROUP, _COLLABORATOR, _ASSOCIATION)
_AGENT_ID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{10}(?![0-9A-Za-z])")
_GONE = frozenset({"DISABLED", "DELETING", "DELETED"})


@dataclass(frozen=True, slots=True)
class Answers:
    """What one document tells of: (type, its resource) of each thing, and ``facts`` about the credentials in them."""

    things: tuple[tuple[str, Resource], ...]
    facts: tuple[Fact, ...]
    environment: str | None


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins as one of the answers."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or _OTHER.search(head):
        return False
    return bool(_ARN.search(head) or _LISTED.search(head))


def summarise(document: Document) -> Answers:
    """The things of one document, without credentials. O(bytes).

    Raises:
        IngestError: it is not JSON.
    """
    reading = _Reading(document)
    for record in records(document):
        for kind, value, line in _things(record, record.value, (), 2):
            reading.take(kind, value, line)
    environment = environment_of_folder(document.folder) or environment_of(document.path)
    return Answers(tuple(reading.found), (*reading.masking.facts, *reading.problems), environment)


def link(root: str, summaries: Mapping[str, Answers]) -> Iterator[Fact]:
    """Facts of all answers of ``root``."""
    for answers in summaries.values():
        yield from answers.facts
    stated = [thing for answers in summaries.values() for thing in answers.things]
    # Lists name things by their ids, of which an answer of their own tells the ARN.
    known = {(one.type, one.called) for _, one in stated if _own_arn(one)}
    home = _only_home(one for _, one in stated)
    resources: list[Resource] = []
    for kind, one in stated:
        if _own_arn(one) or one.type in _OF_AN_AGENT or (one.type, one.called) not in known:
            placed = one if _own_arn(one) or home is None else replace(one, home=home)
            resources += translated(placed, kind) if kind in KINDS else [placed]
    environments = {path: answers.environment for path, answers in summaries.items()}
    yield from facts_of(Context(root, "", resources, "granted", ingestor=NAME, environments=environments))


def _things(record: Record, value: Any, pointer: tuple[str | int, ...], depth: int) -> Iterator[tuple[str, dict[str, Any], int]]:
    """(type, thing, line) of an answer, at the top or up to ``depth`` containers below."""
    if isinstance(value, list):
        for number, one in enumerate(value if depth else ()):
            yield from _things(record, one, (*pointer, number), depth - 1)
        return
    if not isinstance(value, dict):
        return
    itself = next((kind for needed, kind in _ITSELF if all(name in value for name in needed)), None)
    if itself is not None:
        yield itself, value, record.line(*pointer)
        return
    held = [key for key in value if key in _HELD and isinstance(value[key], dict | list)]
    for key in held:
        if isinstance(value[key], dict):
            yield _HELD[key], value[key], record.line(*pointer, key)
        for number, one in enumerate(items(value[key])):
            yield _HELD[key], one, record.line(*pointer, key, number)
    for key, inner in value.items() if depth and not held else ():
        yield from _things(record, inner, (*pointer, key), depth - 1)


class _Reading:
    """One document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.masking = Masking(document)
        self.found: list[tuple[str, Resource]] = []
        self.problems: list[Problem] = []

    def take(self, kind: str, value: dict[str, Any], line: int) -> None:
        """A thing as a resource."""
        if len(self.found) >= MAX_THINGS or any(value.get(name) in _GONE for name in ("actionGroupState", "knowledgeBaseState", "status")):
            return
        terraform = KINDS[kind].type if kind in KINDS else kind
        values = snaked(self.masking.masked(value, "", line, terraform, 0))
        if not isinstance(values, dict):
            return
        if terraform in _OF_AN_AGENT and not isinstance(values.get("agent_id"), str):
            ids = _AGENT_ID.findall(self.document.path)
            if not ids:
                message = "does not tell of which agent these are, nor does its name; they are left out"
                self.problems.append(problem(self.document, line, message, NAME))
                return
            values["agent_id"] = ids[-1]
        if terraform == _GROUP:
            schema = values.get("function_schema")
            values["function_schema"] = {"member_functions": schema if isinstance(schema, dict) else {}}
        elif terraform == "aws_bedrockagentcore_gateway_target" or "gateway_arn" in values:
            values.setdefault("gateway_identifier", values["gateway_arn"])
        address = f"{terraform}.{len(self.found)}"
        one = Resource("managed", terraform, "", address, values, self.document.path, line, "", Home(self.document.root))
        fields = arns.parse(_own_arn(one))
        if fields is not None:
            one = replace(one, home=Home(one.home.root, fields.account, fields.region, fields.partition))
        self.found.append((kind, one))


def _own_arn(one: Resource) -> str:
    """Its ARN as the answer states it; ``""`` where it states none."""
    thing = one.type.split("_", 2)[-1]
    return one.text("arn", f"{thing}_arn", "credential_provider_arn")


def _only_home(resources: Iterator[Resource]) -> Home | None:
    """Account and region of everything that tells its own; None where there are several, or none."""
    found = {one.home for one in resources if _own_arn(one) and one.home.account}
    return found.pop() if len(found) == 1 else None
