"""Agents in Go: ADK, Eino, LangChainGo and Genkit."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import go_source
from graphinv.model.errors import IngestError
from tests.ingest.reading import document
from tests.ingest.test_csharp_agents import agents, named
from tests.ingest.test_go_source import MOD, linked

ADK = """package main
import (
	"context"
	"os"
	"os/exec"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"google.golang.org/adk/v2/agent"
	"google.golang.org/adk/v2/agent/llmagent"
	"google.golang.org/adk/v2/agent/remoteagent/v2"
	"google.golang.org/adk/v2/agent/workflowagents/sequentialagent"
	"google.golang.org/adk/v2/model/gemini"
	"google.golang.org/adk/v2/tool"
	"google.golang.org/adk/v2/tool/agenttool"
	"google.golang.org/adk/v2/tool/functiontool"
	"google.golang.org/adk/v2/tool/geminitool"
	"google.golang.org/adk/v2/tool/mcptoolset"
)
"""
EINO = """package main
import (
	"context"
	"os"
	"github.com/cloudwego/eino/adk"
	"github.com/cloudwego/eino/adk/prebuilt/deep"
	"github.com/cloudwego/eino/adk/prebuilt/planexecute"
	"github.com/cloudwego/eino/adk/prebuilt/supervisor"
	"github.com/cloudwego/eino/components/tool"
	"github.com/cloudwego/eino/components/tool/utils"
	"github.com/cloudwego/eino/compose"
	"github.com/cloudwego/eino/flow/agent/react"
	"github.com/cloudwego/eino/flow/agent/multiagent/host"
	"github.com/cloudwego/eino/schema"
)
"""


def test_agents_of_adk_with_tools_servers_and_sub_agents() -> None:
    facts = linked(
        {
            "go.mod": MOD,
            "main.go": ADK
            + """
const who = "clerk"
type args struct { Order string `json:"order"` }
func refund(ctx agent.Context, in args) (string, error) { return "", os.Remove(in.Order) }
func main() {
	ctx := context.Background()
	model, err := gemini.NewModel(ctx, "gemini-2.5-flash", &genai.ClientConfig{APIKey: os.Getenv("GOOGLE_API_KEY")})
	refundTool, err := functiontool.New(functiontool.Config{Name: "refund", Description: "Pays back", RequireConfirmation: true}, refund)
	set, err := mcptoolset.New(mcptoolset.Config{Transport: &mcp.CommandTransport{Command: exec.Command("npx", "-y", "@shop/files@1.0.0")}})
	clerk, err := llmagent.New(llmagent.Config{Name: who, Model: model, Tools: []tool.Tool{refundTool, geminitool.GoogleSearch{}},
		Toolsets: []tool.Toolset{set}})
	far, err := remoteagent.NewA2A(remoteagent.A2AConfig{Name: "far", AgentCardSource: "https://far.shop.example"})
	line, err := sequentialagent.New(sequentialagent.Config{AgentConfig: agent.Config{Name: "line", SubAgents: []agent.Agent{clerk, far}}})
	root, err := llmagent.New(llmagent.Config{Name: "root", Tools: []tool.Tool{agenttool.New(clerk, nil)}, SubAgents: []agent.Agent{line}})
	_ = root
}
""",
        }
    )
    assert agents(facts) >= {"clerk", "far", "line", "root"}
    assert facts.nodes["Agent", "google-adk:shop/main#clerk"]["framework"] == "google-adk"
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {("clerk", "refund"), ("clerk", "google_search")}
    assert facts.nodes["Tool", "tool:shop/main#refund"]["effects"] == ["destructive"]
    guarded = [edge.props.get("guards") for edge in facts.edges if edge.kind == "USES" and "refund" in str(edge.target)]
    assert guarded == [["approval:tool:shop/main#refund"]]
    assert {other for one, other, _ in named(facts, "CONNECTS_TO") if one == "clerk"} == {"mcp"}
    assert named(facts, "DELEGATES_TO") >= {
        ("line", "clerk", "sub_agents"),
        ("line", "far", "sub_agents"),
        ("root", "clerk", "agent_as_tool"),
        ("root", "line", "sub_agents"),
    }
    assert ("#root", "#line", "handoff") in {
        (str(edge.source)[-7:-2], str(edge.target)[-7:-2], edge.props["mode"]) for edge in facts.edges if edge.kind == "DELEGATES_TO"
    }
    assert ("clerk", "gemini-2.5-flash", "") in named(facts, "USES_MODEL")
    assert facts.targets("HOLDS", "google-adk:shop/main#clerk") == {"env:GOOGLE_API_KEY"}


def test_agents_of_eino_with_prebuilt_teams() -> None:
    facts = linked(
        {
            "go.mod": MOD,
            "agents.go": EINO
            + """
