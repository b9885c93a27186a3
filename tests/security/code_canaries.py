"""Source code that has a secret in every place where people put one."""

from __future__ import annotations

import json

from tests.security.planting import Plant, servers


def python_server(plant: Plant) -> str:
    """An MCP server in source with secrets in keys, headers, addresses, defaults, names and descriptions."""
    shaped = plant("gh" + "p_")
    return f"""
import psycopg2, requests, stripe
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("{plant("gh" + "p_")}")
stripe.api_key = "{plant("sk" + "_live_", 24)}"
API_KEY = "{plant()}"
@mcp.tool(name="{plant("gh" + "p_")}", description="uses {shaped}")
def pay(token: str = "{plant("gh" + "p_")}", password="{plant()}"):
    'Uses {plant("gh" + "p_")}.'
    db = psycopg2.connect("postgres://app:{plant()}@db.acme.example/shop")
    db.cursor().execute("SELECT '{plant("gh" + "p_")}'")
    headers = {{"Authorization": "Bearer {plant()}", "x-api-key": API_KEY}}
    requests.get(f"https://u:{plant()}@pay.acme.example/v1?api_key={plant()}", headers=headers)
    return stripe.Refund.create(api_key="{plant()}")
"""


def python_agents(plant: Plant) -> str:
    """Agents in code with secrets in models, servers, tools, prompts, names, defaults, joined texts and docstrings."""
    shaped = plant("gh" + "p_")
    return f"""
import os
from agents import Agent, OpenAIChatCompletionsModel, function_tool
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
from crewai import Agent as Member, Crew, LLM
from fast_agent import FastAgent
from agent_squad.agents import BedrockLLMAgent, BedrockLLMAgentOptions
os.environ["ACME_API_KEY"] = "{plant()}"
os.environ.setdefault("OTHER_TOKEN", "{plant()}")
PASSWORD = "{plant()}"
CONFIG = {{"api_key": "{plant()}", "nested": {{"token": "{plant()}"}}}}
def make(name="{plant("gh" + "p_")}", api_key="{plant()}"):
    'Makes {plant("gh" + "p_")}'
    return Agent(name=name, instructions=f"say {shaped} to {{PASSWORD}}", model=OpenAIChatCompletionsModel(model="m", api_key=api_key))
@function_tool(name_override="{plant("gh" + "p_")}")
def call(key="{plant("gh" + "p_")}"):
    return open(f"/x/{plant("gh" + "p_")}")
local = MCPServerStdio(params={{"command": "npx", "args": ["-y", "x", "--token", "{plant()}"], "env": {{"ACME_TOKEN": "{plant()}"}}}})
web = MCPServerStreamableHttp(params={{"url": "https://u:{plant()}@mcp.acme.example/v1?api_key={plant()}",
                                      "headers": {{"Authorization": "Bearer {plant()}"}}}})
one = make("{plant("gh" + "p_")}", "{plant()}")
two = Agent(
    name="Two " + "{plant("gh" + "p_")}", tools=[call, "{plant("gh" + "p_")}"],
    mcp_servers=[local, web], handoffs=[one, {plant("gh" + "p_")}]
)
poet = Member(role="{plant("gh" + "p_")}", goal="g", backstory="{plant("gh" + "p_")}", llm=LLM(model="m", **CONFIG))
crew = Crew(agents=[poet], tasks=[], name="{plant("gh" + "p_")}")
fast = FastAgent("f")
@fast.agent(name="{plant("gh" + "p_")}", servers=["{plant("gh" + "p_")}"], tools={{"{plant("gh" + "p_")}": ["{plant("gh" + "p_")}"]}})
@fast.chain(name="c", sequence=["{plant("gh" + "p_")}"])
async def main(): ...
squad = BedrockLLMAgent(BedrockLLMAgentOptions(name="{plant("gh" + "p_")}", api_key="{plant()}", model_id="{plant("gh" + "p_")}",
    tool_config={{"tool": [{{"toolSpec": {{"name": "{plant("gh" + "p_")}", "inputSchema": {{}}}}}}]}}))
"""


def crew(plant: Plant) -> str:
    """A crew's agents with secrets in keys and values."""
    lines = [plant("gh" + "p_") + ":", *(f"  {key}: {plant('gh' + 'p_')}" for key in ("role", "goal", "llm")), f"  api_key: {plant()}"]
    return "\n".join([*lines, f"  tools: [{plant('gh' + 'p_')}]", ""])


def javascript(plant: Plant) -> str:
    """Source with secrets in options, headers, addresses, helpers and names."""
    entry = json.dumps(servers(plant))
    shaped = plant("gh" + "p_")
    return f"""
import {{ Agent, tool, MCPServerStdio }} from "@openai/agents";
import {{ McpServer }} from "@modelcontextprotocol/sdk/server/mcp.js";
import {{ MCPClient }} from "@mastra/mcp";
import {{ Agent as Mastra }} from "@mastra/core/agent";
import {{ createAgent, openai }} from "@inngest/agent-kit";
const API_KEY = "{plant()}";
const client = new Stripe("{plant("sk" + "_live_", 24)}", {{ apiKey: "{plant()}" }});
const mcp = new MCPClient({{ servers: {entry} }});
const pay = tool({{ name: "pay", description: "uses {plant("gh" + "p_")}",
  execute: async () => fetch(`https://u:{plant()}@pay.example/v1?api_key={plant()}`, {{
  headers: {{ Authorization: "Bearer {plant()}", "x-api-key": `{plant()}` }} }}) }});
export const a = new Agent({{ name: "{shaped}", tools: [pay],
  mcpServers: [new MCPServerStdio({{ name: "s", command: "x", env: {{ ACME_TOKEN: "{plant()}" }} }})] }});
export const b = new Mastra({{ name: "b", model: {{ id: "m", apiKey: "{plant()}" }},
  tools: {{ ...(await mcp.getTools()), "{plant("gh" + "p_")}": pay }} }});
export const c = createAgent({{ name: "{plant("gh" + "p_")}", model: openai({{ model: "m", apiKey: "{plant()}" }}),
  mcpServers: [{{ name: "{plant("gh" + "p_")}",
    transport: {{ type: "sse", url: "https://u:{plant()}@mcp.example/x?token={plant()}" }} }}] }});
const server = new McpServer({{ name: "{plant("gh" + "p_")}", version: "1" }});
server.tool("{plant("gh" + "p_")}", "postgres://app:{plant()}@db.example/shop", async () => connect("postgres://app:{plant()}@db.example/shop"));
"""


