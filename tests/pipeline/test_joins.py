from __future__ import annotations

import pytest

from graphinv.analyze.arcs import project
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, OwnerRule, Props, Ref
from graphinv.model.results import Atom
from graphinv.pipeline.joins import MANY_AGENTS, UNSURE_ELSEWHERE, UNSURE_SAME_FOLDER, resolve
from tests.analyze.estates import AT, estate_of

SERVER: NodeKey = ("ToolServer", "mcp:shop/api/.mcp.json#stripe")


def holds(path: str, name: str = "STRIPE_API_KEY") -> EdgeFact:
    ref = Ref("Secret", "env", name, fallback=f"env:shop#{name}")
    return EdgeFact("HOLDS", SERVER, ref, {"evidence": ["declared"], "sources": [f"shop/{path}#L3"]})


def bound(folder: str, secret: str, name: str = "STRIPE_API_KEY") -> Binding:
    return Binding("env", name, ("Secret", secret), folder, f"{folder}/.env")


def targets(facts: list[Fact]) -> list[tuple[str, list[str], float | None]]:
    return [
        (edge.target[1], edge.props["evidence"], edge.props.get("confidence"))
        for edge in resolve("shop", facts).edges
        if isinstance(edge.target, tuple)
    ]


def test_a_variable_means_the_definition_in_the_nearest_folder_upwards() -> None:
    facts: list[Fact] = [holds("api/.mcp.json"), bound("", "top"), bound("api", "near"), bound("web", "other")]
    assert targets(facts) == [("near", ["declared"], None)]


def test_a_definition_above_is_found_and_one_below_is_not_nearer() -> None:
    assert targets([holds("api/.mcp.json"), bound("", "top"), bound("api/deep", "below")]) == [("top", ["declared"], None)]


def test_the_only_definition_elsewhere_in_the_root_is_inferred() -> None:
    assert targets([holds("api/.mcp.json"), bound("web", "other")]) == [("other", ["inferred"], UNSURE_ELSEWHERE)]


def test_two_definitions_elsewhere_are_no_definition() -> None:
    facts: list[Fact] = [holds("api/.mcp.json"), bound("web", "one"), bound("job", "two")]
    assert targets(facts) == [("env:shop#STRIPE_API_KEY", ["declared"], None)]


def test_two_values_in_one_folder_are_both_possible() -> None:
    facts: list[Fact] = [holds("api/.mcp.json"), bound("api", "one"), bound("api", "two")]
    assert targets(facts) == [("one", ["inferred"], UNSURE_SAME_FOLDER), ("two", ["inferred"], UNSURE_SAME_FOLDER)]


def test_an_unbound_variable_is_a_secret_of_its_root_and_no_problem() -> None:
    resolved = resolve("shop", [holds("api/.mcp.json")])
    assert [(node.key, node.props["name"], node.props.get("status")) for node in resolved.nodes] == [
        (("Secret", "env:shop#STRIPE_API_KEY"), "STRIPE_API_KEY", None)
    ]
    assert resolved.problems == []


def test_an_unknown_server_name_is_a_placeholder_and_a_problem_at_its_place() -> None:
    ref = Ref("ToolServer", "claude-code", "github", fallback="mcp:shop#github")
    resolved = resolve("shop", [EdgeFact("CONNECTS_TO", ("Agent", "a"), ref, {"sources": ["shop/.claude/agents/a.md#L4"]})])
    assert [(node.id, node.props["status"]) for node in resolved.nodes] == [("mcp:shop#github", "unknown")]
    assert [(problem.document, problem.where, problem.severity) for problem in resolved.problems] == [
        (".claude/agents/a.md", "L4", "warning")
    ]


def test_everything_visible_is_what_the_folders_upwards_bind_in_that_space() -> None:
    def server(space: str, folder: str, name: str) -> Binding:
        return Binding(space, name, ("ToolServer", f"{space}/{folder}/{name}"), folder, "x")

    inherits = EdgeFact("CONNECTS_TO", ("Agent", "a"), Ref("ToolServer", "claude-code", "*"), {"sources": ["shop/api/.claude/agents/a.md"]})
    facts: list[Fact] = [
        inherits,
        server("claude-code", "api", "one"),
        server("claude-code", "", "two"),
        server("cursor", "api", "three"),
        server("claude-code", "web", "four"),
    ]
    assert [edge.target[1] for edge in resolve("shop", facts).edges if isinstance(edge.target, tuple)] == [
        "claude-code//two",
        "claude-code/api/one",
    ]


