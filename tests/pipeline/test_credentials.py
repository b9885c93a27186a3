from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphinv.ingest.grants import Known
from graphinv.model.errors import GraphinvError
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node
from graphinv.pipeline.credentials import kinds, load, opened
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from tests.ingest.reading import fake

STRIPE: NodeKey = ("Secret", "secret:1")
KEY_ID = "AKIA" + "QNZGKIQY56JQ7WML"


def secret(key: NodeKey = STRIPE, name: str = "STRIPE_API_KEY (stripe_secret_key)", **props: object) -> NodeFact:
    return NodeFact(*key, {"name": name, "sources": ["shop/.env#L2"], **props})


class Opened:
    """What the step says, by kind."""

    def __init__(self, nodes: list[NodeFact], edges: list[EdgeFact] | None = None) -> None:
        facts = list(opened(Known.of(nodes, edges or []), ()))
        self.nodes = {check_node(fact).key: fact.props for fact in facts if isinstance(fact, NodeFact)}
        self.edges = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact)]

    def drawn(self, kind: str) -> dict[tuple[str, str], float | None]:
        return {(str(edge.source[1]), str(edge.target[1])): edge.props.get("confidence") for edge in self.edges if edge.kind == kind}  # type: ignore[index]


def test_a_key_opens_its_provider_as_an_identity_of_its_own() -> None:
    found = Opened([secret(type="stripe_secret_key"), secret(("Secret", "secret:2"), type="stripe_secret_key")])
    assert found.drawn("AUTHENTICATES_AS") == {
        ("secret:1", "saas:stripe/?/service/secret:1"): 0.8,
        ("secret:2", "saas:stripe/?/service/secret:2"): 0.8,
    }
    assert found.drawn("CAN_ACCESS") == {
        ("saas:stripe/?/service/secret:1", "saas:stripe/?"): 0.8,
        ("saas:stripe/?/service/secret:2", "saas:stripe/?"): 0.8,
    }
    (edge, _) = (edge for edge in found.edges if edge.kind == "CAN_ACCESS")
    assert edge.props["actions"] == ["delete", "read", "write"]
    assert (edge.props["evidence"], edge.props["sources"]) == (["inferred"], ["shop/.env#L2"])
    assert found.nodes["Resource", "saas:stripe/?"] == {
        "name": "Stripe, tenant unknown",
        "type": "saas",
        "external": True,
        "sources": ["shop/.env#L2"],
    }
    identity = found.nodes["Identity", "saas:stripe/?/service/secret:1"]
    assert (identity["binding"], identity["labels"]) == ("bearer", ["assumed_from=data/credentials.toml#stripe_secret_key"])
    assert "inherited_from" not in edge.props, "it is of no role or group"


def test_the_only_tenant_that_is_known_is_taken_for_the_one_that_is_meant() -> None:
    one = [secret(type="stripe_secret_key"), NodeFact("Resource", "saas:stripe/acme")]
    assert Opened(one).drawn("CAN_ACCESS") == {("saas:stripe/?/service/secret:1", "saas:stripe/acme"): 0.56}
    flows = [NodeFact("Resource", "saas:stripe/shop#flow"), NodeFact("Resource", "saas:stripe/acme/charges")]
    assert Opened([*one, *flows]).drawn("CAN_ACCESS") == {("saas:stripe/?/service/secret:1", "saas:stripe/acme"): 0.56}
    two = [*one, NodeFact("Resource", "saas:stripe/other")]
    assert Opened(two).drawn("CAN_ACCESS") == {("saas:stripe/?/service/secret:1", "saas:stripe/?"): 0.8}


def test_nothing_is_guessed_where_a_source_says_what_the_secret_opens() -> None:
    said = EdgeFact("AUTHENTICATES_AS", STRIPE, ("Identity", "saas:stripe/acme/key/refunds"), {"evidence": ["declared"]})
    found = Opened([secret(type="stripe_secret_key")], [said])
    assert (found.nodes, found.edges) == ({}, [])