type Sum struct{}
func (s *Sum) Info(ctx context.Context) (*schema.ToolInfo, error) { return &schema.ToolInfo{Name: "sum", Desc: "Adds"}, nil }
func (s *Sum) InvokableRun(ctx context.Context, in string, opts ...tool.Option) (string, error) { os.ReadFile(in); return in, nil }
func look(ctx context.Context, q *query) (*answer, error) { return nil, nil }
type safe struct { tool.InvokableTool }
func (s safe) Info(ctx context.Context) (*schema.ToolInfo, error) { return s.InvokableTool.Info(ctx) }
func (s safe) InvokableRun(ctx context.Context, in string) (string, error) { return s.InvokableTool.InvokableRun(ctx, in) }
func safeTool(name, desc string, fn any) (tool.InvokableTool, error) {
	t, err := utils.InferTool(name, desc, fn)
	return safe{InvokableTool: t}, err
}
func newSearcher(ctx context.Context) (adk.Agent, error) {
	t, err := safeTool("search", "Searches", look)
	return adk.NewChatModelAgent(ctx, &adk.ChatModelAgentConfig{Name: "searcher",
		ToolsConfig: adk.ToolsConfig{ToolsNodeConfig: compose.ToolsNodeConfig{Tools: []tool.BaseTool{t, &Sum{}}}}})
}
func newWorker(ctx context.Context, name string) adk.Agent {
	a, _ := adk.NewChatModelAgent(ctx, &adk.ChatModelAgentConfig{Name: name})
	return a
}
func main() {
	ctx := context.Background()
	searcher, _ := newSearcher(ctx)
	one := newWorker(ctx, "one")
	two := newWorker(ctx, "two")
	boss, _ := adk.NewChatModelAgent(ctx, &adk.ChatModelAgentConfig{Name: "boss", ToolsConfig: adk.ToolsConfig{
		ToolsNodeConfig: compose.ToolsNodeConfig{Tools: []tool.BaseTool{adk.NewAgentTool(ctx, two)}}}})
	team, _ := supervisor.New(ctx, &supervisor.Config{Supervisor: boss, SubAgents: []adk.Agent{searcher, one}})
	routed, _ := adk.SetSubAgents(ctx, one, []adk.Agent{two})
	line, _ := adk.NewSequentialAgent(ctx, &adk.SequentialAgentConfig{Name: "line", SubAgents: []adk.Agent{team, routed}})
	planner, _ := planexecute.NewPlanner(ctx, &planexecute.PlannerConfig{})
	worker, _ := planexecute.NewExecutor(ctx, &planexecute.ExecutorConfig{ToolsConfig: adk.ToolsConfig{}})
	plan, _ := planexecute.New(ctx, &planexecute.Config{Planner: &noted{inner: planner}, Executor: worker})
	typed, _ := adk.NewTypedChatModelAgent[*schema.AgenticMessage](ctx, &adk.TypedChatModelAgentConfig[*schema.AgenticMessage]{
		Name: "typed", ToolsConfig: adk.ToolsConfig{ToolsNodeConfig: compose.ToolsNodeConfig{Tools: []tool.BaseTool{&Sum{}}}}})
	analyst, _ := deep.New(ctx, &deep.Config{Name: "analyst", SubAgents: []adk.Agent{searcher}})
	r, _ := react.NewAgent(ctx, &react.AgentConfig{ToolsConfig: compose.ToolsNodeConfig{Tools: []tool.BaseTool{&Sum{}}}})
	many, _ := host.NewMultiAgent(ctx, &host.MultiAgentConfig{Specialists: []*host.Specialist{
		&host.Specialist{AgentMeta: host.AgentMeta{Name: "writer"}}}})
}
""",
        }
    )
    assert agents(facts) == {"searcher", "one", "two", "boss", "line", "planner", "executor", "typed", "analyst", "r", "many", "writer"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {
        ("searcher", "search"),
        ("searcher", "sum"),
        ("typed", "sum"),
        ("r", "sum"),
    }
    assert facts.nodes["Tool", "tool:shop/agents#sum"]["effects"] == ["read"]
    assert named(facts, "DELEGATES_TO") == {
        ("boss", "two", "agent_as_tool"),
        ("boss", "searcher", "sub_agents"),
        ("boss", "one", "sub_agents"),
        ("one", "two", "sub_agents"),
        ("line", "boss", "sub_agents"),
        ("line", "one", "sub_agents"),
        ("plan", "planner", "plan_execute"),
        ("plan", "executor", "plan_execute"),
        ("analyst", "searcher", "sub_agents"),
        ("many", "writer", "specialist"),
    }


def test_agents_of_langchaingo_and_genkit() -> None:
    facts = linked(
        {
            "go.mod": MOD,
            "chain/main.go": """package main