def test_all_agents_leaves_out_oneself() -> None:
    facts: list[Fact] = [Binding("claude-code", name, ("Agent", name), "", "x") for name in ("a", "b")]
    facts.append(EdgeFact("DELEGATES_TO", ("Agent", "a"), Ref("Agent", "claude-code", "*"), {"sources": ["shop/.claude/agents/a.md"]}))
    assert [edge.target for edge in resolve("shop", facts).edges] == [("Agent", "b")]


def test_native_facts_may_name_a_variable_of_their_root() -> None:
    facts: list[Fact] = [
        bound("api", "secret:1"),
        NodeFact("Secret", "env:shop#STRIPE_API_KEY", {"name": "x", "lifetime": "static"}),
        EdgeFact("AUTHENTICATES_AS", ("Secret", "env:shop#STRIPE_API_KEY"), ("Identity", "i"), {}),
    ]
    resolved = resolve("shop", facts)
    assert [(node.id, node.props) for node in resolved.nodes] == [("secret:1", {"lifetime": "static"})]
    assert [edge.source for edge in resolved.edges] == [("Secret", "secret:1")]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("src/app.py", "@acme/app"),
        ("docs/a.md", "@acme/docs"),
        ("docs/deep/a.md", "@acme/all"),
        ("build/logs/x", "@acme/logs"),
        ("deep/src/app.py", "@acme/all"),
        ("nobody/x", None),
    ],
)
def test_owner_rules_last_match_wins(path: str, owner: str | None) -> None:
    patterns = [("*", "@acme/all"), ("/src/", "@acme/app"), ("docs/*", "@acme/docs"), ("**/logs", "@acme/logs"), ("/nobody/", None)]
    facts: list[Fact] = [
        OwnerRule(pattern, (("Owner", who),) if who else (), "", rank, f"shop/CODEOWNERS#L{rank}")
        for rank, (pattern, who) in enumerate(patterns, 1)
    ]
    facts.append(NodeFact("Agent", "a", {"sources": [f"shop/{path}#L1"]}))
    assert [edge.source[1] for edge in resolve("shop", facts).edges if isinstance(edge.source, tuple)] == ([owner] if owner else [])


def test_what_a_file_names_and_everybody_has_belongs_to_nobody_who_owns_the_file() -> None:
    there: Props = {"sources": ["shop/a.md#L1"]}
    facts: list[Fact] = [
        OwnerRule("*", (("Owner", "@acme/all"),), "", 1, "shop/CODEOWNERS#L1"),
        NodeFact("Agent", "a", there),
        NodeFact("Tool", "claude-code:Bash", {"kind_detail": "claude-code built-in", **there}),
        NodeFact("Tool", "shop/a.py#refund", {"kind_detail": "function", **there}),
        NodeFact("Model", "opus", there),
        NodeFact("Package", "pkg:npm/express", there),
    ]
    assert [edge.target for edge in resolve("shop", facts).edges] == [("Agent", "a"), ("Tool", "shop/a.py#refund")]


def test_sections_unite_and_a_nearer_file_replaces_one_above() -> None:
    def rule(pattern: str, owner: str, folder: str, rank: int, section: str = "") -> OwnerRule:
        return OwnerRule(pattern, (("Owner", owner),), folder, rank, f"shop/{folder}/CODEOWNERS#L{rank}", section)

    rules = [rule("*", "@a/all", "", 1), rule("*", "@a/sec", "", 2, "Security"), rule("*", "@a/api", "api", 1)]

    def owners(path: str) -> list[str]:
        facts: list[Fact] = [*rules, NodeFact("Agent", "a", {"sources": [f"shop/{path}"]})]
        return sorted(edge.source[1] for edge in resolve("shop", facts).edges if isinstance(edge.source, tuple))

    assert owners("x.md") == ["@a/all", "@a/sec"]
    assert owners("api/x.md") == ["@a/api"]