def go_server(plant: Plant) -> str:
    """Source in Go with secrets in constants, descriptions, addresses and names."""
    return f"""package main
import ("context"; "net/http"; "os"; "github.com/modelcontextprotocol/go-sdk/mcp")
const apiKey = "{plant()}"
type args struct {{ Key string `json:"{plant("gh" + "p_")}" jsonschema:"{plant("gh" + "p_")}"` }}
func pay(ctx context.Context, r *mcp.CallToolRequest, a args) (*mcp.CallToolResult, any, error) {{
	token := "{plant()}"
	request, err := http.NewRequest("POST", "https://u:{plant()}@pay.example/v1?api_key={plant()}", nil)
	request.Header.Set("Authorization", "Bearer {plant()}")
	os.Getenv("{plant("gh" + "p_")}")
	return nil, token, err
}}
func main() {{
	server := mcp.NewServer(&mcp.Implementation{{Name: "{plant("gh" + "p_")}", Version: "{plant("gh" + "p_")}"}}, nil)
	mcp.AddTool(server, &mcp.Tool{{Name: "{plant("gh" + "p_")}", Description: "postgres://app:{plant()}@db.example/shop"}}, pay)
}}
"""


def csharp_server(plant: Plant) -> str:
    """Source in C# with secrets in constants, attributes, addresses and names."""
    return f"""using ModelContextProtocol.Server;
builder.Services.AddMcpServer(o => {{ o.ServerInfo = new() {{ Name = "{plant("gh" + "p_")}", Version = "{plant("gh" + "p_")}" }}; }})
    .WithTools<PayTools>();
[McpServerToolType]
class PayTools {{
    private const string ApiKey = "{plant()}";
    [McpServerTool(Name = "{plant("gh" + "p_")}"), Description("uses postgres://app:{plant()}@db.example/shop")]
    public static async Task<string> Pay([Description("{plant("gh" + "p_")}")] string order) {{
        var token = "{plant()}";
        Environment.GetEnvironmentVariable("{plant("gh" + "p_")}");
        return await new HttpClient().GetStringAsync("https://u:{plant()}@pay.example/v1?api_key={plant()}");
    }}
}}
"""


def go_agents(plant: Plant) -> str:
    """Agents in Go with secrets in names, models, addresses and what their servers are started with."""
    return f"""package main
import ("os/exec"; "github.com/modelcontextprotocol/go-sdk/mcp"; "google.golang.org/adk/agent/llmagent"; "google.golang.org/adk/tool"
	"google.golang.org/adk/tool/functiontool"; "google.golang.org/adk/tool/mcptoolset")
const apiKey = "{plant()}"
func main() {{
	model, _ := gemini.NewModel(ctx, "{plant("gh" + "p_")}", &genai.ClientConfig{{APIKey: "{plant()}"}})
	pay, _ := functiontool.New(functiontool.Config{{Name: "{plant("gh" + "p_")}",
		Description: "postgres://app:{plant()}@db.example/shop"}}, nil)
	one, _ := mcptoolset.New(mcptoolset.Config{{Transport: &mcp.StreamableClientTransport{{
		Endpoint: "https://u:{plant()}@mcp.example/x?token={plant()}"}}}})
	two, _ := mcptoolset.New(mcptoolset.Config{{Transport: &mcp.CommandTransport{{Command: exec.Command("npx", "--token", "{plant()}")}}}})
	llmagent.New(llmagent.Config{{Name: "{plant("gh" + "p_")}", Model: model,
		Tools: []tool.Tool{{pay}}, Toolsets: []tool.Toolset{{one, two}}}})
}}
"""


def csharp_agents(plant: Plant) -> str:
    """The same in C#."""
    return f"""using Microsoft.Agents.AI;
var client = new OpenAIClient(new ApiKeyCredential("{plant()}")).GetChatClient("{plant("gh" + "p_")}");
var one = await McpClient.CreateAsync(new HttpClientTransport(new() {{ Name = "{plant("gh" + "p_")}",
    Endpoint = new Uri("https://u:{plant()}@mcp.example/x?token={plant()}") }}));
var two = await McpClient.CreateAsync(new StdioClientTransport(new() {{ Command = "npx", Arguments = ["--token", "{plant()}"] }}));
AIAgent agent = client.AsAIAgent(name: "{plant("gh" + "p_")}", tools: [.. await one.ListToolsAsync(), .. await two.ListToolsAsync(),
    AIFunctionFactory.Create(Pay, "{plant("gh" + "p_")}", "postgres://app:{plant()}@db.example/shop")]);
static string Pay(string order) {{ var token = "{plant()}"; return token; }}
"""
