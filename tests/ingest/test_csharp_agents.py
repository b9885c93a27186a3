"""Agents in C#: Microsoft's Agent Framework and Semantic Kernel, their tools, teams and graphs."""

from __future__ import annotations

import contextlib
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import csharp_source
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document
from tests.ingest.test_csharp_source import linked

USING = "using Microsoft.Agents.AI;\nusing Microsoft.Extensions.AI;\n"
KERNEL = "using Microsoft.SemanticKernel;\nusing Microsoft.SemanticKernel.Agents;\n"


def agents(facts: Facts) -> set[str]:
    """Names of the agents."""
    return {props["name"] for (kind, _), props in facts.nodes.items() if kind == "Agent"}


def named(facts: Facts, kind: str) -> set[tuple[str, str, str]]:
    """Edges of a kind as (name, name, what tells them apart)."""
    found = set()
    for edge in facts.edges:
        if edge.kind == kind:
            ends = [
                facts.nodes.get(end, {}).get("name", str(end)) if isinstance(end, tuple) else str(end) for end in (edge.source, edge.target)
            ]
            found.add((ends[0], ends[1], str(edge.props.get("kind_detail", ""))))
    return found


def test_agents_of_a_client_have_their_names_tools_and_models() -> None:
    facts = linked(
        {
            "src/Program.cs": USING
            + """
var client = new AzureOpenAIClient(new Uri(endpoint), new ApiKeyCredential(Environment.GetEnvironmentVariable("SHOP_OPENAI_KEY")));
var chat = client.GetChatClient("gpt-4.1");
AIAgent clerk = chat.AsAIAgent(
    instructions: "You sell.",
    name: "Clerk",
    tools: [AIFunctionFactory.Create(OrderTools.Refund), AIFunctionFactory.Create(Weather, "weather_now"),
        new HostedCodeInterpreterTool()])
    .AsBuilder().UseOpenTelemetry("x").Build();
ChatClientAgent plain = new ChatClientAgent(chat, "You help.", "Helper");
var tools = new List<AITool> { AIFunctionFactory.Create(Weather) };
tools.Add(new ApprovalRequiredAIFunction(AIFunctionFactory.Create(OrderTools.Refund)));
AIAgent careful = chat.CreateAIAgent(new ChatClientAgentOptions { Name = "Careful", ChatOptions = new() { Tools = tools } });
AIAgent chief = chat.AsAIAgent("You lead.", tools: [clerk.AsAIFunction(),
        plain.AsAIFunction(new AIFunctionFactoryOptions { Name = "help" })]);
static string Weather(string city) => File.ReadAllText(city);
""",
            "src/OrderTools.cs": "static class OrderTools { public static string Refund(string id) { File.Delete(id); return id; } }",
            "src/Shop.csproj": "<Project/>",
        }
    )
    assert agents(facts) == {"Clerk", "Helper", "Careful", "chief"}
    assert facts.nodes["Agent", "agent-framework:shop/src/Program#Clerk"]["framework"] == "agent-framework"
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {
        ("Clerk", "Refund"),
        ("Clerk", "weather_now"),
        ("Clerk", "code_interpreter"),
        ("Careful", "Weather"),
        ("Careful", "Refund"),
    }
    assert named(facts, "DELEGATES_TO") == {("chief", "Clerk", "agent_as_tool"), ("chief", "Helper", "agent_as_tool")}
    assert {(one, other) for one, other, _ in named(facts, "USES_MODEL")} == {
        (one, "gpt-4.1") for one in ("Clerk", "Helper", "Careful", "chief")
    }
    assert facts.nodes["Tool", "tool:shop/src/OrderTools#Refund"]["effects"] == ["destructive"]
    asked = [edge.props.get("guards") for edge in facts.edges if edge.kind == "USES" and "Careful" in str(edge.source)]
    assert sorted(asked, key=str) == [None, ["approval:tool:shop/src/OrderTools#Refund"]]
    assert "env:SHOP_OPENAI_KEY" in facts.targets("HOLDS", "agent-framework:shop/src/Program#Clerk")
    assert not facts.problems


