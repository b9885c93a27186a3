"""Mastra: agents, workflows, tools and servers of a project with barrels, factories and names that are looked up at run time."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, linked, names, pairs, project, source

PLACE = "shop/src/mastra"


def test_agents_have_the_name_of_their_author_and_an_id_that_keeps() -> None:
    facts = project("mastra")
    assert names(facts, "Agent") == {"Orders agent", "Support agent"}
    assert facts.nodes["Agent", f"mastra:{PLACE}/agents/orders#Orders agent"]["framework"] == "mastra"
    assert facts.nodes["Agent", f"mastra:{PLACE}/agents/orders#Orders agent"]["sources"] == [f"{PLACE}/agents/orders.ts#L15"]
    assert names(facts, "Workflow") == {"refund-workflow"}


def test_delegation_runs_from_the_one_who_decides() -> None:
    assert delegations(project("mastra")) == {
        ("Support agent", "Orders agent", "invoke", "sub_agents"),
        ("Support agent", "refund-workflow", "invoke", "workflow"),
        ("refund-workflow", "Orders agent", "invoke", "workflow_step"),
        ("refund-workflow", "Support agent", "invoke", "workflow_step"),
    }


def test_tools_belong_to_those_who_list_them() -> None:
    facts = project("mastra")
    assert pairs(facts, "USES") == {
        ("Orders agent", "lookup-order"),
        ("Support agent", "lookup-order"),
        ("Support agent", "refund-payment"),
        ("refund-workflow", "refund-payment"),
        ("refund-workflow", "notify"),
    }
    assert "nobodys-tool" not in names(facts, "Tool")


def test_what_tools_do_is_in_their_bodies_and_helpers() -> None:
    facts = project("mastra")
    assert facts.nodes["Tool", f"tool:{PLACE}/tools/orders#lookup-order"]["effects"] == ["read"]
    refund = facts.nodes["Tool", f"tool:{PLACE}/tools/orders#refund-payment"]
    assert refund["effects"] == ["egress", "irreversible", "write"]
    assert "needsApproval=true" in refund["hints"]
    assert pairs(facts, "HOLDS") == {
        ("lookup-order", "DATABASE_URL"),
        ("refund-payment", "STRIPE_API_KEY"),
        ("warehouse", "WAREHOUSE_TOKEN"),
        ("Orders agent", "CARRIER_TOKEN"),
    }


def test_servers_of_a_client_are_those_of_the_agent_that_has_their_tools() -> None:
    facts = project("mastra")
    assert facts.targets("CONNECTS_TO", f"mastra:{PLACE}/agents/orders#Orders agent") == {
        f"mcp:{PLACE}/agents/orders.ts#warehouse",
        "https://mcp.carrier.example/mcp",
    }
    assert facts.nodes["ToolServer", f"mcp:{PLACE}/agents/orders.ts#warehouse"]["package"] == "pkg:npm/%40acme/warehouse-mcp@2.1.0"


def test_models_and_memory() -> None:
    facts = project("mastra")
    assert pairs(facts, "USES_MODEL") == {("Orders agent", "openai/gpt-5-mini"), ("Support agent", "gpt-5")}
    assert pairs(facts, "WRITES") == pairs(facts, "READS") == {("Support agent", "Support agent")}


def test_what_is_not_in_the_tree_is_told_at_its_line() -> None:
    assert project("mastra").problems == [
        (
            "L7",
            "warning",
            "one of the tools of 'Support agent' could not be followed: it is imported from a document that is not in the tree",
        )
    ]


def test_two_services_with_an_agent_of_one_name_are_two_agents() -> None:
    text = 'import { Agent } from "@mastra/core/agent";\nexport const a = new Agent({ name: "helper", tools: {} });\n'
    facts = linked({"one/agent.ts": text, "two/agent.ts": text})
    assert {id for kind, id in facts.nodes if kind == "Agent"} == {"mastra:shop/one/agent#helper", "mastra:shop/two/agent#helper"}


def test_lines_that_move_change_no_id() -> None:
    text = 'import { Agent } from "@mastra/core/agent";\nexport const a = new Agent({ name: "helper" });\n'
    assert source(text).nodes.keys() == source("\n\n// moved\n" + text).nodes.keys()


def test_names_of_the_registry_mean_what_lies_nearest() -> None:
    def service(name: str) -> dict[str, str]:
        return {
            f"{name}/index.ts": (
                'import { Mastra } from "@mastra/core";\nimport { Agent } from "@mastra/core/agent";\n'
                'import { createTool } from "@mastra/core/tools";\n'
                f'const worker = new Agent({{ name: "{name} worker" }});\n'
                'const ask = createTool({ id: "ask", execute: async ({ mastra }) => mastra.getAgent("worker").generate("x") });\n'
                f'const boss = new Agent({{ name: "{name} boss", tools: {{ ask }} }});\n'
                "export const mastra = new Mastra({ agents: { worker, boss } });\n"
            )
        }

    facts = linked({**service("east"), **service("west")})
    assert delegations(facts) == {(f"{one} boss", f"{one} worker", "invoke", "agent_as_tool") for one in ("east", "west")}
    assert pairs(facts, "CALLS_BACK") == {("ask", "east worker"), ("ask", "west worker")}


def test_networks_and_remote_agents() -> None:
    facts = source(
        'import { Agent } from "@mastra/core/agent";\nimport { A2AAgent } from "@mastra/core/a2a";\n'
        'import { AgentNetwork } from "@mastra/core/network";\n'
        'const far = new A2AAgent({ id: "far", url: "https://far.example/.well-known/agent-card.json" });\n'
        'const near = new Agent({ name: "near", agents: async () => ({ far }) });\n'
        'export const net = new AgentNetwork({ name: "net", agents: [near] });\n'
    )
    assert delegations(facts) == {("near", "far", "invoke", "sub_agents"), ("net", "near", "invoke", "network")}
