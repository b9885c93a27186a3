"""Programs in Python that ask a model's interface themselves."""

from __future__ import annotations

from tests.ingest.python_linked import linked

TEXT = """
import json
import subprocess

import anthropic
from google import genai
from google.genai import types
from openai import OpenAI

client = OpenAI()


def run_command(command: str) -> str:
    return subprocess.run(command, shell=True, capture_output=True).stdout.decode()


TOOLS = [
    {"type": "function", "function": {"name": "run_command", "parameters": {"type": "object", "properties": {}}}},
    {"type": "web_search_preview"},
]


class Coder:
    def __init__(self):
        self.client = OpenAI()

    def step(self, messages):
        first = self.client.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)
        return self.client.chat.completions.create(model="gpt-4o", messages=[*messages, first], tools=TOOLS)


def answer(messages):
    claude = anthropic.Anthropic()
    while True:
        claude.messages.create(model="claude-sonnet-4-5", messages=messages, tools=[{"name": "pay", "input_schema": {"type": "object"}}])


def plan():
    config = types.GenerateContentConfig(tools=[run_command, types.Tool(google_search=types.GoogleSearch())])
    return genai.Client().models.generate_content(model="gemini-2.5-flash", contents="go", config=config)


def wrapper(messages, tools):
    return client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)


def handler(messages, given):
    tools = [{"type": "function", "function": {"name": one["name"]}} for one in given]
    return client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)


def extract(messages):
    return client.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS, tool_choice={"type": "function"})


def search(question):
    return client.responses.create(model="gpt-4o", input=question, tools=[{"type": "web_search_preview"}])


def chat(messages):
    return client.chat.completions.create(model="gpt-4o", messages=messages)
"""
PLACE = "model-api:shop/bot#"


def test_calls_with_tools_are_agents_by_the_class_or_function_around_them() -> None:
    facts = linked({"bot.py": TEXT})
    assert {key[1] for key in facts.nodes if key[0] == "Agent"} == {f"{PLACE}Coder", f"{PLACE}answer", f"{PLACE}plan"}
    assert facts.nodes["Agent", f"{PLACE}Coder"]["kind_detail"] == "openai call with tools"
    assert not facts.problems


def test_definitions_mean_the_functions_of_their_name() -> None:
    facts = linked({"bot.py": TEXT})
    assert facts.targets("USES", f"{PLACE}Coder") == {"tool:shop/bot#run_command", "openai:web_search"}
    assert facts.targets("USES", f"{PLACE}answer") == {"tool:shop/bot#pay"}
    assert facts.targets("USES", f"{PLACE}plan") == {"tool:shop/bot#run_command", "google:google_search"}
    assert facts.nodes["Tool", "tool:shop/bot#run_command"]["effects"] == ["execute"]
    assert facts.drawn("USES_MODEL") == {
        (f"{PLACE}Coder", "gpt-4o"),
        (f"{PLACE}answer", "claude-sonnet-4-5"),
        (f"{PLACE}plan", "gemini-2.5-flash"),
    }


def test_a_document_at_whose_top_a_call_stands_is_the_agent() -> None:
    text = "import ollama\n\n\ndef add(a: int) -> int:\n    return a\n\n\nollama.chat(model='qwen3', messages=[], tools=[add])\n"
    facts = linked({"lab/sums.py": text})
    assert facts.drawn("USES") == {("model-api:shop/lab/sums#sums", "tool:shop/lab/sums#add")}


def test_a_class_that_puts_a_model_behind_another_interface_is_no_agent() -> None:
    text = (
        "import ollama\n"
        "def convert(tools):\n"
        "    found = []\n"
        "    for one in tools:\n"
        "        found.append(ollama.Tool(type='function', function=ollama.Tool.Function(name=one.name or '')))\n"
        "    return found\n"
        "class Model:\n"
        "    def ask(self, request):\n"
        "        return ollama.Client().chat(model='llama3', tools=convert(request.tools))\n"
    )
    assert not [key for key in linked({"a.py": text}).nodes if key[0] == "Agent"]
    named = text.replace("name=one.name or ''", "name='look_up'")
    assert [key for key in linked({"a.py": named}).nodes if key[0] == "Agent"]


def _one(call: str, top: str = "") -> str:
    return f"import anthropic\nfrom openai import OpenAI\n{top}\ndef turn(messages):\n    {call}\n"


TWO = "tools=[{'name': 'list_tables', 'input_schema': {}}, {'name': 'run_query', 'input_schema': {}}]"


