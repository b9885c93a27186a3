"""Frameworks in TypeScript that are told by their words: one program of each in the shape that such programs have."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, linked, names, pairs, source


def test_agent_kit_networks_route_to_their_agents() -> None:
    facts = source(
        """
import { anthropic, createAgent, createNetwork, createRoutingAgent, createTool } from "@inngest/agent-kit";
import { execSync } from "node:child_process";
import { z } from "zod";

const shell = createTool({
  name: "shell", description: "Runs a command", parameters: z.object({ command: z.string() }),
  handler: async ({ command }) => execSync(command).toString(),
});
const coder = createAgent({
  name: "Coder", system: "You code.", tools: [shell],
  mcpServers: [{ name: "db", transport: { type: "streamable-http", url: "https://mcp.db.example/mcp" } }],
});
const router = createRoutingAgent({ name: "Router", lifecycle: { onRoute: () => ["Coder"] } });
export const network = createNetwork({
  name: "team", agents: [coder], router, defaultModel: anthropic({ model: "claude-sonnet-4-5" }),
});
"""
    )
    assert delegations(facts) == {("team", "Coder", "invoke", "network"), ("team", "Router", "invoke", "router")}
    assert pairs(facts, "USES") == {("Coder", "shell")}
    assert facts.nodes["Tool", "tool:shop/src/agents#shell"]["effects"] == ["execute"]
    assert pairs(facts, "CONNECTS_TO") == {("Coder", "https://mcp.db.example/mcp")}
    assert pairs(facts, "USES_MODEL") == {("team", "claude-sonnet-4-5")}
    assert not facts.problems


def test_voltagent_supervisors_servers_and_workflows() -> None:
    facts = source(
        """
import { Agent, createSubagent, createTool, createWorkflowChain, MCPConfiguration, Memory } from "@voltagent/core";
import { z } from "zod";

const mcp = new MCPConfiguration({ servers: { files: { type: "stdio", command: "npx", args: ["-y", "files-mcp@1.2.3"] } } });
const post = createTool({
  name: "post", description: "Posts", parameters: z.object({}),
  execute: async () => { await fetch("https://blog.example/api", { method: "POST" }); },
});
const writer = new Agent({ name: "Writer", model: "openai/gpt-4o-mini", tools: [post], memory: new Memory({}) });
const reader = new Agent({ name: "Reader", model: "openai/gpt-4o-mini", tools: await mcp.getTools() });
export const chief = new Agent({
  name: "Chief", model: "openai/gpt-4o", subAgents: [writer, createSubagent({ agent: reader, method: "streamText" })],
});
export const flow = createWorkflowChain({ id: "daily", name: "Daily" }).andAgent(async () => "Write.", writer, { schema: z.string() });
"""
    )
    assert delegations(facts) == {
        ("Chief", "Writer", "invoke", "sub_agents"),
        ("Chief", "Reader", "invoke", "sub_agents"),
        ("Daily", "Writer", "invoke", "workflow_step"),
    }
    assert pairs(facts, "USES") == {("Writer", "post")}
    (server,) = facts.targets("CONNECTS_TO", "voltagent:shop/src/agents#Reader")
    assert facts.nodes["ToolServer", server]["package"] == "pkg:npm/files-mcp@1.2.3"
    assert len(pairs(facts, "WRITES")) == 1


def test_beeai_workflows_are_told_how_to_make_agents() -> None:
    facts = source(
        """
import { OllamaChatModel } from "beeai-framework/adapters/ollama/backend/chat";
import { ReActAgent } from "beeai-framework/agents/react/agent";
import { WikipediaTool } from "beeai-framework/tools/search/wikipedia";
import { AgentWorkflow } from "beeai-framework/workflows/agent";

const llm = new OllamaChatModel("granite4:micro");
const workflow = new AgentWorkflow("Trip");
workflow.addAgent({ name: "Planner", instructions: "Plan.", tools: [new WikipediaTool()], llm });
workflow.addAgent(new ReActAgent({ meta: { name: "Packer" }, tools: [], llm }));
"""
    )
    assert names(facts, "Agent") == {"Planner", "Packer"}
    assert delegations(facts) == {("Trip", "Planner", "invoke", "workflow_step"), ("Trip", "Packer", "invoke", "workflow_step")}
    assert pairs(facts, "USES") == {("Planner", "WikipediaTool")}
    assert pairs(facts, "USES_MODEL") == {("Planner", "granite4:micro"), ("Packer", "granite4:micro")}
    assert not facts.problems


def test_agent_squad_in_typescript() -> None:
    facts = source(
        """
