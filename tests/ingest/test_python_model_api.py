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
