"""LangGraph.js, the Vercel AI SDK and the Claude Agent SDK."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, names, pairs, project, source


def test_nodes_of_a_graph_are_the_agents_they_run_or_steps() -> None:
    facts = project("langgraph")
    assert names(facts, "Agent") == {"planner", "writer", "editor", "desk"}
    assert names(facts, "Workflow") == {"newsroom", "review", "publish", "tools"}


def test_edges_of_a_graph_in_their_direction() -> None:
    assert delegations(project("langgraph")) == {
        ("newsroom", "planner", "invoke", "graph_entry"),
        ("planner", "writer", "invoke", "conditional_edge"),
        ("writer", "editor", "invoke", "graph_edge"),
        ("editor", "newsroom/review", "invoke", "graph_edge"),
        ("newsroom/review", "planner", "handoff", "command"),
        ("newsroom/review", "newsroom/publish", "handoff", "command"),
        ("newsroom", "newsroom/tools", "invoke", "graph_node"),
        ("desk", "writer", "handoff", "supervisor"),
        ("desk", "editor", "handoff", "supervisor"),
        ("writer", "desk", "handoff", "return_edge"),
        ("editor", "desk", "handoff", "return_edge"),
    }


def test_edges_that_go_back_are_return_edges() -> None:
    facts = source(
        'import { StateGraph } from "@langchain/langgraph";\n'
        'const graph = new StateGraph(S).addNode("ask", async () => 1).addNode("act", async () => 2);\n'
        'graph.addEdge("__start__", "ask").addEdge("ask", "act").addEdge("act", "ask");\n'
    )
    assert delegations(facts) == {
        ("graph", "graph/ask", "invoke", "graph_entry"),
        ("graph/ask", "graph/act", "invoke", "graph_edge"),
        ("graph/act", "graph/ask", "invoke", "return_edge"),
    }


def test_tools_bound_to_a_model_are_those_of_the_node_that_asks_it() -> None:
    facts = project("langgraph")
    assert pairs(facts, "USES") == {("planner", "save_file"), ("writer", "save_file"), ("newsroom/tools", "save_file")}
    assert facts.nodes["Tool", "tool:shop/src/graph#save_file"]["effects"] == ["write"]


def test_a_swarm_hands_over_by_name() -> None:
    facts = source(
        'import { createReactAgent } from "@langchain/langgraph/prebuilt";\n'
        'import { createHandoffTool, createSwarm } from "@langchain/langgraph-swarm";\n'
        'const alice = createReactAgent({ llm, name: "Alice", tools: [createHandoffTool({ agentName: "Bob" })] });\n'
        'const bob = createReactAgent({ llm, name: "Bob", tools: [createHandoffTool({ agentName: "Alice" })] });\n'
        'export const team = createSwarm({ agents: [alice, bob], defaultActiveAgent: "Alice" });\n'
    )
    assert {edge for edge in delegations(facts) if edge[3] == "handoff_tool"} == {
        ("Alice", "Bob", "handoff", "handoff_tool"),
        ("Bob", "Alice", "handoff", "handoff_tool"),
    }


def test_an_edge_to_a_name_that_is_chosen_at_run_time_is_a_problem() -> None:
    facts = source(
        'import { StateGraph, START } from "@langchain/langgraph";\n'
        'const graph = new StateGraph(S).addNode("one", async () => 1).addEdge(START, "one");\n'
        'graph.addConditionalEdges("one", (state) => state.next);\n'
    )
    assert [(where, message) for where, _, message in facts.problems] == [
        ("L3", "where a conditional edge of graph 'graph' leads is decided when it runs")
    ]


def test_only_calls_that_go_on_by_themselves_are_agents() -> None:
    facts = project("vercel")
    assert names(facts, "Agent") == {"chat", "researcher"}
    assert pairs(facts, "USES") == {
        ("chat", "openai:web_search"),
        ("chat", "removeFile"),
        ("chat", "research"),
        ("researcher", "page"),
    }
    assert delegations(facts) == {("chat", "researcher", "invoke", "agent_as_tool")}
    assert facts.nodes["Tool", "tool:shop/lib/tools#removeFile"]["effects"] == ["destructive"]
    assert facts.nodes["Tool", "tool:shop/lib/tools#page"]["ingests_untrusted"] is True


def test_mcp_client_of_the_ai_sdk() -> None:
    facts = source(
        'import { experimental_createMCPClient as createMCPClient, streamText } from "ai";\n'
        "export async function ask() {\n"
        '  const client = await createMCPClient({ transport: { type: "sse", url: "https://mcp.acme.example/sse" } });\n'
        "  return streamText({ model: 'x', tools: await client.tools(), maxSteps: 4 });\n}\n"
    )
    assert pairs(facts, "CONNECTS_TO") == {("ask", "https://mcp.acme.example/sse")}


def test_a_claude_session_its_sub_agents_and_servers() -> None:
    facts = project("claude")
    session = "claude-agent-sdk:shop/src/session#closeMonth"
    assert facts.nodes["Agent", session]["autonomy"] == "approve_destructive"
    assert delegations(facts) == {("closeMonth", "closeMonth/reviewer", "invoke", "sub-agent")}
    assert facts.targets("USES", session) == {"claude-code:Read", "claude-code:Bash", "claude-code:Edit", "claude-code:Write"}
    assert facts.targets("USES", f"{session}/reviewer") == {"claude-code:Read", "claude-code:Grep"}
    assert facts.targets("CONNECTS_TO", session) == {"mcp-source:shop/src/session#ledger", "https://api.githubcopilot.com/mcp"}
    assert facts.props("CONNECTS_TO", session, "https://api.githubcopilot.com/mcp")["tools"] == ["create_issue"]
    assert facts.targets("PROVIDES", "mcp-source:shop/src/session#ledger") == {"mcp-source:shop/src/session#ledger/book"}
    assert ("closeMonth", "GITHUB_TOKEN") in pairs(facts, "HOLDS")


def test_a_tool_that_is_bound_as_data_has_its_own_name() -> None:
    facts = source(
        'import { ChatAnthropic } from "@langchain/anthropic";\n'
        'import { StateGraph } from "@langchain/langgraph";\n'
        'import { z } from "zod";\n'
        'const noted = { name: "note_down", description: "Notes it down.", schema: z.object({ text: z.string() }) };\n'
        "const reflect = async (state) => {\n"
        '  const model = new ChatAnthropic({ model: "m" }).bindTools([noted], { tool_choice: "note_down" });\n'
        "  return { messages: [await model.invoke(state.messages)] };\n"
        "};\n"
        'export const graph = new StateGraph(S).addNode("reflect", reflect).addEdge("__start__", "reflect").compile();\n'
    )
    assert pairs(facts, "USES") == {("reflect", "note_down")}
    assert not facts.problems
