from __future__ import annotations

from typing import Any

import pytest
import yaml

from graphinv.ingest import HEAD_BYTES, agentgateway
from graphinv.model.facts import Guarding, Problem
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import Facts, document


def config(*rules: object, port: int = 3000) -> str:
    policies = {"jwtAuth": {"issuer": "agentgateway.dev", "audiences": ["a"]}, "mcpAuthorization": {"rules": list(rules)}}
    targets = [{"name": "tools", "mcp": {"host": "http://tools.internal:3001/mcp"}}]
    return yaml.safe_dump({"mcp": {"port": port, "policies": policies, "targets": targets}}, sort_keys=False)


def bound(*rules: object) -> str:
    """The older form, with listeners and routes."""
    route = {"policies": {"mcpAuthorization": {"rules": list(rules)}}, "backends": [{"mcp": {"targets": []}}]}
    return yaml.safe_dump({"binds": [{"port": 3100, "listeners": [{"routes": [route]}]}]}, sort_keys=False)


def point(data: str) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    made = document(data, "gateway/config.yaml")
    assert agentgateway.detect(made.path, made.data[:HEAD_BYTES])
    found = Facts(agentgateway, made)
    (props,) = (props for (kind, _), props in found.nodes.items() if kind == "EnforcementPoint")
    return props, {(fact.kind, fact.stops) for fact in found.all if isinstance(fact, Guarding)}


def test_rules_that_look_at_nobody_at_a_person_and_at_an_agent() -> None:
    for rules, told, labels in (
        (['mcp.tool.name == "echo"'], "none", None),
        (['mcp.tool.name == "echo"', 'jwt.sub == "ana" && mcp.tool.name == "pay"'], "identity", ["input=subject"]),
        ([{"allow": 'jwt.azp == "billing-bot"'}], "agent", ["input=agent"]),
        (["jwt.nested.key == 1"], "identity", None),
    ):
        props, _ = point(config(*rules))
        assert (props["distinguishes"], props.get("labels"), props["mode"], props["fail"]) == (told, labels, "enforce", "closed")


def test_places_that_are_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agentgateway, "MAX_PLACES", 1)
    listeners = [yaml.safe_load(config("true", port=port)) for port in (3000, 3001)]
    found = Facts(agentgateway, document(yaml.safe_dump({"binds": listeners}), "gateway/config.yaml"))
    assert len([key for key in found.nodes if key[0] == "EnforcementPoint"]) == 1
    assert [fact.severity for fact in found.all if isinstance(fact, Problem)] == ["error"] * 2, "one for servers, one for rules"


def test_it_stands_on_connections_to_its_port_here() -> None:
    for data, port in ((config("true"), 3000), (bound("true"), 3100)):
        _, stands = point(data)
        assert stands == {("CONNECTS_TO", f"ToolServer:*://{host}:{port}/*") for host in ("localhost", "127.0.0.1")}


def test_manifests_of_a_cluster_are_others() -> None:
    assert not agentgateway.detect(
        "a.yaml", b"apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayPolicy\nspec: {mcpAuthorization: {}}\n"
    )


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(agentgateway, "a.yaml", data)


@pytest.mark.parametrize("value", [7, "x", [7], {"a": 1}, [[]], None, {"rules": 7}, {"rules": [7, {"allow": 7}]}])
def test_any_type_is_borne(value: object) -> None:
    read(agentgateway, "a.yaml", yaml.safe_dump({"mcp": {"port": value, "policies": {"mcpAuthorization": value}}}).encode())


TARGETS = """\
binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - mcp:
          targets:
          - name: ledger
            stdio: {cmd: npx, args: [ledger-mcp@1.0.0], env: {LEDGER_TOKEN: $LEDGER_TOKEN}}
          - name: docs
            sse: {host: "http://docs.acme.example:7030/sse"}
          - name: search
            mcp: {host: search.acme.example, port: 8080, path: /mcp}
          - name: shop
            openapi: {host: "https://shop.acme.example", schema: {file: shop.json}}
          - name: nothing
"""


def test_the_servers_behind_it() -> None:
    found = Facts(agentgateway, document(TARGETS, "gateway/config.yaml"))
    servers = {props["name"]: props for key, props in found.nodes.items() if key[0] == "ToolServer"}
    assert set(servers) == {"ledger", "docs", "search", "shop"}
    assert servers["ledger"]["package"] == "pkg:npm/ledger-mcp@1.0.0"
    assert servers["docs"]["transport"] == "sse"
    assert servers["search"]["url"] == "http://search.acme.example:8080/mcp"
    assert servers["shop"]["protocol"] == "openapi"
    assert found.targets("HOLDS", "mcp:shop/gateway/config.yaml#ledger") == {"env:LEDGER_TOKEN"}
    assert not found.drawn("CONNECTS_TO"), "who comes through the gateway it does not say"


def test_servers_that_are_left_out_are_told() -> None:
    targets = [{"name": f"t{number}", "mcp": {"host": f"http://t{number}.internal:3001/mcp"}} for number in range(501)]
    found = Facts(agentgateway, document(yaml.safe_dump({"binds": [{"port": 3000, "mcp": {"targets": targets}}]}), "gateway.yaml"))
    assert len([key for key in found.nodes if key[0] == "ToolServer"]) == 500
    assert ["servers behind it" in message for *_, message in found.problems] == [True]
