"""MCP servers that are written with the TypeScript SDK."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import javascript_source, mcp_claude_code
from graphinv.model.facts import Fact
from graphinv.pipeline.joins import resolve
from tests.ingest.javascript_reading import linked, names, pairs, project, source
from tests.ingest.reading import FIXTURES, document

SERVER = "mcp-source:shop/src/server#orders"


def test_its_tools_through_helpers_and_loops() -> None:
    facts = project("server")
    assert facts.nodes["ToolServer", SERVER]["transport"] == "stdio"
    assert facts.nodes["ToolServer", SERVER]["version"] == "1.4.0"
    assert facts.targets("PROVIDES", SERVER) == {
        f"{SERVER}/{name}" for name in ("get_order", "cancel_order", "migrate", "report_daily", "report_weekly")
    }


def test_definitions_hints_and_hidden_instructions() -> None:
    facts = project("server")
    order = facts.nodes["Tool", f"{SERVER}/get_order"]
    assert {"readOnlyHint=true", "openWorldHint=false"} <= set(order["hints"])
    assert order["schema_digest"].startswith("sha256:")
    assert facts.nodes["Tool", f"{SERVER}/cancel_order"]["hints"] == ["destructiveHint=true"]
    assert facts.nodes["Tool", f"{SERVER}/migrate"]["labels"] == ["hidden_instructions=conceal"]


def test_effects_are_those_of_each_call_of_a_helper() -> None:
    facts = project("server")
    assert facts.nodes["Tool", f"{SERVER}/get_order"]["effects"] == ["egress", "read"]
    assert facts.nodes["Tool", f"{SERVER}/cancel_order"]["effects"] == ["destructive", "egress"]
    assert facts.nodes["Tool", f"{SERVER}/migrate"]["effects"] == ["execute"]
    assert ("orders/get_order", "ORDERS_API_KEY") in pairs(facts, "HOLDS")


def test_a_constant_list_of_the_low_level_server() -> None:
    facts = project("lowlevel")
    assert names(facts, "Tool") == {"ping", "wipe"}
    assert "destructiveHint=true" in facts.nodes["Tool", "mcp-source:shop/index#plain/wipe"]["hints"]


def test_the_same_definition_has_the_same_digest_in_both_ways() -> None:
    def server(tool: str) -> str:
        start = 'import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";\nimport { z } from "zod";\n'
        return start + f'const server = new McpServer({{ name: "s" }});\nserver.{tool};\n'

    one = source(server('tool("t", "Does it", { id: z.string() }, async () => 1)'))
    other = source(server('registerTool("t", { description: "Does it", inputSchema: { id: z.string() } }, async () => 1)'))
    changed = source(server('tool("t", "Does it", { id: z.number() }, async () => 1)'))
    digests = [facts.nodes["Tool", "mcp-source:shop/src/agents#s/t"]["schema_digest"] for facts in (one, other, changed)]
    assert digests[0] == digests[1] != digests[2]


def test_a_handler_factory_and_fastmcp() -> None:
    facts = linked(
        {
            "app/api/mcp/route.ts": (
                'import { createMcpHandler } from "mcp-handler";\n'
                "const handler = createMcpHandler((server) => {\n"
                '  server.registerTool("roll", { description: "Rolls" }, async () => ({ content: [] }));\n});\n'
                "export { handler as GET };\n"
            ),
            "fast.ts": (
                'import { FastMCP } from "fastmcp";\nconst server = new FastMCP({ name: "fast", version: "1.0.0" });\n'
                'server.addTool({ name: "add", description: "Adds", execute: async () => "3" });\n'
            ),
        }
    )
    assert names(facts, "Tool") == {"roll", "add"}
    assert facts.targets("PROVIDES", "mcp-source:shop/fast#fast") == {"mcp-source:shop/fast#fast/add"}


def test_a_mastra_server_offers_agents_as_tools() -> None:
    facts = source(
        'import { MCPServer } from "@mastra/mcp";\nimport { Agent } from "@mastra/core/agent";\n'
        'const helper = new Agent({ name: "helper" });\n'
        'export const server = new MCPServer({ name: "desk", version: "1", tools: {}, agents: { helper } });\n'
    )
    assert pairs(facts, "CALLS_BACK") == {("desk/ask_helper", "helper")}


def test_a_tool_whose_name_is_bound_at_run_time_is_a_problem() -> None:
    facts = source(
        'import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";\n'
        'const server = new McpServer({ name: "s", version: "1" });\nserver.tool(process.argv[2], async () => 1);\n'
    )
    assert [(where, message) for where, _, message in facts.problems] == [
        ("L3", "a tool of the MCP server 's' has a name that is bound when it runs")
    ]


def test_a_configured_server_that_starts_the_build_has_its_tools() -> None:
    top = FIXTURES / "javascript" / "server"
    files = {f"server/{path.relative_to(top).as_posix()}": path.read_text("utf-8") for path in sorted(top.rglob("*")) if path.is_file()}
    facts: list[Fact] = list(linked(files).all)
    entry = {"command": "node", "args": ["server/dist/index.js"]}
    facts += mcp_claude_code.read(document(json.dumps({"mcpServers": {"orders": entry}}), ".mcp.json"))
    resolved = resolve("shop", facts)
    configured = ("ToolServer", "mcp:shop/.mcp.json#orders")
    provided = {edge.target[1] for edge in resolved.edges if edge.source == configured and isinstance(edge.target, tuple)}
    assert {name.rpartition("/")[2] for name in provided} == {"get_order", "cancel_order", "migrate", "report_daily", "report_weekly"}


@pytest.mark.parametrize(
    ("path", "line", "evidence"),
    [
        ("server/.mcp.json", "npx -y .", "declared"),
        (".mcp.json", "npx -y ./server", "declared"),
        (".mcp.json", "npx -y ${CLAUDE_PROJECT_DIR}/server", "declared"),
        ("server/.mcp.json", "npx -y @shop/orders-mcp@latest", "inferred"),
        (".mcp.json", "npx --package=@shop/orders-mcp orders-mcp", "inferred"),
        ("server/.mcp.json", "pnpm dev mcp", "inferred"),
        (".mcp.json", "bun run --cwd ${CLAUDE_PLUGIN_ROOT}/server start", "inferred"),
        (".mcp.json", "npx -y .", None),
        (".mcp.json", "npx -y @shop/other-mcp", None),
        ("server/.mcp.json", "make run", None),
    ],
)
def test_a_configured_server_that_starts_the_package_has_its_tools(path: str, line: str, evidence: str | None) -> None:
    top = FIXTURES / "javascript" / "server"
    files = {f"server/{one.relative_to(top).as_posix()}": one.read_text("utf-8") for one in sorted(top.rglob("*")) if one.is_file()}
    command, *arguments = line.split()
    files["server/package.json"] = json.dumps({"name": "@shop/orders-mcp", "bin": {"orders-mcp": "./dist/index.js"}})
    facts: list[Fact] = list(linked(files).all)
    facts += mcp_claude_code.read(document(json.dumps({"mcpServers": {"orders": {"command": command, "args": arguments}}}), path))
    provided = [
        edge.props["evidence"]
        for edge in resolve("shop", facts).edges
        if edge.source == ("ToolServer", f"mcp:shop/{path}#orders") and edge.kind == "PROVIDES"
    ]
    assert {one for kinds in provided for one in kinds} == ({evidence} if evidence else set())


def test_detection_is_by_name() -> None:
    took = [
        path
        for path in ("a.ts", "a.mjs", "a.d.ts", "a.min.js", "x/node_modules/y/a.js", "a.py", "package.json")
        if javascript_source.detect(path, b"")
    ]
    assert took == ["a.ts", "a.mjs", "package.json"]