def test_a_sub_agent_that_uses_a_remote_server_by_name_sends_the_same_credentials() -> None:
    server: NodeKey = ("ToolServer", "https://mcp.example/mcp")
    token = Ref("Secret", "env", "TOKEN", fallback="env:shop#TOKEN")
    inherits = EdgeFact(
        "CONNECTS_TO", ("Agent", "sub"), Ref("ToolServer", "claude-code", "*"), {"sources": ["shop/api/.claude/agents/a.md#L1"]}
    )
    facts: list[Fact] = [
        inherits,
        Binding("claude-code", "x", server, "api", "api/.mcp.json", (("Secret", "inline"), token)),
        Binding("claude-code", "x", server, "web", "web/.mcp.json", (("Secret", "not mine"),)),
        bound("api", "value", "TOKEN"),
    ]
    held = {(edge.source, edge.target, *edge.props["evidence"]) for edge in resolve("shop", facts).edges if edge.kind == "HOLDS"}
    assert held == {(("Agent", "sub"), ("Secret", secret), "inferred") for secret in ("inline", "value")}


def crowd(size: int, *, mode: str = "invoke") -> list[Fact]:
    """Agents in ``agents/``, each of which may ask any other."""
    names = [f"a{number}" for number in range(size)]
    bound = [Binding("claude-code", name, ("Agent", name), "agents", f"agents/{name}.md") for name in names]
    ref = Ref("Agent", "claude-code", "*")
    asks = [
        EdgeFact("DELEGATES_TO", ("Agent", name), ref, {"mode": mode, "evidence": ["declared"], "sources": [f"shop/agents/{name}.md#L2"]})
        for name in names
    ]
    return [*bound, *asks]


def test_any_agent_of_many_is_one_node_and_edges_grow_with_the_agents() -> None:
    few, many = resolve("shop", crowd(MANY_AGENTS)), resolve("shop", crowd(MANY_AGENTS + 1))
    assert len(few.edges) == MANY_AGENTS * (MANY_AGENTS - 1)
    assert len(many.edges) == 2 * (MANY_AGENTS + 1)
    assert [(node.key, node.props["kind_detail"]) for node in many.nodes] == [
        (("Workflow", "any-agent:shop/agents#claude-code"), "any-agent")
    ]
    (hub,) = many.nodes
    asked = {edge.target: edge.props["sources"] for edge in many.edges if edge.source == hub.key}
    assert asked["Agent", "a7"] == ["shop/agents/a7.md"]
    assert {edge.source for edge in many.edges if edge.target == hub.key} == set(asked)


def test_any_agent_of_many_reaches_what_each_by_itself_would() -> None:
    keys = [("Agent", f"a{number}") for number in range(MANY_AGENTS + 1)]
    own = [
        fact for number in (1, 2) for fact in (NodeFact("Secret", f"s{number}"), EdgeFact("HOLDS", keys[number], ("Secret", f"s{number}")))
    ]
    facts: list[NodeFact | EdgeFact] = [*(NodeFact(*key) for key in keys), *own]

    def reach(edges: list[EdgeFact], nodes: list[NodeFact]) -> dict[NodeKey, set[Atom]]:
        privileges = Privileges(project(structure_of(estate_of([*facts, *nodes, *edges])), "posture", AT))
        return {key: set(privileges.atoms_of(key)) for key in keys}

    many = resolve("shop", crowd(MANY_AGENTS + 1))
    pairwise = [EdgeFact("DELEGATES_TO", one, other, {"mode": "invoke"}) for one in keys for other in keys if one != other]
    assert reach(many.edges, many.nodes) == reach(pairwise, [])


def test_an_agent_that_is_said_to_ask_itself_does() -> None:
    edge = EdgeFact("DELEGATES_TO", ("Agent", "a"), ("Agent", "a"), {"mode": "invoke"})
    assert resolve("shop", [edge]).edges == [edge]


def test_any_agent_that_acts_for_its_caller_is_an_edge_to_each() -> None:
    size = MANY_AGENTS + 1
    assert len(resolve("shop", crowd(size, mode="on_behalf_of")).edges) == size * (size - 1)


SOURCE: NodeKey = ("ToolServer", "mcp-source:shop/src/orders#orders")
TOOL: NodeKey = ("Tool", f"{SOURCE[1]}/refund")


def started(path: str, label: str) -> NodeFact:
    return NodeFact("ToolServer", f"mcp:shop/{path}#orders", {"labels": [label], "sources": [f"shop/{path}#L2"]})


