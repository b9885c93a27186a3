"""MCP servers in Python source: their tools, and what these do."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from graphinv.ingest import mcp_claude_code, python_source
from graphinv.model.facts import Binding, Fact, NodeFact, Props, check_node, merge_props
from graphinv.pipeline.joins import resolve
from graphinv.pipeline.read import read_root
from graphinv.pipeline.walk import root_of
from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import FIXTURES, Facts, document, fingerprint, shown

ORDERS = "mcp-source:shop/src/orders/server#orders"
LEDGER = "mcp-source:shop/server#ledger"


def tools(facts: Facts, server: str) -> dict[str, Props]:
    """Tools that ``server`` provides, by name, with all that is stated of them."""
    merged: dict[str, Props] = {}
    for fact in facts.all:
        if isinstance(fact, NodeFact) and fact.kind == "Tool":
            merged[fact.id] = merge_props("Tool", merged.get(fact.id, {}), check_node(fact).props)
    return {tool.removeprefix(f"{server}/"): merged[tool] for tool in facts.targets("PROVIDES", server)}


def effects(found: Mapping[str, Props]) -> dict[str, str | None]:
    return {name: " ".join(props["effects"]) if "effects" in props else None for name, props in found.items()}


@pytest.fixture(scope="module")
def orders() -> Facts:
    return linked_folder("mcp_servers/orders")


@pytest.fixture(scope="module")
def ledger() -> Facts:
    return linked_folder("mcp_servers/ledger")


def test_the_server_is_what_its_author_called_it(orders: Facts) -> None:
    server = orders.nodes["ToolServer", ORDERS]
    assert (server["name"], server["protocol"], server["transport"], server["origin"]) == ("orders", "mcp", "stdio", "internal")
    assert server["sources"] == ["shop/src/orders/server.py#L18"]


def test_effects_come_from_the_bodies_and_the_functions_that_they_call(orders: Facts) -> None:
    assert effects(tools(orders, ORDERS)) == {
        "refund": "egress irreversible write",
        "weather": "egress read",
        "search": "destructive read write",
        "latest": "read",
        "forget": "destructive",
        "report": "execute",
        "cancel": "destructive egress",
        "invoice": "read write",
        "stock": "egress write",
        "total": "",
        "mystery": None,
        "assume_reader": "",
        "now": "",
    }


def test_content_of_strangers_comes_from_outside_only(orders: Facts) -> None:
    found = {name: props.get("ingests_untrusted") for name, props in tools(orders, ORDERS).items()}
    assert {name for name, untrusted in found.items() if untrusted} == {"weather"}
    assert found["mystery"] is None


def test_what_could_not_be_followed_is_said(orders: Facts) -> None:
    partly = {name for name, props in tools(orders, ORDERS).items() if "body=partly followed" in props.get("labels", [])}
    assert partly == {"mystery"}


def test_annotations_and_names_are_hints(orders: Facts) -> None:
    found = tools(orders, ORDERS)
    assert found["weather"]["hints"] == ["readOnlyHint=true"]
    assert found["cancel"].get("hints") is None
    assert found["refund"]["hints"] == ["named_irreversible=true", "named_write=true"]


def test_definitions_have_digests_and_hidden_instructions_are_labelled(orders: Facts) -> None:
    found = tools(orders, ORDERS)
    digests = {props["schema_digest"] for props in found.values()}
    assert len(digests) == len(found)
    assert found["forget"]["labels"] == ["hidden_instructions=conceal", "hidden_instructions=instruction_tag"]
    assert all("labels" not in found[name] for name in ("refund", "weather", "total"))


def test_credentials_are_held_by_the_tools_that_use_them(orders: Facts) -> None:
    held = {(tool.removeprefix(f"{ORDERS}/"), secret) for tool, secret in orders.drawn("HOLDS")}
    assert held == {("refund", "env:STRIPE_API_KEY"), ("weather", "env:WEATHER_TOKEN"), ("stock", "env:SHOP_WAREHOUSE_TOKEN")}


def test_accesses_are_what_constants_name(orders: Facts) -> None:
    accesses = {(tool.removeprefix(f"{ORDERS}/"), target) for tool, target in orders.drawn("CAN_ACCESS")}
    assert accesses == {
        ("weather", "https://api.weather.example"),
        ("cancel", "https://erp.shop.internal"),
        ("stock", "https://stock.partner.example"),
        ("invoice", "arn:aws:s3:::shop-invoices"),
    }
    props = orders.props("CAN_ACCESS", f"{ORDERS}/cancel", "https://erp.shop.internal")
    assert (props["actions"], props["evidence"]) == (["delete"], ["inferred"])
    assert orders.nodes["Resource", "https://erp.shop.internal"]["external"] is False
    assert orders.nodes["Resource", "https://stock.partner.example"]["external"] is True


def test_a_role_that_is_assumed_is_what_the_tool_runs_as(orders: Facts) -> None:
    assert orders.drawn("RUNS_AS") == {(f"{ORDERS}/assume_reader", "arn:aws:iam::111122223333:role/orders-reader")}


def test_entry_points_are_bound_to_the_server(orders: Facts) -> None:
    bound = {(fact.folder, fact.name) for fact in orders.all if isinstance(fact, Binding) and fact.space == "mcp-entry"}
    assert {("", "src/orders/server.py"), ("src", "orders/server.py"), ("", "module:orders"), ("", "module:orders.server")} <= bound


def test_the_low_level_server_dispatches_by_name(ledger: Facts) -> None:
    assert effects(tools(ledger, LEDGER)) == {"balance": "read", "post": "write", "mail_statement": "egress irreversible write"}
    assert ledger.nodes["ToolServer", LEDGER]["version"] == "2.1"
    assert ledger.drawn("HOLDS") == {(f"{LEDGER}/{tool}", "env:LEDGER_DATABASE_URL") for tool in ("balance", "post")}


def test_a_configured_server_that_runs_the_module_has_its_tools() -> None:
    reading = read_root(root_of(FIXTURES / "mcp_servers" / "orders"), fingerprint)
    server = next(node.id for node in reading.nodes if node.kind == "ToolServer" and node.id.startswith("mcp:"))
    provided = {shown(edge.target) for edge in reading.edges if edge.kind == "PROVIDES" and shown(edge.source) == server}
    assert len(provided) == 13
    assert f"{server}/refund" in provided
    held = {shown(edge.target) for edge in reading.edges if edge.kind == "HOLDS" and shown(edge.source) == f"{server}/refund"}
    assert held == {"env:orders#STRIPE_API_KEY"}


SUB = """
from fastmcp import FastMCP
sub = FastMCP("sub")
@sub.tool
def ping() -> str:
    return "pong"