import { AgentSquad, BedrockLLMAgent, SupervisorAgent } from "agent-squad";

const squad = new AgentSquad();
const tech = new BedrockLLMAgent({ name: "Tech", modelId: "amazon.nova-lite-v1:0" });
const lead = new SupervisorAgent({ name: "Lead", leadAgent: tech, team: [new BedrockLLMAgent({ name: "Health" })] });
squad.addAgent(lead);
"""
    )
    assert delegations(facts) == {
        ("Lead", "Tech", "invoke", "lead_agent"),
        ("Lead", "Health", "invoke", "team"),
        ("squad", "Lead", "invoke", "classifier"),
    }
    assert pairs(facts, "USES_MODEL") == {("Tech", "amazon.nova-lite-v1:0")}


def test_adk_and_strands_in_typescript() -> None:
    facts = linked(
        {
            "adk.ts": """
import { AgentTool, FunctionTool, LlmAgent, MCPToolset, SequentialAgent } from "@google/adk";
import { readFileSync } from "node:fs";
import { z } from "zod";

const look = new FunctionTool({ name: "look", description: "Reads", parameters: z.object({}), execute: () => readFileSync("a.txt") });
const helper = new LlmAgent({ name: "helper", model: "gemini-2.5-flash", tools: [look] });
const files = new MCPToolset({ type: "StdioConnectionParams", serverParams: { command: "npx", args: ["-y", "files-mcp@1.2.3"] } });
export const rootAgent = new LlmAgent({
  name: "root", model: "gemini-2.5-pro", tools: [new AgentTool({ agent: helper }), files],
});
export const pipeline = new SequentialAgent({ name: "pipeline", subAgents: [helper] });
""",
            "strands.ts": """
import { Agent, McpClient, tool } from "@strands-agents/sdk";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";

const letters = tool({ name: "letters", description: "Counts", inputSchema: z.object({}), callback: () => 3 });
const docs = new McpClient({ transport: new StreamableHTTPClientTransport(new URL("https://docs.example/mcp")) });
export const counter = new Agent({ name: "counter", tools: [letters, docs] });
""",
        }
    )
    assert delegations(facts) == {("root", "helper", "invoke", "agent_as_tool"), ("pipeline", "helper", "invoke", "sub_agents")}
    assert pairs(facts, "USES") == {("helper", "look"), ("counter", "letters")}
    assert facts.targets("CONNECTS_TO", "strands:shop/strands#counter") == {"https://docs.example/mcp"}
    (server,) = facts.targets("CONNECTS_TO", "google-adk:shop/adk#root")
    assert facts.nodes["ToolServer", server]["package"] == "pkg:npm/files-mcp@1.2.3"


def test_agents_of_cloudflare_are_classes() -> None:
    facts = linked(
        {
            "src/server.ts": """
import { Agent, callable, McpAgent } from "agents";
import { agentTool } from "agents/agent-tools";
import { AIChatAgent } from "@cloudflare/ai-chat";
import { Think } from "@cloudflare/think";
import { streamText, stepCountIs, tool } from "ai";
import { openai } from "@ai-sdk/openai";
import { execSync } from "node:child_process";
import { z } from "zod";

class Base extends Think { getModel() { return "@cf/some/model"; } }
export class Finder extends Base {
  getTools() { return { run: tool({ description: "Runs", inputSchema: z.object({}), execute: async () => execSync("ls") }) }; }
}
export class Chief extends Base {
  getTools() { return { find: agentTool(Finder, { description: "Finds" }) }; }
}
export class Chat extends AIChatAgent<Env> {
  async onStart() { await this.addMcpServer("docs", "https://docs.example/mcp"); }
  async onChatMessage() {
    const look = tool({ description: "Looks", inputSchema: z.object({}), execute: async () => fetch("https://shop.example/api") });
    return streamText({ model: openai("gpt-4o"), tools: { look }, stopWhen: stepCountIs(5) });
  }
}
export class Files extends McpAgent {}
""",
            "tests/worker.ts": """
