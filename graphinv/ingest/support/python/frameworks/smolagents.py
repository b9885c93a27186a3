"""smolagents: ``CodeAgent`` (which runs the code it writes), ``ToolCallingAgent``, their tools and managed agents.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: managed_agents}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), the Python executor of a CodeAgent included
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import EXECUTE, FETCH, NOTHING, READ, SEARCH, Effects, builtin, hosted, is_true, runs_agents
from graphinv.ingest.support.python.values import Bound, Made, Value
from graphinv.model.facts import Fact

NAME = "smolagents"
IMPORTS = ("smolagents",)
CLASSES = ("CodeAgent", "ToolCallingAgent", "MultiStepAgent")

_TOOLS: dict[str, Effects] = {
    "python_interpreter": EXECUTE,
    "web_search": SEARCH,
    "wikipedia_search": SEARCH,
    "visit_webpage": FETCH,
    "user_input": NOTHING,
    "final_answer": NOTHING,
    "transcriber": READ,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "PythonInterpreterTool": "python_interpreter",
        "DuckDuckGoSearchTool": "web_search",
        "GoogleSearchTool": "web_search",
        "ApiWebSearchTool": "web_search",
        "WebSearchTool": "web_search",
        "WikipediaSearchTool": "wikipedia_search",
        "VisitWebpageTool": "visit_webpage",
        "UserInputTool": "user_input",
        "FinalAnswerTool": "final_answer",
        "SpeechToTextTool": "transcriber",
    },
)
_BASE = ("web_search", "visit_webpage")


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in CLASSES:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} {one}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        tools = made.arg("tools", 0)
        for item in program.items(tools):
            yield from program.uses_tools(actor, _whole(item), hosted=HOSTED, packages=IMPORTS)
        yield from runs_agents(program, actor, tools)
        yield from program.uses_model(actor, made.arg("model", 1))
        yield from _managed(program, actor)
        if is_true(made.arg("add_base_tools")):
            names = _BASE if made.symbol == "CodeAgent" else (*_BASE, "python_interpreter")
            for name in names:
                yield from builtin(program, actor, HOSTED[name], made)
        if made.symbol == "CodeAgent":
            yield from builtin(program, actor, HOSTED["python_interpreter"], made)


def _whole(item: Value) -> Value:
    """The collection or client that tools were taken from."""
    if isinstance(item, Made) and item.symbol == "get_tools":
        return item.root()
    return item.receiver if isinstance(item, Bound) and item.attr == "tools" else item


def _managed(program: Program, actor: Actor) -> Iterator[Fact]:
    """Managed agents, bare or wrapped in the older ``ManagedAgent``."""
    for item in program.items(actor.made.arg("managed_agents")):
        wrapped = isinstance(item, Made) and item.within(*IMPORTS) and item.symbol == "ManagedAgent" and program.actor(item) is None
        inner = item.arg("agent", 0) if wrapped and isinstance(item, Made) else item
        yield from program.delegates(actor, inner, "invoke", "managed_agents", what="managed agents")