import (
	"github.com/tmc/langchaingo/agents"
	"github.com/tmc/langchaingo/llms/openai"
	"github.com/tmc/langchaingo/tools"
	"github.com/tmc/langchaingo/tools/serpapi"
)
func main() {
	llm, err := openai.New(openai.WithModel("gpt-4o"))
	search, err := serpapi.New()
	agentTools := []tools.Tool{tools.Calculator{}, search}
	agent := agents.NewOneShotAgent(llm, agentTools, agents.WithMaxIterations(3))
	executor := agents.NewExecutor(agent)
}
""",
            "kit/main.go": """package main
import (
	"context"
	"os/exec"
	"github.com/firebase/genkit/go/ai"
	"github.com/firebase/genkit/go/genkit"
)
func main() {
	ctx := context.Background()
	g := genkit.Init(ctx)
	run := genkit.DefineTool(g, "run", "Runs", func(ctx *ai.ToolContext, in string) (string, error) {
		return "", exec.Command(in).Run()
	})
	helper := genkit.DefinePrompt(g, "helper", ai.WithModelName("googleai/gemini-2.5-flash"), ai.WithTools(run))
	genkit.DefineFlow(g, "menu", func(ctx context.Context, in string) (string, error) {
		return genkit.GenerateText(ctx, g, ai.WithPrompt(in), ai.WithTools(run))
	})
	genkit.DefineFlow(g, "plain", func(ctx context.Context, in string) (string, error) {
		return genkit.GenerateText(ctx, g, ai.WithPrompt(in))
	})
}
""",
        }
    )
    assert agents(facts) == {"chain", "helper", "menu"}
    assert {(one, other) for one, other, _ in named(facts, "USES")} == {
        ("chain", "calculator"),
        ("chain", "serpapi"),
        ("helper", "run"),
        ("menu", "run"),
    }
    assert facts.nodes["Tool", "tool:shop/kit/main#run"]["effects"] == ["execute"]
    assert ("helper", "googleai/gemini-2.5-flash", "") in named(facts, "USES_MODEL")


def test_a_function_literal_makes_as_many_agents_as_it_is_called_for() -> None:
    text = (
        ADK
        + """
const second = "two"
func all() agent.Agent {
	build := func(name string) (agent.Agent, error) {
		return llmagent.New(llmagent.Config{Name: name, Tools: []tool.Tool{geminitool.GoogleSearch{}}})
	}
	one, _ := build("one")
	two, _ := build(second)
	all, _ := sequentialagent.New(sequentialagent.Config{AgentConfig: agent.Config{Name: "all", SubAgents: []agent.Agent{one, two}}})
	return all
}
"""
    )
    facts = linked({"go.mod": MOD, "main.go": text})
    assert agents(facts) == {"one", "two", "all"}
    assert {other for _, other, _ in named(facts, "DELEGATES_TO")} == {"one", "two"}
    assert {one for one, _, _ in named(facts, "USES")} == {"one", "two"}


def test_what_is_put_together_when_it_runs_is_told() -> None:
    facts = linked(
        {
            "go.mod": MOD,
            "main.go": ADK
            + """
func build(ts []tool.Tool) agent.Agent { a, _ := llmagent.New(llmagent.Config{Name: "odd", Tools: load()}); return a }
""",
        }
    )
    assert agents(facts) == {"odd"}
    assert [message for _, _, message in facts.problems] == ["the tools of 'odd' are not all known"]


def test_lists_that_grow() -> None:
    text = (
        ADK
        + """
func main() {
	var ts []tool.Tool
	a, _ := functiontool.New(functiontool.Config{Name: "a"}, nil)
	ts = append(ts, a)
	x, _ := llmagent.New(llmagent.Config{Name: "x", Tools: ts})
}
"""
    )
    assert {other for _, other, _ in named(linked({"go.mod": MOD, "main.go": text}), "USES")} == {"a"}


@pytest.mark.parametrize(
    "text", ["func f() agent.Agent { return f() }", "var a = b\nvar b = a", "func f(a agent.Agent) agent.Agent { return f(f(a)) }"]
)
def test_names_that_go_in_circles_end(text: str) -> None:
    linked({"go.mod": MOD, "main.go": ADK + text + "\nvar x, _ = llmagent.New(llmagent.Config{Name: a, SubAgents: []agent.Agent{f(a)}})"})


def test_many_agents_take_little_time() -> None:
    text = ADK + "func main() {\n\tvar ts []tool.Tool\n" + "\tts = append(ts, t)\n" * 1000
    text += "".join(f'\ta{one}, _ := llmagent.New(llmagent.Config{{Name: "n{one}", Tools: ts}})\n' for one in range(1000)) + "}\n"
    start = time.process_time()
    assert len(agents(linked({"go.mod": MOD, "main.go": text}))) == 1000
    assert time.process_time() - start < 15


@given(st.text(alphabet='llmagent.New(Config{}):=,[]"a\n', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(IngestError):
        list(go_source.link("shop", {"main.go": go_source.summarise(document(ADK + text, "main.go"))}))
