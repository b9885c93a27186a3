"""Servers that are set up for Smithery."""

from __future__ import annotations

from graphinv.ingest import mcp_smithery
from tests.ingest.reading import Facts, document

TEXT = """\
startCommand:
  type: stdio
  configSchema:
    type: object
    required: [ledgerToken]
    properties:
      ledgerToken: {type: string, description: Key of the ledger}
      region: {type: string}
      pin: {type: string, secret: true}
  commandFunction: |-
    (config) => ({ command: 'node', args: ['dist/index.js', '--region', config.region], env: { LEDGER_TOKEN: config.ledgerToken } })
"""


def test_the_command_is_read_and_not_run() -> None:
    found = Facts(mcp_smithery, document(TEXT, "ledger/smithery.yaml"))
    (server,) = [key for key in found.nodes if key[0] == "ToolServer"]
    assert server[1] == "mcp:shop/ledger/smithery.yaml#ledger"
    assert found.nodes[server]["labels"] == ["bundle=smithery", "entry=dist/index.js"]
    assert found.targets("HOLDS", server[1]) == {"user_config:ledger#ledgerToken", "user_config:ledger#pin"}
    assert not [key for key in found.nodes if key[0] == "Agent"]


def test_a_container_that_smithery_builds_and_tools_that_are_listed() -> None:
    text = "runtime: container\nname: ledger-mcp\nstartCommand: {type: http}\ntools: [{name: book}, {name: find}]\n"
    found = Facts(mcp_smithery, document(text, "smithery.yaml"))
    assert found.nodes["ToolServer", "mcp:shop/smithery.yaml#ledger-mcp"]["transport"] == "http"
    assert len(found.targets("PROVIDES", "mcp:shop/smithery.yaml#ledger-mcp")) == 2


def test_a_file_that_says_nothing_of_a_server() -> None:
    assert not Facts(mcp_smithery, document("build: {dockerfile: Dockerfile}\n", "smithery.yaml")).all


def test_a_long_function_is_read_too() -> None:
    settings = ", ".join(f"SETTING_{number}: config.setting{number}" for number in range(40))
    text = TEXT.replace("LEDGER_TOKEN: config.ledgerToken", f"LEDGER_TOKEN: config.ledgerToken, {settings}")
    found = Facts(mcp_smithery, document(text, "ledger/smithery.yaml"))
    assert found.nodes["ToolServer", "mcp:shop/ledger/smithery.yaml#ledger"]["labels"] == ["bundle=smithery", "entry=dist/index.js"]