@pytest.mark.parametrize(
    ("name", "type", "labels", "kind", "confidence"),
    [
        ("anything", "gitlab_token", [], "gitlab_token", 0.7),
        ("anything", "github_fine_grained_token", [], "github_fine_grained_token", 0.6),
        ("secret", None, ["found_by=gitleaks:linear-api-key"], "linear_api_key", 0.9 * 0.95),
        ("secret", None, ["found_by=trufflehog:Linear API"], "linear_api_key", 0.9 * 0.95),
        ("LINEAR_API_KEY (api_key)", "api_key", [], "linear_api_key", 0.9 * 0.9),
        ("openAIApiKey", None, [], "openai_api_key", 0.8 * 0.9),
        ("AZURE_OPENAI_API_KEY", None, [], "azure_openai_api_key", 0.8 * 0.9),
        ("STAGING_OPENAI_API_KEY", None, [], "openai_api_key", 0.8 * 0.75),
        ("SUPABASE_SERVICE_ROLE_KEY (jwt)", "jwt", [], "supabase_secret_key", 0.9 * 0.9),
        # The form of the value says more than a name that somebody gave it.
        ("SLACK_TOKEN (stripe_secret_key)", "stripe_secret_key", [], "stripe_secret_key", 0.8),
        ("ACME_TOKEN (token)", "token", [], None, 0),
        ("API_KEY (api_key)", "api_key", [], None, 0),
        ("UNDO_TOKEN", None, [], None, 0),
        ("TOKEN", None, ["found_by=gitleaks:generic-api-key"], None, 0),
        ("STRIPE_PUBLISHABLE_KEY", None, [], None, 0),
    ],
)
def test_the_kind_is_told_by_form_report_or_name(
    name: str, type: str | None, labels: list[str], kind: str | None, confidence: float
) -> None:
    found = kinds().of({"name": name, "type": type, "labels": labels})
    assert [one.id for one, _ in found] == ([kind] if kind else [])
    assert [sure for _, sure in found] == pytest.approx([confidence] if kind else [])


def test_a_secret_of_a_cluster_is_told_by_the_variable_that_it_is_put_into() -> None:
    found = kinds().of({"name": "billing", "labels": ["key=token", "namespace=pay", "variable=STRIPE_API_KEY"]})
    assert [kind.id for kind, _ in found] == ["stripe_secret_key"]
    assert kinds().of({"name": "billing", "labels": ["key=token"]}) == []


def test_a_secret_of_a_cluster_opens_what_each_of_its_keys_does() -> None:
    labels = ["key=OPENAI_API_KEY", "key=config.yaml", "variable=STRIPE_SECRET_KEY", "namespace=pay"]
    node = NodeFact("Secret", "k8s:prod-eu/pay/Secret/keys", {"name": "keys", "labels": labels})
    found = Opened([node])
    assert set(found.drawn("CAN_ACCESS")) == {
        ("saas:openai/?/service/k8s:prod-eu/pay/Secret/keys", "saas:openai/?"),
        ("saas:stripe/?/service/k8s:prod-eu/pay/Secret/keys", "saas:stripe/?"),
    }
    assert node.key not in found.nodes, "the kind of one of its values is not its own"


def test_the_type_is_stated_where_no_reader_knew_it() -> None:
    reference = NodeFact("Secret", "env:shop#LINEAR_API_KEY", {"name": "LINEAR_API_KEY", "sources": ["shop/.mcp.json#L3"]})
    assert Opened([reference]).nodes["Secret", "env:shop#LINEAR_API_KEY"]["type"] == "linear_api_key"
    assert ("Secret", "secret:1") not in Opened([secret(type="token", name="LINEAR_API_KEY (token)")]).nodes


def key(name: str, *lines: int, path: str = "shop/.env") -> NodeFact:
    return NodeFact("Secret", name, {"type": "aws_secret_access_key", "sources": [f"{path}#L{line}" for line in lines]})


def key_id(name: str = KEY_ID, line: int = 4) -> NodeFact:
    props = {"type": "aws_access_key_id", "lifetime": "static", "sources": [f"shop/.env#L{line}"]}
    return NodeFact("Secret", f"aws-access-key:{name}", props)


def test_a_key_id_tells_the_account_and_stands_for_its_user() -> None:
    found = Opened([key_id()])
    user = f"aws-access-key-user:{KEY_ID}"
    assert found.drawn("AUTHENTICATES_AS") == {(f"aws-access-key:{KEY_ID}", user): None}
    assert found.drawn("CAN_ACCESS") == {(user, "aws:029608264753"): 0.5}
    assert found.nodes["Identity", user]["labels"] == [
        "assumed_from=data/credentials.toml#aws_access_key",
        "aws_account=029608264753",
    ]
    assert found.nodes["Resource", "aws:029608264753"]["type"] == "account"


