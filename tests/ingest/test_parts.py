"""Linking the parts of a root one by one gives the facts that linking all of it gives; outlines tell the parts without parsing."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import javascript_source, python_source
from graphinv.ingest.support.javascript.parts import Outline
from graphinv.ingest.support.python import outline, summary
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact
from tests.ingest.reading import FIXTURES, document

FOLDERS = ("", "a", "a/b", "c")


def told(facts: Iterator[Fact]) -> Counter[str]:
    return Counter(map(repr, facts))


def in_parts(ingestor: ModuleType, files: Mapping[str, str]) -> tuple[Counter[str], Counter[str], list[list[str]]]:
    """The facts of ``files`` linked as a whole, those of their parts, and the parts."""
    taken = {path: document(text, path) for path, text in files.items() if ingestor.detect(path, text.encode()[:4096])}
    summaries = {path: ingestor.summarise(one) for path, one in taken.items()}
    parts = ingestor.parts({path: ingestor.outline(one) for path, one in taken.items()})
    with pytest.MonkeyPatch.context() as patch:
        if ingestor is python_source:  # which parts what it is given
            patch.setattr(python_source, "parts", lambda _: [sorted(summaries)])
        whole = told(ingestor.link("shop", summaries))
        by_part: Counter[str] = Counter()
        for part in parts:
            if ingestor is python_source:
                patch.setattr(python_source, "parts", lambda given: [sorted(given)])
            by_part += told(ingestor.link("shop", {path: summaries[path] for path in part}))
    return whole, by_part, parts


def fixtures() -> dict[str, str]:
    """All fixtures, twice: in two projects of one root."""
    files = {path.relative_to(FIXTURES).as_posix(): path for path in sorted(FIXTURES.rglob("*")) if path.is_file()}
    texts = {path: file.read_bytes().decode("utf-8", "replace") for path, file in files.items() if file.stat().st_size < 200_000}
    return {f"{project}/{path}": text for project in ("one", "two") for path, text in texts.items()}


@pytest.mark.parametrize("ingestor", [python_source, javascript_source], ids=lambda one: one.NAME)
def test_fixtures_linked_by_part_tell_what_they_tell_together(ingestor: ModuleType) -> None:
    whole, by_part, parts = in_parts(ingestor, fixtures())
    assert by_part == whole
    assert len(whole) > 500
    assert len(parts) > 1


@st.composite
def python_trees(draw: st.DrawFn) -> dict[str, str]:
    names = [
        f"{folder}/m{number}".lstrip("/") for number, folder in enumerate(draw(st.lists(st.sampled_from(FOLDERS), min_size=2, max_size=7)))
    ]
    files = {}
    for number, name in enumerate(names):
        lines = []
        tools = []
        for other in draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
            tool = f"tool_{names.index(other)}"
            style = draw(
                st.sampled_from((f"from {other.replace('/', '.')} import {tool}", f"from {other.rpartition('/')[2]} import {tool}"))
            )
            lines.append(
                draw(
                    st.sampled_from(
                        (style, f"try:\n    {style}\nexcept ImportError: pass", style.replace("import ", "import (\n    ") + ",\n)")
                    )
                )
            )
            tools.append(tool)
        lines.append(f"def tool_{number}(x: str) -> str:\n    open(x, 'w')")
        if draw(st.booleans()):
            lines.insert(0, "from agents import Agent")
            lines.append(f"bot = Agent(name='bot {draw(st.integers(0, 2))}', tools=[{', '.join(tools)}])")
        files[f"{name}.py"] = "\n".join(lines) + "\n"
    return files


IMPORTS = {
    "relative": "import {{ tool{number} }} from './{path}'",
    "up": "import {{ tool{number} }} from '../{path}.js'",
    "required": "const {{ tool{number} }} = require('./{path}')",
    "package": "import {{ tool{number} }} from '@shop/{last}'",
    "alias": "import {{ tool{number} }} from '~/{path}'",
}
MADE = {
    "": "",
    "openai": "import {{ Agent }} from '@openai/agents';\nexport const bot = new Agent({{ name: 'bot {name}', tools: [{tools}] }});",
    "mastra": (
        "import {{ Agent }} from '@mastra/core/agent';\nimport {{ Mastra }} from '@mastra/core';\n"
        "export const bot = new Agent({{ name: 'bot {name}', tools: {{ {tools} }} }});\nnew Mastra({{ agents: {{ bot{name}: bot }} }});"
    ),
    "lookup": (
        "import {{ Agent }} from '@mastra/core/agent';\nimport {{ createTool }} from '@mastra/core/tools';\n"
        "const ask = createTool({{ id: 'ask', execute: async ({{ mastra }}) => mastra.getAgent('bot{name}').generate('x') }});\n"
        "export const bot = new Agent({{ name: 'asking', tools: {{ ask }} }});"
    ),
    "handoff": (
        "import {{ createReactAgent }} from '@langchain/langgraph/prebuilt';\n"
        "import {{ createHandoffTool }} from '@langchain/langgraph-swarm';\n"
        "export const bot = createReactAgent({{ llm, name: 'handing {name}', tools: [createHandoffTool({{ agentName: 'bot 1' }})] }});"
    ),
    "server": (
        "import {{ McpServer }} from '@modelcontextprotocol/sdk/server/mcp.js';\n"
        "export const server = new McpServer({{ name: 'server {name}' }});\nserver.tool('look', async () => fetch('https://shop.example'));"
    ),
    "late": (
        "import {{ McpServer }} from '@modelcontextprotocol/sdk/server/mcp.js';\n"
        "export function register(server) {{ server.registerTool('late {name}', {{}}, async () => 1); }}"
    ),
}


@st.composite
def javascript_trees(draw: st.DrawFn) -> dict[str, str]:
    names = [
        f"{folder}/m{number}".lstrip("/") for number, folder in enumerate(draw(st.lists(st.sampled_from(FOLDERS), min_size=2, max_size=7)))
    ]
    files = {}
    for number, name in enumerate(names):
        tools = draw(st.lists(st.integers(0, len(names) - 1), max_size=2, unique=True))
        lines = [
            IMPORTS[draw(st.sampled_from(sorted(IMPORTS)))].format(number=one, path=names[one], last=names[one].rpartition("/")[2])
            for one in tools
        ]
        made = MADE[draw(st.sampled_from(sorted(MADE)))]
        lines.append(made.format(name=draw(st.integers(0, 2)), tools=", ".join(f"tool{one}" for one in tools)))
        lines.append(f"export const tool{number} = async (x) => fetch('https://host{number}.example/' + x);")
        files[f"{name}.ts"] = "\n".join(lines)
    for folder in draw(st.lists(st.sampled_from(FOLDERS), max_size=3, unique=True)):
        name = draw(st.sampled_from([one.rpartition("/")[2] for one in names]))
        main = draw(st.sampled_from(["dist/m0.js", "./m1.ts", f"{name}.js"]))
        files[f"{folder}/package.json".lstrip("/")] = f'{{"name": "@shop/{name}", "main": "{main}", "bin": "{main}"}}'
    if draw(st.booleans()):
        files["tsconfig.json"] = '{"compilerOptions": {"baseUrl": ".", "paths": {"~/*": ["a/*", "*"]}}}'
    return files


@settings(max_examples=60)
@given(python_trees())
def test_python_linked_by_part_tells_what_it_tells_together(files: dict[str, str]) -> None:
    whole, by_part, _ = in_parts(python_source, files)
    assert by_part == whole


@settings(max_examples=120)
@given(javascript_trees())
def test_javascript_linked_by_part_tells_what_it_tells_together(files: dict[str, str]) -> None:
    whole, by_part, _ = in_parts(javascript_source, files)
    assert by_part == whole


AGENT = "import { Agent } from '@openai/agents'; new Agent({ name: 'desk', tools: [tool] });"
SERVER = "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'; const server = new McpServer({ name: 'shop' });"
COUPLED = {
    "by a name it is registered under": {
        "a/package.json": "{}",
        "a/desk.ts": MADE["mastra"].format(name=1, tools=""),
        "b/package.json": "{}",
        "b/ask.ts": MADE["lookup"].format(name=1),
    },
    "by an agent's name": {
        "a/package.json": "{}",
        "a/desk.ts": MADE["openai"].format(name=1, tools=""),
        "b/package.json": "{}",
        "b/hand.ts": MADE["handoff"].format(name=0),
    },
    "by what its package starts": {"package.json": '{"name": "x", "main": "m.js"}', "m.js": "export const x = 1", "src/m.ts": SERVER},
    "by the first package of a name": {
        "a/package.json": '{"name": "@shop/x", "main": "gone.js"}',
        "b/package.json": '{"name": "@shop/x", "main": "index.js"}',
        "b/index.ts": "export const tool = async () => fetch('https://shop.example');",
        "b/desk.ts": f"import './index'; import {{ tool }} from '@shop/x'; {AGENT}",
    },
}


@pytest.mark.parametrize("files", COUPLED.values(), ids=COUPLED)
def test_documents_that_import_nothing_of_each_other_may_belong_together(files: dict[str, str]) -> None:
    whole, by_part, _ = in_parts(javascript_source, files)
    assert by_part == whole
    assert whole


def test_what_has_nothing_to_do_with_agents_stands_in_no_part() -> None:
    alone = {"web/page.ts": "import { money } from './money'", "web/money.ts": "export const money = 1", "lib.py": "import json"}
    bots = {
        "web/bot.ts": "import { Agent } from '@openai/agents'; import { tool } from './tool'; new Agent({ name: 'a', tools: [tool] })",
        "web/tool.ts": "export const tool = () => fetch('https://shop.example')",
        "bot.py": "from agents import Agent\nfrom tools import refund\nbot = Agent(name='bot', tools=[refund])",
        "tools.py": "def refund(): ...",
    }
    files = {**alone, **bots}
    assert in_parts(javascript_source, files)[2] == [["web/bot.ts", "web/tool.ts"]]
    assert in_parts(python_source, files)[2] == [["bot.py", "tools.py"]]


@pytest.mark.parametrize(
    "text",
    [
        "import a.b as c, d",
        "import a, \\\n    b",
        "from . import x",
        "from ..a.b import (c,  # of (d)\n    e as f, g,\n)",
        "from a import *",
        "if x: import a; import b",
        "try:\r\n\tfrom a import b\r\nexcept ImportError: from c import d",
        "def f():\n    from . a import b as c",
        "x = 1; from a import b",
        "class A:\n  import a . b",
        "from __future__ import annotations\nimport é",
    ],
)
def test_an_outline_holds_every_import(text: str) -> None:
    one = document(text, "x.py")
    found = summary.summarise(one).imports
    assert found
    assert found <= outline.outline(one).imports


def test_an_outline_of_a_notebook_holds_its_imports() -> None:
    text = '{"cells": [{"cell_type": "code", "source": ["from agents import Agent\\n", "from tools import (\\n", "  refund,\\n", ")\\n"]}]}'
    one = document(text, "x.ipynb")
    assert {("agents.Agent", 0), ("tools.refund", 0)} <= summary.summarise(one).imports <= outline.outline(one).imports


@pytest.mark.parametrize("path", ["a.py", "a.ipynb", "a.ts", "package.json", "agents.yaml"])
@settings(max_examples=40)
@given(data=st.one_of(st.binary(max_size=400), st.text(alphabet="from import(.,#)\\\n'\"`é", max_size=200).map(str.encode)))
def test_outlines_of_anything_raise_nothing_else_than_readers_do(path: str, data: bytes) -> None:
    ingestor: Any = javascript_source if path in ("a.ts", "package.json") else python_source
    one = document(b"from agents import Agent\n" + data, path)
    try:
        outlined = ingestor.outline(one)
    except IngestError:
        return
    assert isinstance(ingestor.parts({path: outlined}), list)


LONG = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "from a" + " " * LONG + "b",
        "from " + ". " * LONG,
        "import a" + " " * LONG + ".b",
        "from a import (" * (LONG // 10),
        "from a import (#" + " (" * LONG,
        ":" + " " * LONG + "from" + "\t" * LONG,
        "import a" + " as" * LONG,
        "import" + " " * LONG,
        "import(" * LONG,
        "from '" * LONG,
        "require" + " (" * LONG,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.ipynb"])
def test_outlines_take_linear_time(path: str, text: str) -> None:
    marked = {"a.ts": "import '@openai/agents'\n"}.get(path, "from agents import Agent\n")
    started = time.process_time()
    (javascript_source if path == "a.ts" else python_source).outline(document(marked + text, path))
    assert time.process_time() - started < 2


def test_an_outline_keeps_no_credential() -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    text = f"// from '{token}'\nimport x from 'https://bot:hunter2@shop.example/x.js';\nimport y from './y';\n"
    outline = javascript_source.outline(document(text, "a.ts"))
    assert isinstance(outline, Outline)
    assert outline.specifiers == ("./y",)


def test_a_notebook_beside_a_script_of_its_name_has_agents_of_its_own() -> None:
    text = 'from agents import Agent\na = Agent(name="Desk")\n'
    cells = json.dumps({"cells": [{"cell_type": "code", "source": [text]}]})
    whole, by_part, parts = in_parts(python_source, {"desk.py": text, "desk.ipynb": cells, "other.ipynb": cells})
    assert whole == by_part
    assert parts == [["desk.ipynb", "desk.py"], ["other.ipynb"]]
    told_ids = {word for fact in whole for word in re.findall(r"id='(openai[^']*)'", fact)}
    assert told_ids == {"openai-agents:shop/desk#Desk", "openai-agents:shop/desk.ipynb#Desk", "openai-agents:shop/other#Desk"}