def test_orchestrations_hand_over_and_graphs() -> None:
    facts = linked(
        {
            "Flow.cs": USING
            + """
namespace Shop;
public class Flow(IChatClient chat)
{
    private readonly AIAgent _films = chat.AsAIAgent(name: "Films");
    AIAgent Music() => new ChatClientAgent(chat, new ChatClientAgentOptions() { Name = "Music" });

    public void Run()
    {
        AIAgent triage = chat.AsAIAgent(name: "Triage");
        var music = Music();
        Workflow hands = AgentWorkflowBuilder.CreateHandoffBuilderWith(triage)
            .WithHandoffs(triage, [_films, music])
            .WithHandoffs([_films, music], triage)
            .Build();
        var line = AgentWorkflowBuilder.BuildSequential("line", [_films, music]);
        var writer = new Step(triage);
        var graph = new WorkflowBuilder(writer).AddEdge(writer, _films).AddFanOutEdge(_films, [music,
        triage]).AddEdge(music, music, condition: x => true).Build();
        AIAgent whole = line.AsAIAgent(name: "whole");
    }
}
"""
        }
    )
    assert agents(facts) == {"Films", "Music", "Triage"}
    assert named(facts, "DELEGATES_TO") == {
        ("hands", "Triage", "entry_point"),
        ("Triage", "Films", "handoff"),
        ("Triage", "Music", "handoff"),
        ("Films", "Triage", "handoff"),
        ("Music", "Triage", "handoff"),
        ("line", "Films", "sequential"),
        ("line", "Music", "sequential"),
        ("graph", "Triage", "entry_point"),
        ("Triage", "Films", "graph_edge"),
        ("Films", "Music", "graph_edge"),
        ("Films", "Triage", "graph_edge"),
    }


def test_the_cases_of_a_switch_lead_to_agents() -> None:
    text = (
        USING
        + """
var first = new Step(c.AsAIAgent(name: "first"));
var good = new Step(c.AsAIAgent(name: "good"));
var bad = new Step(c.AsAIAgent(name: "bad"));
WorkflowBuilder builder = new(first);
builder.AddSwitch(source: first, cases => { cases.AddCase<Order>(x => x.Ok, good); cases.WithDefault(bad); });
var flow = builder.Build();
"""
    )
    assert named(linked({"A.cs": text}), "DELEGATES_TO") == {
        ("A", "first", "entry_point"),
        ("first", "good", "conditional_edge"),
        ("first", "bad", "conditional_edge"),
    }


def test_agents_that_are_registered_are_found_by_their_names() -> None:
    facts = linked(
        {
            "Program.cs": USING
            + """
var french = builder.AddAIAgent("french", "Translate.").WithAITool(AIFunctionFactory.Create(Look));
builder.AddAIAgent("german", (sp, key) => new ChatClientAgent(sp.GetRequiredService<IChatClient>(), name: key));
AIAgent own = chat.AsAIAgent(name: "own");
builder.AddAIAgent("own", (sp, key) => own);
builder.AddWorkflow("both", (sp, key) => AgentWorkflowBuilder.BuildConcurrent(key,
        [sp.GetRequiredKeyedService<AIAgent>("french"), sp.GetRequiredKeyedService<AIAgent>("german")]));
static string Look(string word) => word;
"""
        }
    )
    assert agents(facts) == {"french", "german", "own"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("french", "Look")}
    assert {other for _, other, _ in named(facts, "DELEGATES_TO")} == {"french", "german"}


def test_agents_of_semantic_kernel_have_the_plugins_of_their_kernel() -> None:
    facts = linked(
        {
            "Team.cs": KERNEL
            + """
public class OrderPlugin
{
    [KernelFunction("refund")] public string Refund(string id) { Process.Start("refund", id); return id; }
    [KernelFunction] public Task<string> ListAsync() => File.ReadAllTextAsync("orders");
    public string Hidden() => "";
}
public class Team
{
    public void Run()
    {
        Kernel kernel = CreateKernel();
        Kernel other = kernel.Clone();
        other.ImportPluginFromType<OrderPlugin>();
        ChatCompletionAgent writer = new() { Name = "Writer", Kernel = kernel };
        ChatCompletionAgent clerk = new() { Name = "Clerk", Kernel = other };
        AgentGroupChat chat = new(writer, clerk) { };
        var handoff = new HandoffOrchestration(OrchestrationHandoffs.StartWith(writer).Add(writer, clerk).Add(clerk, writer,
        "back"), writer, clerk);
        SequentialOrchestration line = new(writer, clerk);
    }
    static Kernel CreateKernel() { var builder = Kernel.CreateBuilder(); builder.AddOpenAIChatCompletion("gpt-4o", "k");
        return builder.Build(); }
}
"""
        }
    )
    assert agents(facts) == {"Writer", "Clerk"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("Clerk", "refund"), ("Clerk", "List")}
    assert named(facts, "DELEGATES_TO") == {
        ("chat", "Writer", "group_chat"),
        ("chat", "Clerk", "group_chat"),
        ("handoff", "Writer", "entry_point"),
        ("Writer", "Clerk", "handoff"),
        ("Clerk", "Writer", "handoff"),
        ("line", "Writer", "sequential"),
        ("line", "Clerk", "sequential"),
    }
    assert {one for one, _, _ in named(facts, "USES_MODEL")} == {"Writer", "Clerk"}