def in_source(folder: str = "", name: str = "src/orders.py") -> list[Fact]:
    """A server in source with one tool that holds a key."""
    said = {"evidence": ["declared"], "sources": ["shop/src/orders.py#L9"]}
    return [
        NodeFact(*SOURCE, {"name": "orders", "sources": ["shop/src/orders.py#L3"]}),
        NodeFact(*TOOL, {"name": "refund", "effects": ["write"], "sources": ["shop/src/orders.py#L9"]}),
        EdgeFact("PROVIDES", SOURCE, TOOL, said),
        EdgeFact("HOLDS", TOOL, Ref("Secret", "env", "PAY_KEY", fallback="env:shop#PAY_KEY"), said),
        Binding("mcp-entry", name, SOURCE, folder, "src/orders.py"),
    ]


def drawn_of(server: str, facts: list[Fact]) -> list[tuple[str, str, str, list[str]]]:
    return sorted(
        (edge.kind, edge.source[1], edge.target[1], edge.props["evidence"])
        for edge in resolve("shop", facts).edges
        if isinstance(edge.source, tuple) and isinstance(edge.target, tuple) and edge.source[1].startswith(server)
    )


@pytest.mark.parametrize(("label", "bound"), [("entry=src/orders.py", "src/orders.py"), ("module=src.orders", "module:src.orders")])
def test_a_configured_server_has_the_tools_of_the_file_that_it_starts(label: str, bound: str) -> None:
    server = "mcp:shop/.mcp.json#orders"
    facts = [started(".mcp.json", label), *in_source(name=bound)]
    assert drawn_of(server, facts) == [
        ("HOLDS", f"{server}/refund", "env:shop#PAY_KEY", ["declared"]),
        ("PROVIDES", server, f"{server}/refund", ["declared"]),
    ]
    tool = next(node for node in resolve("shop", facts).nodes if node.id == f"{server}/refund")
    assert (tool.props["name"], tool.props["effects"]) == ("refund", ["write"])


def test_a_tool_in_source_says_which_servers_provide_it_unless_that_is_another_perhaps() -> None:
    def labels(*configured: NodeFact, folder: str = "", name: str = "src/orders.py") -> set[str]:
        found = resolve("shop", [*configured, *in_source(folder, name)]).nodes
        return {label for node in found if node.key == TOOL for label in node.props.get("labels", ())}

    assert labels(started(".mcp.json", "entry=src/orders.py")) == {"provided_as=mcp:shop/.mcp.json#orders"}
    assert labels(started(".mcp.json", "project=."), name=".") == {"provided_as=mcp:shop/.mcp.json#orders"}
    assert labels(started("web/.mcp.json", "entry=orders.py"), folder="src", name="orders.py") == set()


def test_two_configurations_of_one_file_have_tools_of_their_own() -> None:
    facts = [started(".mcp.json", "entry=src/orders.py"), started(".cursor/mcp.json", "entry=src/orders.py"), *in_source()]
    provided = {(source, target) for kind, source, target, _ in drawn_of("mcp:", facts) if kind == "PROVIDES"}
    assert provided == {(f"mcp:shop/{path}#orders", f"mcp:shop/{path}#orders/refund") for path in (".mcp.json", ".cursor/mcp.json")}


def test_a_file_elsewhere_in_the_root_gives_its_tools_by_inference_and_an_unknown_one_gives_none() -> None:
    elsewhere = [started("web/.mcp.json", "entry=orders.py"), *in_source("src", "orders.py")]
    assert [evidence for kind, _, _, evidence in drawn_of("mcp:", elsewhere) if kind == "PROVIDES"] == [["inferred"]]
    assert drawn_of("mcp:", [started(".mcp.json", "entry=other.py"), *in_source()]) == []


def test_a_tool_in_source_gets_the_value_that_the_configuration_of_its_server_puts_into_the_variable() -> None:
    server: NodeKey = ("ToolServer", "mcp:shop/.mcp.json#orders")
    value: NodeKey = ("Secret", "secret:abc")
    facts = [
        started(".mcp.json", "entry=src/orders.py"),
        NodeFact(*value, {"name": "PAY_KEY (api_key)", "fingerprint": "abc", "sources": ["shop/.mcp.json#L5"]}),
        EdgeFact("HOLDS", server, value, {"evidence": ["declared"], "sources": ["shop/.mcp.json#L5"]}),
        *in_source(),
    ]
    assert ("HOLDS", f"{server[1]}/refund", "secret:abc", ["declared"]) in drawn_of("mcp:", facts)
    assert ("HOLDS", TOOL[1], "env:shop#PAY_KEY", ["declared"]) in drawn_of("mcp-source:", facts)