"""
MAIN = """
import httpx
from fastmcp import FastMCP
from sub import sub
main = FastMCP(name="main")
main.mount("inner", sub)
class Pages:
    def __init__(self, server):
        server.tool(name="open_page")(self.open)
    def open(self, url: str) -> str:
        return httpx.get(url).text
pages = Pages(main)
generated = FastMCP.from_openapi(openapi_spec={}, client=None, name="generated")
"""


def test_servers_are_mounted_tools_are_methods_and_some_are_generated() -> None:
    facts = linked({"main.py": MAIN, "sub.py": SUB})
    found = effects(tools(facts, "mcp-source:shop/main#main"))
    assert found == {"inner_ping": "", "open_page": "egress read"}
    assert set(tools(facts, "mcp-source:shop/sub#sub")) == {"ping"}
    assert facts.nodes["ToolServer", "mcp-source:shop/main#generated"]["labels"] == ["tools=from_openapi"]
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L13", "note")]


def test_a_client_of_servers_and_another_class_of_the_name_are_no_servers() -> None:
    facts = linked(
        {
            "client.py": "from mcp import ClientSession\nfrom fastmcp import Client\nclient = Client('https://mcp.shop.example')\n",
            "own.py": "import mcp\nclass FastMCP: ...\nserver = FastMCP()\n",
        }
    )
    assert [key for key in facts.nodes if key[0] == "ToolServer"] == []


def test_servers_among_tests_are_marked() -> None:
    facts = linked({"tests/test_server.py": SUB})
    assert facts.nodes["ToolServer", "mcp-source:shop/tests/test_server#sub"]["environment"] == "test"


def test_literal_credentials_are_fingerprinted() -> None:
    token = "gh" + "p_" + "aB3dE6gH9jK2" * 3
    source = f"""
import requests
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")
TOKEN = "{token}"
@mcp.tool()
def issues() -> str:
    return requests.get("https://api.github.example/issues", headers={{"Authorization": "token " + TOKEN}}).text