def test_mcp_servers_and_agents_that_lie_elsewhere() -> None:
    facts = linked(
        {
            "Program.cs": USING
            + """
await using var files = await McpClient.CreateAsync(new StdioClientTransport(new() { Name = "files", Command = "npx",
        Arguments = ["-y", "@shop/files@1.0.0"] }));
var fileTools = await files.ListToolsAsync();
AIAgent agent = chat.AsAIAgent(name: "Filer", tools: [.. fileTools.Cast<AITool>(), new HostedMcpServerTool("docs",
        "https://docs.shop.example/mcp")]);
AIAgent kept = await persistent.Administration.CreateAgentAsync("gpt-4.1", "Kept", "", "Be kind.",
        tools: [new CodeInterpreterToolDefinition()]);
AIAgent same = await persistent.GetAIAgentAsync(kept.Value.Id);
AIAgent unknown = chat.AsAIAgent(name: "Odd", tools: Load());
"""
        }
    )
    assert agents(facts) == {"Filer", "Kept", "Odd"}
    assert {(one, other) for one, other, _ in named(facts, "CONNECTS_TO")} >= {("Filer", "files")}
    assert len([edge for edge in facts.edges if edge.kind == "CONNECTS_TO"]) == 2
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("Kept", "code_interpreter")}
    assert [message for _, _, message in facts.problems] == ["the tools of 'Odd' are not all known"]


def test_a_factory_makes_as_many_agents_as_it_is_called_for() -> None:
    facts = linked(
        {
            "Factory.cs": USING
            + """
public class ShopAgentFactory(IChatClient chat)
{
    public AIAgent Make(string name, IList<AITool> tools) => chat.AsAIAgent(instructions: "x", name: name, tools: tools);
}
""",
            "Use.cs": """
public class Use(ShopAgentFactory factory)
{
    AIAgent seller = factory.Make("seller", [AIFunctionFactory.Create(Sell)]);
    void Run()
    {
        const string Name = "buyer";
        var buyer = factory.Make(Name, []);
        var both = AgentWorkflowBuilder.BuildSequential(seller, buyer);
    }
    static string Sell(string what) => what;
}
""",
        }
    )
    assert agents(facts) == {"seller", "buyer"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("seller", "Sell")}
    assert named(facts, "DELEGATES_TO") == {("both", "seller", "sequential"), ("both", "buyer", "sequential")}


def test_agents_that_the_service_keeps_in_versions() -> None:
    facts = linked(
        {
            "Program.cs": USING
            + """
FileSearchTool search = new(["store"]);
var docs = ResponseTool.CreateMcpTool(serverLabel: "docs", serverUri: new Uri("https://docs.shop.example/mcp"),
    allowedTools: new McpToolFilter() { ToolNames = { "look" } },
    toolCallApprovalPolicy: new McpToolCallApprovalPolicy(GlobalMcpToolCallApprovalPolicy.AlwaysRequireApproval));
var version = await project.AgentAdministrationClient.CreateAgentVersionAsync("Reader",
    new AgentVersionCreationOptions(new DeclarativeAgentDefinition(model: "gpt-4.1") { Tools = { search, docs } }));
AIAgent agent = project.AsAIAgent(version);
"""
        }
    )
    assert agents(facts) == {"Reader"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("Reader", "file_search")}
    connection = next(edge for edge in facts.edges if edge.kind == "CONNECTS_TO")
    assert connection.props["tools"] == ["look"]
    assert connection.props["guards"]
    assert {other for _, other, _ in named(facts, "USES_MODEL")} == {"gpt-4.1"}


def test_an_agent_that_stands_for_a_chat_and_plugins_of_the_library() -> None:
    facts = linked(
        {
            "A.cs": KERNEL
            + """
class A {
    Kernel _kernel;
    A() { _kernel = Kernel.CreateBuilder().Build(); _kernel.Plugins.AddFromType<WebSearchEnginePlugin>(); }
    void Run() {
        ChatCompletionAgent one = new() { Name = "One", Kernel = _kernel };
        AggregatorAgent whole = new(CreateChat) { Name = "Whole" };
        AgentGroupChat CreateChat() => new(one) { };
    }
}
"""
        }
    )
    assert agents(facts) == {"One", "Whole"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("One", "web_search")}
    assert {(one, other) for one, other, _ in named(facts, "DELEGATES_TO")} == {("Whole", "Chat"), ("Chat", "One")}