def test_who_must_call_one_of_several_tools_still_chooses() -> None:
    asked = f"anthropic.Anthropic().messages.create(model='claude-sonnet-4-5', messages=messages, {TWO}, tool_choice={{'type': 'any'}})"
    assert linked({"bot.py": _one(asked)}).targets("USES", f"{PLACE}turn") == {"tool:shop/bot#list_tables", "tool:shop/bot#run_query"}
    required = f"OpenAI().chat.completions.create(model='gpt-4o', messages=messages, {TWO}, tool_choice='required')"
    assert linked({"bot.py": _one(required)}).targets("USES", f"{PLACE}turn") == {"tool:shop/bot#list_tables", "tool:shop/bot#run_query"}
    for forced in (
        "tools=[{'name': 'answer', 'input_schema': {}}], tool_choice='required'",
        f"{TWO}, tool_choice={{'type': 'tool', 'name': 'run_query'}}",
    ):
        call = f"anthropic.Anthropic().messages.create(model='m', messages=messages, {forced})"
        assert not [key for key in linked({"bot.py": _one(call)}).nodes if key[0] == "Agent"]


def test_tools_that_a_provider_defines_and_the_program_runs_are_its_own() -> None:
    call = (
        "anthropic.Anthropic().beta.messages.create(model='m', messages=messages, tools=[{'type': 'bash_20250124', 'name': 'bash'}, EDIT])"
    )
    facts = linked({"bot.py": _one(call, "EDIT = {'type': 'text_editor_20250728', 'name': 'str_replace_based_edit_tool'}\n")})
    assert facts.targets("USES", f"{PLACE}turn") == {"anthropic:bash", "anthropic:text_editor"}
    patches = "OpenAI().responses.create(model='gpt-5.1', input=messages, tools=[{'type': 'apply_patch'}])"
    assert linked({"bot.py": _one(patches)}).targets("USES", f"{PLACE}turn") == {"openai:apply_patch"}
    only_provider = "anthropic.Anthropic().messages.create(model='m', messages=messages, tools=[{'type': 'code_execution_20250825'}])"
    assert not [key for key in linked({"bot.py": _one(only_provider)}).nodes if key[0] == "Agent"]


def test_arguments_of_a_call_may_be_kept_in_a_mapping() -> None:
    given = "given = {'model': 'm', 'messages': messages, 'tools': [{'name': 'pay', 'input_schema': {}}]}"
    call = f"{given}\n    anthropic.Anthropic().messages.create(**given)"
    facts = linked({"bot.py": _one(call)})
    assert facts.targets("USES", f"{PLACE}turn") == {"tool:shop/bot#pay"}


def test_a_definition_whose_name_is_known_only_at_run_time_is_told_once() -> None:
    text = (
        "from langchain_community.tools import APIOperation\n"
        "from openai import OpenAI\n"
        "def functions(spec):\n"
        "    found = []\n"
        "    for path in spec.paths:\n"
        "        one = APIOperation.from_openapi_spec(spec, path, 'get')\n"
        "        found.append({'name': one.operation_id, 'description': one.description, 'parameters': {'type': 'object'}})\n"
        "    return found\n"
        "def turn(messages, spec):\n"
        "    tools = [{'name': 'pay', 'parameters': {'type': 'object'}}, *functions(spec)]\n"
        "    OpenAI().chat.completions.create(model='m', messages=messages, tools=tools)\n"
    )
    facts = linked({"bot.py": text})
    assert facts.targets("USES", f"{PLACE}turn") == {"tool:shop/bot#pay"}
    assert [where for where, _, _ in facts.problems] == ["L7"]


def test_a_definition_whose_schema_is_given_is_one_tool() -> None:
    text = (
        "from openai import OpenAI\n"
        "def turn(messages, schema):\n"
        "    done = {'name': 'done', 'description': 'Says what was found.', 'parameters': schema}\n"
        "    OpenAI().chat.completions.create(model='m', messages=messages, tools=[done, {'name': 'pay', 'input_schema': {}}])\n"
    )
    facts = linked({"bot.py": text})
    assert facts.targets("USES", f"{PLACE}turn") == {"tool:shop/bot#done", "tool:shop/bot#pay"}
    assert not facts.problems


def test_a_client_that_a_function_is_given_is_told_by_its_annotation() -> None:
    text = (
        "from anthropic import Anthropic\n"
        "class Desk:\n"
        "    @staticmethod\n"
        "    def turn(client: Anthropic, messages):\n"
        "        given = {'messages': messages, 'tools': [{'type': 'bash_20250124', 'name': 'bash'}]}\n"
        "        return client.messages.create(model='m', **given)\n"
        "    @staticmethod\n"
        "    def other(client, messages):\n"
        "        return client.messages.create(model='m', messages=messages, tools=[{'name': 'pay', 'input_schema': {}}])\n"
    )
    facts = linked({"bot.py": text})
    assert facts.drawn("USES") == {(f"{PLACE}Desk", "anthropic:bash")}