"""
    facts = linked({"x.py": source})
    assert facts.drawn("HOLDS") == {("mcp-source:shop/x#x/issues", f"secret:{fingerprint(token)}")}
    assert token not in repr(facts.all)


@pytest.mark.parametrize(
    "source",
    [
        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP(mcp)\n@mcp.tool()\ndef a(): return a()\n",
        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP()\nmcp.tool()(mcp.tool)\nmcp.add_tool()\nmcp.mount(mcp)\n",
        "from mcp.server import Server\ns = Server()\n@s.list_tools()\ndef f(): return f()\n@s.call_tool()\ndef g(): pass\n",
        "from mcp.server.fastmcp import FastMCP\nm = FastMCP('x')\n@m.tool()\ndef f(x):\n  return " + "f(" * 80 + "x" + ")" * 80 + "\n",
    ],
)
def test_odd_sources_give_facts_and_no_error(source: str) -> None:
    assert not [message for _, severity, message in linked({"x.py": source}).problems if severity == "error"]


def test_a_tool_that_fills_a_long_list_takes_no_long_time() -> None:
    lines = "\n".join(f"    found.append(f'{{x}} {index}')" for index in range(300))
    source = f"from mcp.server.fastmcp import FastMCP\nm = FastMCP('x')\n@m.tool()\ndef f(x):\n    found = []\n{lines}\n    return found\n"
    assert effects(tools(linked({"x.py": source}), "mcp-source:shop/x#x")) == {"f": ""}


def test_the_format_reads_python() -> None:
    assert python_source.detect("src/orders/server.py", b"")


SERVER = 'from mcp.server.fastmcp import FastMCP\nmcp = FastMCP("a")\n@mcp.tool()\ndef list_orders() -> str:\n    "x"\n'
SCRIPTS = 'acme-orders = "acme_orders.cli:main"\nother = "acme_orders.b:main"\n'
PACKAGED = {
    "orders/pyproject.toml": f'[project]\nname = "Acme_Orders"\n[project.scripts]\n{SCRIPTS}',
    "orders/src/acme_orders/__init__.py": "",
    "orders/src/acme_orders/cli.py": "def main():\n    from acme_orders.a import mcp\n    mcp.run()\n",
    "orders/src/acme_orders/a.py": SERVER,
    "orders/src/acme_orders/b.py": SERVER.replace("list_orders", "refund").replace('"a"', '"b"') + "def main():\n    mcp.run()\n",
}


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        (".mcp.json", "uvx acme-orders", ("list_orders", "inferred")),
        (".mcp.json", "uvx --from acme-orders==1.0 other", ("refund", "inferred")),
        (".mcp.json", "uvx --from ./orders acme-orders", ("list_orders", "inferred")),
        ("orders/.mcp.json", "uv run acme-orders", ("list_orders", "inferred")),
        ("orders/.mcp.json", "uv run --directory . other", ("refund", "inferred")),
        (".mcp.json", "uvx acme-else", None),
        (".mcp.json", "uvx --from acme-orders nothing", None),
    ],
)
def test_a_command_of_the_trees_own_package_has_the_tools_of_its_server(path: str, line: str, expected: tuple[str, str] | None) -> None:
    read = {one: document(text, one) for one, text in PACKAGED.items()}
    parts = python_source.parts({one: python_source.outline(text) for one, text in read.items()})
    facts: list[Fact] = [
        fact for part in parts for fact in python_source.link("shop", {one: python_source.summarise(read[one]) for one in part})
    ]
    command, *arguments = line.split()
    facts += mcp_claude_code.read(document(json.dumps({"mcpServers": {"x": {"command": command, "args": arguments}}}), path))
    found = {
        (edge.target[1].rpartition("/")[2], *edge.props["evidence"])
        for edge in resolve("shop", facts).edges
        if edge.source == ("ToolServer", f"mcp:shop/{path}#x") and edge.kind == "PROVIDES" and isinstance(edge.target, tuple)
    }
    assert found == ({expected} if expected else set())


def test_statements_of_data_interfaces_say_what_is_done() -> None:
    found = linked(
        {
            "server.py": """
import boto3
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("warehouse")
data = boto3.client("redshift-data")
LIST = "SELECT table_name FROM svv_all_tables"

def run(sql):
    request = {"ClusterIdentifier": "c", "Sql": sql}
    return data.execute_statement(**request)

@mcp.tool()
def list_tables() -> list:
    return run(LIST)

@mcp.tool()
def query(sql: str) -> list:
    return data.execute_statement(ClusterIdentifier="c", Sql=sql)

@mcp.tool()
def clean() -> None:
    data.batch_execute_statement(**elsewhere())
"""
        }
    )
    seen = effects(tools(found, "mcp-source:shop/server#warehouse"))
    assert seen == {"list_tables": "read", "query": "destructive read write", "clean": None}


def test_to_take_away_what_the_tool_itself_made_for_a_while_destroys_nothing() -> None:
    found = linked(
        {
            "server.py": """
import os, shutil, tempfile
from pathlib import Path
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("sound")

@mcp.tool()
def file() -> str:
    with tempfile.NamedTemporaryFile(suffix=".wav", delete=False) as made:
        name = made.name
    os.unlink(name.replace(".wav", ".mp3"))
    Path(name).unlink()
    return "x"

@mcp.tool()
def folder() -> str:
    _, path = tempfile.mkstemp()
    os.remove(path)
    shutil.rmtree(tempfile.mkdtemp())
    return "x"

@mcp.tool()
def clean(path: str) -> str:
    os.remove(path)
    shutil.rmtree("/srv/orders")
    return "x"
"""
        }
    )
    assert effects(tools(found, "mcp-source:shop/server#sound")) == {"file": "write", "folder": "write", "clean": "destructive"}


def test_a_tool_that_runs_an_agent_calls_it() -> None:
    server = """from agents import Agent, Runner
from fastmcp import FastMCP
mcp = FastMCP("research")
scholar = Agent(name="Scholar")

async def ask(question):
    return await Runner.run(scholar, question)

@mcp.tool
async def look_into(question: str) -> str:
    return (await ask(question)).final_output

@mcp.tool
async def answer(question: str) -> str:
    return (await Runner.run(scholar, question)).final_output

@mcp.tool
def describe() -> str:
    return scholar.name
"""
    scholar = "openai-agents:shop/server#Scholar"
    assert linked({"server.py": server}).drawn("CALLS_BACK") == {
        ("mcp-source:shop/server#research/look_into", scholar),
        ("mcp-source:shop/server#research/answer", scholar),
    }