def test_variables_of_one_name_in_several_functions_stay_apart() -> None:
    facts = linked(
        {
            "A.cs": KERNEL
            + """
app.MapPost("/one", () => { Kernel kernel = f.Get(); ChatCompletionAgent agent = new() { Name = "one", Kernel = kernel };
        return agent; });
app.MapPost("/two", () => { Kernel kernel = f.Get(); kernel.ImportPluginFromObject(new P());
        ChatCompletionAgent agent = new() { Name = "two", Kernel = kernel }; return agent; });
app.MapPost("/three", () => { Kernel kernel = f.Get(); ChatCompletionAgent agent = new() { Name = "three",
        Kernel = kernel }; return agent; });
class P { [KernelFunction] public string Now() => ""; }
"""
        }
    )
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("two", "Now")}


def test_the_library_itself_makes_no_agents() -> None:
    body = 'static class E { public static AIAgent AsAIAgent(this IChatClient c) => new ChatClientAgent(c, name: "x"); }'
    assert not linked({"E.cs": USING + "namespace Microsoft.Agents.AI;\n" + body}).nodes
    assert agents(linked({"E.cs": USING + "namespace Shop.Agents;\n" + body})) == {"x"}


def test_what_only_looks_like_an_agent_is_none() -> None:
    facts = linked(
        {
            "A.cs": USING
            + 'class A { string AsAIAgent = "x"; void F() { var s = agent.RunAsync("AsAIAgent"); '
            + "Console.WriteLine(nameof(ChatClientAgent)); } }"
        }
    )
    assert not facts.nodes


def test_agents_of_one_name_in_two_methods_stay_two() -> None:
    text = USING + 'class A { void F() { AIAgent a = c.AsAIAgent(name: "x"); } void G() { AIAgent a = c.AsAIAgent(name: "x"); } }'
    found = {key for kind, key in linked({"A.cs": text}).nodes if kind == "Agent"}
    assert len(found) == 2


@pytest.mark.parametrize("inner", ["a.AsAIAgent(", "new ChatClientAgent(", "[", "x ? a : ", "(", "new() { Tools = "])
def test_nesting_is_bounded(inner: str) -> None:
    text = USING + "var x = " + inner * 150 + ";"
    with contextlib.suppress(IngestError):
        list(csharp_source.link("shop", {"A.cs": csharp_source.summarise(document(text, "A.cs"))}))


def test_many_agents_with_one_list_of_many_tools_take_little_time() -> None:
    text = USING + "class A { void F() { var t = new List<AITool>(); "
    text += "t.Add(x);" * 1500 + "".join(f"var a{one} = c.AsAIAgent(tools: t);" for one in range(1500)) + "} }"
    start = time.process_time()
    assert len(agents(linked({"A.cs": text}))) == 1500
    assert time.process_time() - start < 15


def test_names_that_go_in_circles_end() -> None:
    text = (
        USING
        + "class A { AIAgent P => Q; AIAgent Q => P; AIAgent F(AIAgent a) => F(F(a)); "
        + "void G() { var w = new WorkflowBuilder(P).AddEdge(F(P), Q).Build(); } }"
    )
    linked({"A.cs": text})


@given(st.text(alphabet='AIAgent.As()[]{};,="new x', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(IngestError):
        summary = csharp_source.summarise(document(USING + text, "A.cs"))
        pickle.dumps(summary)
        list(csharp_source.link("shop", {"A.cs": summary}))


def test_plugins_that_a_container_of_services_makes_and_those_that_are_not_known() -> None:
    facts = linked(
        {
            "Desk.cs": KERNEL
            + """
public class OrderPlugin { [KernelFunction] public string Refund(string id) => id; }
public class StockPlugin { [KernelFunction] public string Count(string id) => id; }
public class Desk(StockPlugin stock)
{
    private readonly OrderPlugin _orders;
    public Desk(OrderPlugin orders) { _orders = orders; }
    public ChatCompletionAgent Make(Kernel kernel, IServiceProvider services)
    {
        Kernel one = kernel.Clone();
        one.Plugins.AddFromObject(services.GetRequiredService<OrderPlugin>());
        Kernel two = kernel.Clone();
        two.Plugins.AddFromObject(_orders);
        Kernel three = kernel.Clone();
        var plugin = Elsewhere.Plugin("x");
        three.Plugins.Add(plugin);
        ChatCompletionAgent first = new() { Name = "First", Kernel = one };
        ChatCompletionAgent second = new() { Name = "Second", Kernel = two };
        ChatCompletionAgent third = new() { Name = "Third", Kernel = three };
        return first;
    }
}
"""
        }
    )
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("First", "Refund"), ("Second", "Refund")}
    assert [message for _, _, message in facts.problems] == ["a plugin of 'Third' is not known"]
