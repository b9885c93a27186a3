"""Programs that ask a model's interface themselves: calls that are given tools, of OpenAI, Anthropic, Google, Groq, Mistral or Ollama.

The counterpart of the Python module of that name: whatever such calls a class makes is one agent, else what a function makes. A call of
which nothing tells the tools, one that is forced to use one, and one whose tools only the provider runs are no agents.

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.javascript.program import Program
from graphinv.ingest.support.javascript.shapes import class_around, uses_model
from graphinv.ingest.support.javascript.tools import tool_entries, uses_tools
from graphinv.ingest.support.javascript.values import DictV, Made, Value
from graphinv.ingest.support.places import environment_of
from graphinv.model.facts import Fact

NAME = "model-api"
PACKAGES = ("openai", "@anthropic-ai/sdk", "@google/genai", "groq-sdk", "@mistralai/mistralai", "ollama")
_CALLS = (
    *("completions.create", "completions.parse", "completions.stream", "completions.runTools", "responses.create", "responses.parse"),
    *("responses.stream", "messages.create", "messages.stream", "messages.toolRunner", "models.generateContent"),
    *("models.generateContentStream", "chats.create", "chat.complete", "chat.stream", "ollama.chat"),
)
_ENDS = tuple(f".{one}" for one in _CALLS)
_FORCED = frozenset({"required", "any"})
_OWN = frozenset({"function", "custom", "mcp"})
"""Types of tools written as data that are not the provider's."""
_PATH = re.compile(r"\.[cm]?[jt]sx?$")


def declare(program: Program) -> None:
    """What calls with tools one class, or one function, makes."""
    known: dict[object, Made] = {}
    for made in list(program.made.values()):
        if _is_call(made) and not program.is_pattern(made) and _is_agent(program, made):
            name, key = _around(made)
            first = known.setdefault(key, made)
            if first is made:
                program.declare(made, name, NAME, detail=f"{made.package} call with tools")


def facts(program: Program) -> Iterator[Fact]:
    """What they use."""
    actors = {_around(actor.made)[1]: actor for actor in program.of_framework(NAME)}
    for made in list(program.made.values()):
        if _is_call(made) and not program.is_pattern(made) and _is_agent(program, made):
            actor = actors.get(_around(made)[1])
            if actor is not None:
                yield from uses_tools(program, actor, _given(program, made))
                yield from uses_model(program, actor, program.option(made, "model"))


def _is_call(made: Made) -> bool:
    return made.within(*PACKAGES) and f".{made.callee}".endswith(_ENDS)


def _given(program: Program, made: Made) -> Value | None:
    """Its tools, also those of Google's ``config``."""
    given = program.option(made, "tools")
    config = program.option(made, "config") if given is None else None
    return config.get("tools") if isinstance(config, DictV) else given


def _is_agent(program: Program, made: Made) -> bool:
    choice = program.option(made, "tool_choice") or program.option(made, "toolChoice")
    kind = choice.get("type") if isinstance(choice, DictV) else choice
    if isinstance(choice, DictV) and (kind is None or kind.text() != "auto"):
        return False
    if kind is not None and kind.text() in _FORCED:
        return False
    tested = environment_of(made.path) == "test"
    return any(_is_own(one) and (tested or not _of_test(one)) for _, one in tool_entries(_given(program, made)))


def _of_test(tool: Value) -> bool:
    """Whether only a test gives it: what a test does to a program is not what the program does."""
    name = tool.get("name") if isinstance(tool, DictV) else None
    return any(environment_of(one.path) == "test" for one in (tool, name) if one is not None)


def _is_own(tool: Value) -> bool:
    """Whether a tool is known by its name, and no one but the program or a server of its choice runs it."""
    if isinstance(tool, DictV):
        kind, name = tool.get("type"), tool.get("name")
        text = kind.text() if kind is not None else None
        return text == "mcp" or ((text is None or text in _OWN) and name is not None and name.text() is not None)
    return isinstance(tool, Made) and tool.within(*PACKAGES)  # a helper's, such as ``zodFunction``


def _around(made: Made) -> tuple[str, object]:
    """Name and identity of the class, function or document that a call stands in."""
    around = class_around(made)
    if around is not None:
        return around.cls.name, (around.path, "class", around.index)
    module, index, found = made.frame.module, made.function, 0
    while index > 0:
        found = index if module.functions[index].name else found
        index = module.functions[index].parent
    if found:
        return module.functions[found].name, (module.path, "function", found)
    return _PATH.sub("", made.path.rpartition("/")[2]), (module.path,)