import { Chat } from "../src/server";
export class TestChat extends Chat {}
""",
        }
    )
    assert {name for name in names(facts, "Agent") if name != "TestChat"} == {"Finder", "Chief", "Chat"}
    assert delegations(facts) == {("Chief", "Finder", "invoke", "agent_as_tool")}
    assert {("Finder", "run"), ("Chat", "look")} <= pairs(facts, "USES")
    assert ("Chat", "https://docs.example/mcp") in pairs(facts, "CONNECTS_TO")
    assert {("Finder", "@cf/some/model"), ("Chief", "@cf/some/model"), ("Chat", "gpt-4o")} <= pairs(facts, "USES_MODEL")


def test_agents_that_a_provider_keeps() -> None:
    facts = linked(
        {
            "assistant.ts": """
import OpenAI from "openai";

const openai = new OpenAI();
export const helper = await openai.beta.assistants.create({ name: "Helper", model: "gpt-4o", tools: [{ type: "code_interpreter" },
  { type: "function", function: { name: "pay", description: "Pays", parameters: { type: "object", properties: {} } } }] });
const answer = await openai.chat.completions.create({ model: "gpt-4o", messages: [] });
""",
            "foundry.ts": """
import { AgentsClient } from "@azure/ai-agents";

const client = new AgentsClient(process.env.PROJECT_ENDPOINT, credential);
export const agent = await client.createAgent("gpt-4o", { name: "Desk", instructions: "Help.", tools: [] });
""",
        }
    )
    assert names(facts, "Agent") == {"Helper", "Desk"}
    assert pairs(facts, "USES") == {("Helper", "openai:code_interpreter"), ("Helper", "pay")}
    assert not facts.problems
    assert pairs(facts, "USES_MODEL") == {("Helper", "gpt-4o")}


MODEL_API = """
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";

const openai = new OpenAI();
const tools = [
  { type: "function", function: { name: "pay", description: "Pays", parameters: { type: "object", properties: {} } } },
  { type: "web_search_preview" },
];

export class Desk {
  private client = new Anthropic();
  async step(messages: any[]) {
    const tools = [{ name: "refund", description: "Refunds", input_schema: { type: "object" } }];
    return this.client.messages.create({ model: "claude-sonnet-4-5", messages, tools });
  }
}
export async function answer(messages: any[]) {
  const completion = await openai.chat.completions.create({ model: "gpt-4o", messages, tools });
  return completion;
}
export const wrapper = (messages: any[], tools: any[]) => openai.chat.completions.create({ model: "gpt-4o", messages, tools });
export async function extract(messages: any[]) {
  return openai.chat.completions.create({ model: "gpt-4o", messages, tools, tool_choice: { type: "function", function: { name: "pay" } } });
}
export async function search(input: string) {
  return openai.responses.create({ model: "gpt-4o", input, tools: [{ type: "web_search_preview" }] });
}
export class Handler {
  async ask(given: any[]) {
    const tools = given.map((one) => ({ type: "function", function: { name: one.name, parameters: one.parameters } }));
    return openai.chat.completions.create({ model: "gpt-4o", messages: [], tools });
  }
}
export async function plan() {
  const ai = new GoogleGenAI({});
  const functionDeclarations = [{ name: "look", description: "Looks", parameters: { type: "OBJECT" } }];
  return ai.models.generateContent({ model: "gemini-2.5-flash", contents: "x", config: { tools: [{ functionDeclarations }] } });
}
"""


def test_calls_of_a_model_with_tools_are_agents_by_the_class_or_function_around_them() -> None:
    tried = 'import { wrapper } from "../src/bot";\nwrapper([], [{ type: "function", function: { name: "t", parameters: {} } }]);\n'
    facts = linked({"src/bot.ts": MODEL_API, "tests/bot.test.ts": tried})
    assert names(facts, "Agent") == {"Desk", "answer", "plan"}
    assert pairs(facts, "USES") == {("Desk", "refund"), ("answer", "pay"), ("answer", "openai:web_search"), ("plan", "look")}
    assert pairs(facts, "USES_MODEL") == {("Desk", "claude-sonnet-4-5"), ("answer", "gpt-4o"), ("plan", "gemini-2.5-flash")}
    assert not facts.problems


def test_a_framework_is_known_in_the_tree_of_its_own_source() -> None:
    facts = linked(
        {
            "packages/agent-kit/package.json": '{"name": "@inngest/agent-kit", "main": "dist/index.js"}',
            "packages/agent-kit/src/index.ts": "export const createAgent = (options: any) => ({ ...options });\n",
            "examples/quick/index.ts": 'import { createAgent } from "@inngest/agent-kit";\nexport const a = createAgent({ name: "A" });\n',
        }
    )
    assert names(facts, "Agent") == {"A"}
