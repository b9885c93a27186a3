"""LiveKit Agents: agents that speak, whose methods are their tools, and the sessions that give them a model and servers.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: tool_returns_agent}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model), its session's included
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.values import Made
from graphinv.ingest.support.python.vocabulary import Vocabulary
from graphinv.model.facts import Fact

NAME = "livekit"
IMPORTS = ("livekit.agents",)
_MODELS = ("llm", "stt", "tts")
_AGENTS = Vocabulary(
    NAME=NAME,
    IMPORTS=IMPORTS,
    agents={"Agent": None, "AgentTask": None},
    names=("id",),
    tools=("tools", "mcp_servers"),
    models=_MODELS,
    decorators=("function_tool", "ai_callable"),
    returned="tool_returns_agent",
)


def declare(program: Program) -> None:
    """Its agents, by the class that each is written as."""
    for call in _AGENTS.agents:
        for made in program.made(IMPORTS, call):
            name = made.cls.name if made.cls is not None else None
            program.declare(made, name=made.arg("id") or name, framework=NAME, detail=f"{NAME} {call}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they hand over to."""
    for actor in program.actors(NAME):
        yield from _AGENTS.uses(program, actor)
    for session in program.made(IMPORTS, "AgentSession"):
        for call in program.calls_on(session):
            if call.symbol == "start":
                for one in program.items(call.arg("agent", 0)):
                    started = program.actor(one)
                    if started is not None:
                        yield from _session(program, started, session)


def _session(program: Program, actor: Actor, session: Made) -> Iterator[Fact]:
    """What the session that an agent is started in gives it."""
    for name in _MODELS:
        yield from program.uses_model(actor, session.arg(name))
    for name in ("tools", "mcp_servers"):
        yield from program.uses_tools(actor, session.arg(name), what=name.replace("_", " "))