def test_what_a_dump_says_of_a_key_holds_for_the_secret_beside_its_id() -> None:
    user = ("Identity", "arn:aws:iam::029608264753:user/ci")
    said = EdgeFact("AUTHENTICATES_AS", ("Secret", f"aws-access-key:{KEY_ID}"), user, {"evidence": ["granted"]})
    found = Opened([key_id(), key("secret:9", 5)], [said])
    assert found.drawn("AUTHENTICATES_AS") == {("secret:9", user[1]): 0.9}
    assert found.nodes["Secret", "secret:9"]["lifetime"] == "static", "it lives as long as its id"
    assert found.drawn("CAN_ACCESS") == {}
    assumed = EdgeFact("ASSUMES", ("Identity", f"aws-access-key-user:{KEY_ID}"), user, {"evidence": ["granted"]})
    found = Opened([key_id(), key("secret:9", 5)], [assumed])
    assert found.drawn("CAN_ACCESS") == {}
    assert found.drawn("AUTHENTICATES_AS") == {
        (f"aws-access-key:{KEY_ID}", f"aws-access-key-user:{KEY_ID}"): None,
        ("secret:9", f"aws-access-key-user:{KEY_ID}"): 0.9,
    }


def test_the_role_of_a_profile_takes_nothing_from_what_its_key_may_do() -> None:
    user = ("Identity", f"aws-access-key-user:{KEY_ID}")
    role = EdgeFact(
        "ASSUMES", user, ("Identity", "arn:aws:iam::029608264753:role/ci"), {"evidence": ["declared"], "kind_detail": "profile"}
    )
    assert Opened([key_id()], [role]).drawn("CAN_ACCESS") == Opened([key_id()]).drawn("CAN_ACCESS") != {}


def test_a_secret_access_key_belongs_to_the_key_id_of_its_holder_or_to_the_only_one_next_to_it() -> None:
    other = "AKIA" + "QNZGKIQY56JQ7WMM"
    user = f"aws-access-key-user:{KEY_ID}"
    far = Opened([key_id(line=4), key("secret:9", 40)])
    assert ("secret:9", user) not in far.drawn("AUTHENTICATES_AS")
    assert far.drawn("CAN_ACCESS")["aws:?/user/secret:9", "aws:?"] == 0.5
    unclear = Opened([key_id(line=4), key_id(other, 6), key("secret:9", 5)])
    assert ("secret:9", user) not in unclear.drawn("AUTHENTICATES_AS")
    server = ("ToolServer", "mcp:shop/.mcp.json#s3")
    held = [EdgeFact("HOLDS", server, ("Secret", one), {}) for one in (f"aws-access-key:{KEY_ID}", "secret:9")]
    together = Opened([key_id(line=4), key_id(other, 6), key("secret:9", 5)], held)
    assert together.drawn("AUTHENTICATES_AS")["secret:9", user] == 0.95


def test_at_least_sixty_kinds_and_no_name_stands_for_two() -> None:
    table = kinds()
    assert len({kind.id for kind in table.types.values()}) >= 60
    assert len({kind.provider for kind in table.types.values()}) >= 60
    entry = '[[credential]]\nid = "{}"\nprovider = "p"\nname = "P"\nidentity = "user"\nactions = ["read"]\nconfidence = 0.5\n{}\n'
    with pytest.raises(GraphinvError, match="githubtoken stands for a and for b"):
        load(entry.format("a", 'variables = ["GITHUB_TOKEN"]') + entry.format("b", 'variables = ["GithubToken"]'))
    for broken in (
        "x = [",
        '[[credential]]\nid = "a"\n',
        entry.format("a", "").replace('"read"', '"look"'),
        entry.format("a", "").replace("0.5", "1.5"),
    ):
        with pytest.raises(GraphinvError, match=r"data/credentials\.toml"):
            load(broken)


def test_from_a_variable_of_a_server_to_what_its_key_opens(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    top.mkdir()
    servers = {"pay": {"command": "npx", "args": ["-y", "pay@1.0.0"], "env": {"STRIPE_SECRET_KEY": "${STRIPE_SECRET_KEY}"}}}
    servers["s3"] = {
        "command": "npx",
        "args": ["-y", "s3@1.0.0"],
        "env": {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": fake("aws", length=40)},
    }
    (top / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    (top / ".env").write_text(f"STRIPE_SECRET_KEY={fake('stripe', 'sk' + '_live_', 24)}\n")
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    out = {
        (edge.source[1], edge.kind): edge.target[1]
        for edge in reading.edges
        if isinstance(edge.source, tuple) and isinstance(edge.target, tuple)
    }
    stripe = out["mcp:shop/.mcp.json#pay", "HOLDS"]
    assert out[out[stripe, "AUTHENTICATES_AS"], "CAN_ACCESS"] == "saas:stripe/?"
    users = {edge.target[1] for edge in reading.edges if edge.kind == "AUTHENTICATES_AS" and isinstance(edge.target, tuple)}
    assert users == {out[stripe, "AUTHENTICATES_AS"], f"aws-access-key-user:{KEY_ID}"}
    assert out[f"aws-access-key-user:{KEY_ID}", "CAN_ACCESS"] == "aws:029608264753"
