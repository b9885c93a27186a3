"""Programs that ask a model's interface themselves: calls that are given tools, of OpenAI, Anthropic, Google, Mistral, Ollama or LiteLLM.

Whatever such calls a class makes is one agent, called as the class; else what a function makes, called as the function. No agent is a call
of which nothing tells the tools (somebody's wrapper around the interface), one that is forced to use a certain one (a way to get an answer
of some form), and one whose tools only the provider runs (a question with a search).

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), where a tool runs another agent
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.provider_tools import runs_here
from graphinv.ingest.support.python.servers import entry_of
from graphinv.ingest.support.python.shapes import EXECUTE, FETCH, SEARCH, Effects, defined_name, hosted, implemented, runs_agents
from graphinv.ingest.support.python.values import Const, DictV, EnvVar, External, Made, Scope, Unknown, Value
from graphinv.model.facts import Fact

NAME = "model-api"
IMPORTS = ("openai", "anthropic", "google.genai", "mistralai", "ollama", "litellm", "groq")
MARKS = (rb"[(,]\s*tools\s*=(?!=)", rb"\b(?:completions|messages|responses)\.(?:create|parse|stream)\(\s*\*\*")
"""A call that is given tools: most documents that import these packages give none."""
_CALLS = {
    "create": ("completions.create", "responses.create", "messages.create", "chats.create"),
    "parse": ("completions.parse", "responses.parse"),
    "stream": ("completions.stream", "responses.stream", "messages.stream", "chat.stream"),
    "tool_runner": ("messages.tool_runner",),
    "complete": ("chat.complete",),
    "complete_async": ("chat.complete_async",),
    "generate_content": ("models.generate_content",),
    "generate_content_stream": ("models.generate_content_stream",),
    "chat": ("ollama.chat", "Client.chat", "AsyncClient.chat"),
    "completion": ("litellm.completion",),
    "acompletion": ("litellm.acompletion",),
}
_ANY = frozenset({"any", "required"})
_FREE = frozenset({"auto", "none"})
_GOOGLE: dict[str, Effects] = {
    "google_search": SEARCH,
    "google_search_retrieval": SEARCH,
    "enterprise_web_search": SEARCH,
    "url_context": FETCH,
    "code_execution": EXECUTE,
    "computer_use": (("read", "write", "execute", "egress"), True),
}
_HOSTED = hosted("google", _GOOGLE)
_OWN = frozenset({"function", "custom", "mcp"})
"""Types of tools written as data that are not the provider's."""
_SAYS_NOTHING = re.compile(r"__init__|__call__|<lambda>")


def declare(program: Program) -> None:
    """What calls with tools one class, or one function, makes."""
    known: dict[object, Actor] = {}
    for made in _calls(program):
        if _is_agent(program, made):
            name, key = _around(made)
            if key in known:
                program.alias(made, known[key])
            else:
                detail = f"{made.callee.partition('.')[0]} call with tools"
                known[key] = program.declare(made, name=name, framework=NAME, detail=detail)


def facts(program: Program) -> Iterator[Fact]:
    """What they use."""
    for made in _calls(program):
        actor = program.actor(made)
        if actor is None or actor.framework != NAME:
            continue
        for item in _given(program, made):
            if isinstance(item, Hosted):
                yield from program.hosted(actor, made, item)
                continue
            tool = implemented(program, made, item)
            yield from program.uses_tools(actor, tool)
            yield from runs_agents(program, actor, tool)
        yield from program.uses_model(actor, made.arg("model"))


def _calls(program: Program) -> Iterator[Made]:
    for symbol, endings in _CALLS.items():
        suffixes = tuple(f".{one}" for one in endings)
        for made in program.made(IMPORTS, symbol):
            if f".{made.callee}".endswith(suffixes):
                yield made


def _given(program: Program, made: Made) -> Iterator[Value | Hosted]:
    """Its tools one by one, also those of Google's ``config``."""
    given, config = made.arg("tools"), made.arg("config")
    for one in config.options() if given is None and config is not None else ():
        given = given or (one.arg("tools") if isinstance(one, Made) else one.get("tools") if isinstance(one, DictV) else None)
    for item in program.items(given):
        if isinstance(item, Made) and item.symbol == "Tool" and item.within("google.genai"):
            yield from program.items(item.arg("function_declarations"))
            yield from (tool for name, tool in _HOSTED.items() if item.arg(name) is not None)
        else:
            yield item


def _is_agent(program: Program, made: Made) -> bool:
    given = list(_given(program, made))
    return any(_is_own(one) for one in given) and not _is_forced(made.arg("tool_choice"), len(given))


def _is_forced(choice: Value | None, tools: int) -> bool:
    """Whether a model that is given so many tools is told which to use."""
    kind = choice.get("type") if isinstance(choice, DictV) else choice
    text = kind.text() if kind is not None else None
    return tools < 2 if text in _ANY else isinstance(choice, DictV) and text not in _FREE


def _is_own(tool: Value | Hosted) -> bool:
    """Whether a tool is known by its name, and no one but the program or a server of its choice runs it."""
    if isinstance(tool, DictV):
        kind = tool.get("type")
        text = kind.text() if kind is not None else None
        if text == "mcp" or runs_here(text or ""):
            return True
        return (text is None or text in _OWN) and (defined_name(tool) is not None or entry_of(tool) is not None)
    if isinstance(tool, Made) and tool.within(*IMPORTS):  # an object of the interface's own, which a wrapper fills in
        inner = tool.arg("function")
        named = inner.arg("name") if isinstance(inner, Made) else tool.arg("name")
        return named is None or bool(named.text())
    return not isinstance(tool, (Hosted, Unknown, EnvVar, Const, External))


def _around(made: Made) -> tuple[str, object]:
    """Name and identity of the class, function or document that a call stands in."""
    found: ir.Function | None = None
    scope: Scope | None = made.scope
    while scope is not None:
        owner = scope.owner
        if isinstance(owner, ir.Class):
            return owner.name, id(owner)
        if isinstance(owner, ir.Function) and not _SAYS_NOTHING.fullmatch(owner.name):
            found = owner
        scope = scope.parent
    if found is not None:
        return found.name, id(found)
    path = made.module.path.rpartition("/")[2]
    return path.rpartition(".")[0] or path, made.module.path
