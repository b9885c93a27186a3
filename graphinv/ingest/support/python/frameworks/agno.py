"""Agno: ``Agent`` with its toolkits, ``Team`` with its members, ``Workflow`` with its steps.

Drawn:
    (:Agent team)-[:DELEGATES_TO {mode: invoke, kind_detail: team}]->(:Agent member)
    (:Workflow)-[:DELEGATES_TO {mode: invoke, kind_detail: step}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), a toolkit being one tool
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model), (:Agent)-[:READS|WRITES]->(:Memory)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    FETCH,
    NOTHING,
    READ,
    SEARCH,
    WRITE,
    Effects,
    hosted,
    is_none,
    limited,
    link,
    runs_agents,
    team,
    uses_model,
)
from graphinv.ingest.support.python.values import FunctionV, ListV, Made, Value
from graphinv.model.facts import Fact

NAME = "agno"
IMPORTS = ("agno", "phi")

_MESSAGES: Effects = (("read", "write", "egress"), True)
_SEND: Effects = (("write", "egress"), False)
_CLASSES: dict[str, Effects] = {
    "AirflowTools": WRITE,
    "ArxivTools": SEARCH,
    "AWSLambdaTools": (("execute", "egress"), False),
    "AWSSESTool": _SEND,
    "BaiduSearchTools": SEARCH,
    "BraveSearchTools": SEARCH,
    "BrightDataTools": FETCH,
    "BrowserbaseTools": (("read", "write", "egress"), True),
    "CalculatorTools": NOTHING,
    "CodingTools": (("read", "write", "execute"), False),
    "ConfluenceTools": (("read", "write", "egress"), True),
    "Crawl4aiTools": FETCH,
    "CsvTools": READ,
    "CustomApiTools": (("read", "write", "egress"), True),
    "DalleTools": (("egress",), False),
    "DaytonaTools": EXECUTE,
    "DiscordTools": _MESSAGES,
    "DockerTools": (("read", "write", "destructive", "execute"), False),
    "DuckDbTools": (("read", "write"), False),
    "DuckDuckGoTools": SEARCH,
    "E2BTools": EXECUTE,
    "EmailTools": _SEND,
    "ExaTools": SEARCH,
    "FileTools": WRITE,
    "FirecrawlTools": FETCH,
    "GithubTools": (("read", "write", "destructive", "egress"), True),
    "GmailTools": _MESSAGES,
    "GoogleCalendarTools": (("read", "write"), True),
    "GoogleDriveTools": (("read", "write"), True),
    "GoogleSearchTools": SEARCH,
    "GoogleSheetsTools": WRITE,
    "HackerNewsTools": SEARCH,
    "JinaReaderTools": FETCH,
    "JiraTools": (("read", "write", "egress"), True),
    "KnowledgeTools": READ,
    "LinearTools": (("read", "write", "egress"), True),
    "LocalFileSystemTools": (("write",), False),
    "Mem0Tools": WRITE,
    "MemoryTools": WRITE,
    "NewspaperTools": FETCH,
    "Newspaper4kTools": FETCH,
    "NotionTools": (("read", "write", "egress"), True),
    "OpenBBTools": SEARCH,
    "PandasTools": WRITE,
    "PostgresTools": (("read", "write"), False),
    "PubmedTools": SEARCH,
    "PythonTools": (("read", "write", "execute"), False),
    "ReasoningTools": NOTHING,
    "RedditTools": (("read", "write", "egress"), True),
    "ResendTools": _SEND,
    "SerpApiTools": SEARCH,
    "SerperTools": SEARCH,
    "ShellTools": EXECUTE,
    "SlackTools": _MESSAGES,
    "SleepTools": NOTHING,
    "SpiderTools": FETCH,
    "SQLTools": (("read", "write", "destructive"), False),
    "TavilyTools": SEARCH,
    "TelegramTools": _MESSAGES,
    "ThinkingTools": NOTHING,
    "TodoistTools": WRITE,
    "TrelloTools": (("read", "write"), True),
    "TwilioTools": _MESSAGES,
    "UserControlFlowTools": NOTHING,
    "WebBrowserTools": FETCH,
    "WebSearchTools": SEARCH,
    "WebsiteTools": FETCH,
    "WebTools": FETCH,
    "WhatsAppTools": _MESSAGES,
    "WikipediaTools": SEARCH,
    "WorkflowTools": NOTHING,
    "XTools": _MESSAGES,
    "YFinanceTools": SEARCH,
    "YouTubeTools": FETCH,
    "ZendeskTools": (("read",), True),
    "ZepTools": WRITE,
    "ZoomTools": WRITE,
    "search_knowledge": READ,
}
HOSTED = hosted(NAME, _CLASSES, {"DuckDuckGo": "DuckDuckGoTools", "YFinanceTool": "YFinanceTools"})
MAX_STEPS = 500


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in ("Agent", "Team"):
        for made in program.made(IMPORTS, one):
            program.declare(made, name=_name(made), framework=NAME, detail=f"{NAME} {one}")
    for made in program.made(IMPORTS, "Workflow"):
        program.declare(made, name=_name(made), framework=NAME, kind="Workflow", detail=f"{NAME} Workflow", type="workflow")
    for one in ("LangGraphAgent", "ClaudeAgent", "DSPyAgent", "RemoteAgent"):
        for made in program.made(IMPORTS, one):
            program.declare(made, name=_name(made), framework=NAME, detail=f"{NAME} {one}")


def _name(made: Made) -> Value | None:
    return next((value for key in ("name", "id", "agent_id", "team_id") if not is_none(value := made.arg(key))), None)


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        if actor.key[0] == "Workflow":
            yield from _workflow(program, actor)
            continue
        yield from uses_model(program, actor, made.arg("model"), "id")
        tools = made.arg("tools")
        for item in program.items(tools):
            yield from _tool(program, actor, item)
        yield from runs_agents(program, actor, tools)
        yield from team(program, actor, made.arg("members", 0) if made.symbol == "Team" else made.arg("team"), "team")
        for key in ("reasoning_agent", "parser_agent"):
            yield from program.delegates(actor, made.arg(key), "invoke", key, what=key.replace("_", " "))
        for key in ("memory", "memory_manager", "knowledge"):
            value = made.arg(key)
            if isinstance(value, Made):
                yield from program.memory(actor, value)


def _tool(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    """A toolkit or function; a toolkit that no table knows is a tool whose effects are unknown."""
    known = HOSTED
    if isinstance(item, Made) and _is_new_toolkit(item):
        known = hosted(NAME, {}, {item.symbol: item.symbol})
    only = item.arg("include_tools") if isinstance(item, Made) else None
    yield from limited(program.uses_tools(actor, item, hosted=known, packages=IMPORTS), program.items(only))


def _is_new_toolkit(item: Made) -> bool:
    """Whether it is a toolkit of the framework that no table knows."""
    named = item.symbol.endswith(("Tools", "Tool", "Toolkit")) and not item.symbol.startswith(("MCP", "MultiMCP"))
    return named and item.cls is None and item.within(*IMPORTS) and item.symbol not in HOSTED


# --------------------------------------------------------------------------------------------------------------------------------
# Workflows


def _workflow(program: Program, workflow: Actor) -> Iterator[Fact]:
    made = workflow.made
    steps = made.arg("steps")
    reached: set[tuple[str, str]] = set()
    for step in program.items(steps):
        for actor in _agents(program, step):
            if actor.key not in reached and actor.key != workflow.key:
                reached.add(actor.key)
                yield link(program, workflow, actor, step, "invoke", "step")
    if made.cls is not None:  # the older form: a class with agents as attributes, which its methods run
        for name in sorted({target.id for target in _attributes(made)}):
            for item in program.items(made.arg(name)):
                found = program.actor(item)
                if found is not None and found.key not in reached:
                    reached.add(found.key)
                    yield link(program, workflow, found, made, "invoke", "step")


def _attributes(made: Made) -> Iterator[ir.Name]:
    for statement in made.cls.cls.body if made.cls is not None else ():
        if isinstance(statement, ir.Assign) and isinstance(statement.target, ir.Name):
            yield statement.target


def _agents(program: Program, step: Value) -> Iterator[Actor]:
    """The agents that a step runs, steps inside of it included; of a function those that it runs."""
    stack = [step]
    for _ in range(MAX_STEPS):
        if not stack:
            return
        one = stack.pop()
        actor = program.actor(one)
        if actor is not None:
            yield actor
        elif isinstance(one, FunctionV):
            for call in program.calls_in(one):
                found = program.actor(call)
                if found is not None:
                    yield found
        elif isinstance(one, ListV):
            stack.extend(reversed(one.items))
        elif isinstance(one, Made) and one.within(*IMPORTS):
            if one.symbol == "Parallel":
                stack.extend(value for place in range(len(one.call.args)) if (value := one.passed("", place)) is not None)
            for key in ("agent", "team", "workflow", "executor", "steps", "choices", "else_steps"):
                value = one.arg(key)
                if value is not None:
                    stack.extend(reversed(program.items(value)))
