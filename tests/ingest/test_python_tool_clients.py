"""Tools that act through a client of the program's own: what they do and which credential they hold is said in its module."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts

CLIENT = """
import httpx
from settings import get_settings

class Crm:
    def __init__(self):
        self.base_url = "https://crm.shop.example"
        self.headers = {headers}

    async def ask(self, method, path, json=None):
        for attempt in range(3):
            async with httpx.AsyncClient() as client:
                return await client.request(method=method, url=self.base_url + path, headers=self.headers, json=json)

    async def contact(self, contact_id):
        return await self.ask("GET", f"/contacts/{{contact_id}}")

    async def rename(self, contact_id, name):
        return await self.ask("PUT", f"/contacts/{{contact_id}}", json={{"name": name}})

crm = Crm()
"""
SETTINGS = """
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    crm_token: str = ""

def get_settings():
    return Settings()

def headers():
    return {"Authorization": f"Bearer {get_settings().crm_token}"}
"""
DESK = """
from langchain_core.tools import tool
from langgraph.prebuilt import create_react_agent
from client import crm

@tool
async def contact(contact_id: str):
    "Look at a contact."
    return await crm.contact(contact_id)

@tool
async def rename(contact_id: str, name: str):
    "Rename a contact."
    return await crm.rename(contact_id, name)

desk = create_react_agent("openai:gpt-4o", [contact, rename])
"""


def read(headers: str, padding: str = "") -> Facts:
    return linked({"desk.py": DESK, "client.py": CLIENT.format(headers=headers) + padding, "settings.py": SETTINGS})


def effects(facts: Facts) -> dict[str, list[str] | None]:
    return {node["name"]: node.get("effects") for (kind, _), node in facts.nodes.items() if kind == "Tool"}


def held(facts: Facts) -> set[tuple[str, str]]:
    return {(source.rpartition("#")[2], target) for source, target in facts.drawn("HOLDS")}


def test_a_large_client_that_says_nothing_of_agents() -> None:
    padding = "".join(f"\ndef shown_{number}(value):\n    return str(value).strip().title()\n" for number in range(300))
    assert len(padding) > 8_000
    facts = read("{}", padding)
    assert effects(facts) == {"contact": ["egress", "read"], "rename": ["egress", "write"]}


@pytest.mark.parametrize(
    "headers",
    [
        '{"Authorization": f"Bearer {get_settings().crm_token}"}',
        '{"Authorization": "Bearer " + get_settings().crm_token}',
        '{"Authorization": "Bearer %s" % get_settings().crm_token}',
        '{"Authorization": "Bearer {}".format(get_settings().crm_token)}',
        '{"X-Key": get_settings().crm_token}',
    ],
)
def test_a_credential_within_the_headers_that_a_client_keeps(headers: str) -> None:
    assert held(read(headers)) == {("contact", "env:CRM_TOKEN"), ("rename", "env:CRM_TOKEN")}


def test_a_credential_that_may_be_given() -> None:
    client = CLIENT.format(headers='{"Authorization": f"Bearer {token or os.environ[\'CRM_TOKEN\']}"}')
    client = client.replace("import httpx", "import os\nimport httpx").replace("(self):", "(self, token=None):", 1)
    facts = linked({"desk.py": DESK, "client.py": client})
    assert held(facts) == {("contact", "env:CRM_TOKEN"), ("rename", "env:CRM_TOKEN")}


def test_a_text_that_holds_no_credential() -> None:
    assert held(read('{"User-Agent": f"desk {get_settings().version}"}')) == set()


@pytest.mark.parametrize(
    ("path", "does"),
    [("/v1/databases/{where}/query", "read"), ("/calendar/v3/freeBusy", "read"), ("/v1/databases/{where}/queries", "write")],
)
def test_what_is_posted_to_what_only_answers_changes_nothing(path: str, does: str) -> None:
    facts = linked(
        {
            "desk.py": f"""
import httpx
from langchain_core.tools import tool
from langgraph.prebuilt import create_react_agent

@tool
def ask(where: str):
    "Ask for pages."
    return httpx.post(f"https://api.notes.example{path}", json={{}}).json()

desk = create_react_agent("openai:gpt-4o", [ask])
"""
        }
    )
    assert effects(facts)["ask"] == sorted(["egress", does])
