"""OpenAI Agents SDK for JavaScript: hand-offs in all forms, agents as tools, factories, later assignment."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, names, pairs, project, source

IMPORT = 'import { Agent, handoff, run, tool } from "@openai/agents";\n'


def test_agents_of_a_factory_are_as_many_as_its_calls() -> None:
    facts = project("openai")
    assert names(facts, "Agent") == {"refunds agent", "shipping agent", "translator", "french translator", "triage", "auditor"}
    assert ("Agent", "openai-agents:shop/src/agents#refunds agent") in facts.nodes


def test_hand_offs_and_agents_as_tools() -> None:
    assert delegations(project("openai")) == {
        ("triage", "refunds agent", "handoff", "handoff"),
        ("triage", "shipping agent", "handoff", "handoff"),
        ("triage", "translator", "invoke", "agent_as_tool"),
        ("refunds agent", "triage", "handoff", "handoff"),
        ("shipping agent", "triage", "handoff", "handoff"),
    }


def test_the_place_of_an_edge_is_where_it_is_stated() -> None:
    facts = project("openai")
    place = "openai-agents:shop/src/agents"
    assert facts.props("DELEGATES_TO", f"{place}#triage", f"{place}#refunds agent")["sources"] == ["shop/src/agents.ts#L28"]
    assert facts.props("USES", f"{place}#refunds agent", "tool:shop/src/agents#run_report")["sources"] == ["shop/src/agents.ts#L20"]


def test_tools_of_the_tree_and_of_the_provider() -> None:
    facts = project("openai")
    assert facts.drawn("USES") == {
        ("openai-agents:shop/src/agents#refunds agent", "tool:shop/src/agents#run_report"),
        ("openai-agents:shop/src/agents#shipping agent", "openai:web_search"),
        ("openai-agents:shop/src/agents#shipping agent", "openai:code_interpreter"),
    }
    assert facts.nodes["Tool", "tool:shop/src/agents#run_report"]["effects"] == ["execute"]
    assert facts.nodes["Tool", "openai:web_search"]["ingests_untrusted"] is True


def test_mcp_servers_in_code() -> None:
    facts = project("openai")
    assert facts.targets("CONNECTS_TO", "openai-agents:shop/src/agents#triage") == {
        "mcp:shop/src/agents.ts#files",
        "https://mcp.wiki.example/mcp",
    }


def test_what_is_bound_at_run_time_is_a_problem_and_no_guess() -> None:
    facts = project("openai")
    assert len(facts.problems) == 2
    assert {where for where, _, _ in facts.problems} == {"L6"}
    assert all("'auditor'" in message for _, _, message in facts.problems)


def test_an_agent_that_nothing_names_has_the_name_of_its_variable() -> None:
    facts = source(IMPORT + "const billing = new Agent({ instructions: 'x', tools: [] });\n")
    assert names(facts, "Agent") == {"billing"}


def test_two_agents_of_one_name_in_one_document_are_two() -> None:
    facts = source(
        IMPORT + "const billing = new Agent({ name: 'Assistant' });\nconst sales = new Agent({ name: 'Assistant', handoffs: [billing] });\n"
    )
    assert delegations(facts) == {("sales/Assistant", "Assistant", "handoff", "handoff")}


def test_comments_texts_and_types_are_no_agents() -> None:
    facts = source(
        IMPORT
        + '// new Agent({ name: "a" })\n/* new Agent({ name: "b" }) */\nconst text = `new Agent({ name: "c" })`;\n'
        + "type D = Agent<{ name: 'd' }>;\nclass Agents { Agent(x: object) { return x; } }\n"
        + "export const mine = new Agents().Agent({ name: 'e' });\n"
    )
    assert names(facts, "Agent") == set()


def test_agents_of_other_packages_are_not_ours() -> None:
    facts = source(IMPORT.replace("@openai/agents", "https-proxy-agent") + 'export const a = new Agent({ name: "proxy" });\n')
    assert facts.all == []


def test_an_agent_that_a_tool_runs() -> None:
    facts = source(
        IMPORT
        + 'const inner = new Agent({ name: "inner" });\n'
        + 'const ask = tool({ name: "ask", execute: async ({ q }) => (await run(inner, q)).finalOutput });\n'
        + 'export const outer = new Agent({ name: "outer", tools: [ask] });\n'
    )
    assert delegations(facts) == {("outer", "inner", "invoke", "agent_as_tool")}
    assert pairs(facts, "CALLS_BACK") == {("ask", "inner")}


def test_classes_of_the_tree_that_extend_an_agent() -> None:
    facts = source(
        IMPORT
        + "class Shop extends Agent { constructor(name: string, private next: Agent) { super({ name, handoffs: [next] }); } }\n"
        + 'const last = new Agent({ name: "last" });\nexport const first = new Shop("first", last);\n'
    )
    assert delegations(facts) == {("first", "last", "handoff", "handoff")}


def test_lists_that_grow_and_spread() -> None:
    facts = source(
        IMPORT
        + 'const a = new Agent({ name: "a" }), b = new Agent({ name: "b" }), c = new Agent({ name: "c" });\n'
        + "const some = [a];\nsome.push(b);\nconst all = [...some, handoff(c)];\n"
        + "export const d = new Agent({ name: 'd', handoffs: all.filter(Boolean) });\n"
    )
    assert {target for _, target, _, _ in delegations(facts)} == {"a", "b", "c"}


def test_agents_in_tests_and_examples_are_marked() -> None:
    text = IMPORT + 'export const a = new Agent({ name: "a" });\n'
    (test,) = source(text, "src/__tests__/a.test.ts").nodes.values()
    (example,) = source(text, "examples/a.ts").nodes.values()
    assert (test["environment"], example["environment"]) == ("test", "dev")


def test_a_name_that_is_partly_known_keeps_its_known_part() -> None:
    facts = source(IMPORT + "export function make(kind) { return new Agent({ name: `${kind} helper` }); }\n")
    assert names(facts, "Agent") == {"{…} helper"}


def test_problems_of_one_document_are_counted_after_twenty() -> None:
    agents = "".join(f'new Agent({{ name: "a{number}", tools: outside() }});\n' for number in range(30))
    facts = source(IMPORT + "import { outside } from './gone';\n" + agents)
    assert len(facts.problems) == 21
    assert facts.problems[-1][2] == "10 more places that could not be followed are not listed"
