"""LlamaIndex.TS, and agents that an object around them names."""

from __future__ import annotations

import pytest

from tests.ingest.javascript_reading import delegations, names, pairs, source
from tests.ingest.reading import Facts

DESK = """
import { openai } from "@llamaindex/openai";
import { agent, multiAgent } from "@llamaindex/workflow";
import { mcp } from "@llamaindex/tools";
import { tool } from "llamaindex";
import { z } from "zod";
import { rm } from "node:fs/promises";

const clean = tool({ name: "clean", description: "Removes a folder", parameters: z.object({ path: z.string() }),
  execute: async ({ path }) => { await rm(path); return "x"; } });
const add = tool(({ a, b }: { a: number; b: number }) => a + b, { name: "add", description: "Adds", parameters: z.object({}) });
const files = mcp({ command: "npx", args: ["@haulage/files@1.2.3"], verbose: true });
const llm = openai({ model: "gpt-4o-mini" });

const clerk = agent({ name: "Clerk", llm, tools: [clean, add] });
const reader = agent({ name: "Reader", llm, tools: await files.tools() });
const desk = agent({ name: "Desk", llm, tools: [], canHandoffTo: [clerk, "Reader"] });
const alone = agent({ tools: [add] });
export const team = multiAgent({ agents: [desk, clerk, reader], rootAgent: desk });
"""


@pytest.fixture(scope="module")
def desk() -> Facts:
    return source(DESK)


def test_agents_and_teams(desk: Facts) -> None:
    assert names(desk, "Agent") == {"Clerk", "Reader", "Desk", "alone"}
    assert names(desk, "Workflow") == {"team"}
    assert desk.problems == []


def test_tools_servers_models(desk: Facts) -> None:
    assert pairs(desk, "USES") == {("Clerk", "clean"), ("Clerk", "add"), ("alone", "add")}
    effects = {props["name"]: props["effects"] for (kind, _), props in desk.nodes.items() if kind == "Tool"}
    assert effects == {"clean": ["destructive"], "add": []}
    assert {agent for agent, _ in pairs(desk, "CONNECTS_TO")} == {"Reader"}
    assert [props["package"] for (kind, _), props in desk.nodes.items() if kind == "ToolServer"] == ["pkg:npm/%40haulage/files@1.2.3"]
    assert {model for _, model in pairs(desk, "USES_MODEL")} == {"gpt-4o-mini"}


def test_hand_overs(desk: Facts) -> None:
    assert delegations(desk) == {
        ("Desk", "Clerk", "handoff", "handoff"),
        ("Desk", "Reader", "handoff", "handoff"),
        ("team", "Desk", "invoke", "root_agent"),
        ("team", "Desk", "invoke", "team"),
        ("team", "Clerk", "invoke", "team"),
        ("team", "Reader", "invoke", "team"),
    }


def test_hand_overs_that_are_chosen_when_it_runs_are_told() -> None:
    found = source(
        'import { agent } from "@llamaindex/workflow";\nimport { others } from "./others";\n'
        'export const desk = agent({ name: "Desk", tools: [], canHandoffTo: others() });'
    )
    assert [message.partition(":")[0] for _, _, message in found.problems] == ["one of the hand-offs of 'Desk' could not be followed"]


def test_an_object_around_an_agent_names_it() -> None:
    found = source(
        """
import { createAgent } from "langchain";
import { createDeepAgent } from "deepagents";
const clerk = { name: "Clerk", description: "Files", runnable: createAgent({ model: "gpt-4o", tools: [] }) };
const reader = { name: "Reader", description: "Reads", runnable: createAgent({ model: "gpt-4o", name: "Own name", tools: [] }) };
export const desk = createDeepAgent({ model: "gpt-4o", name: "Desk", subagents: [clerk, reader], tools: [] });
"""
    )
    assert {"Clerk", "Own name", "Desk"} <= names(found, "Agent")
    assert "runnable" not in names(found, "Agent")
