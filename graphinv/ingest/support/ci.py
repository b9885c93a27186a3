"""What CI formats share: one run of a coding agent, from the action or command line that starts it to facts about whoever runs it.

The facts of a run speak of :data:`HOLDER`; :func:`moved` puts the agent of a job in its place: many jobs may run one composite action.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude
from graphinv.ingest.support.agent_commands import EXPRESSION, FILLED, PROGRAMS, Command
from graphinv.ingest.support.builtins import BUILTINS, INHERENT, builtin_facts, codex_tools
from graphinv.ingest.support.jsondoc import parse_text
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

HOLDER: NodeKey = ("Agent", "")
"""Stands for the agent that a run belongs to."""

MAX_WORDS = 2000

CLAUDE_ACTION_TOOLS = ("Edit", "Glob", "Grep", "Read", "Write")
"""What Claude's action allows without being told to."""
CLAUDE_UNASKED = ("Glob", "Grep", "Read")
"""What ``claude -p`` does without being asked for more."""
_SANDBOXES = ("read-only", "workspace-write", "danger-full-access")
_GEMINI_OLD = {
    **{"ShellTool": "run_shell_command", "WriteFileTool": "write_file", "EditTool": "replace", "ReadFileTool": "read_file"},
    **{"GlobTool": "glob", "GrepTool": "grep_search", "LSTool": "list_directory", "MemoryTool": "save_memory"},
    **{"ReadManyFilesTool": "read_many_files", "WebFetchTool": "web_fetch", "WebSearchTool": "google_web_search"},
}
"""Tools of the Gemini CLI by their classes, as its first versions named them."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an agent, without values of secrets.

    ``detail`` says what starts it, ``line`` where. ``inputs`` are the inputs of its document that reach the prompt; ``untrusted`` the
    expressions in it that carry text of strangers; ``written`` those that steps before it wrote to files.
    """

    detail: str
    line: int
    autonomy: str | None = None
    labels: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    untrusted: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    reads_event: bool = False
    position: int = 0
    written: tuple[str, ...] = ()


@dataclass
class Building:
    """A run while it is read."""

    document: Document
    detail: str
    client: str
    line: int
    ingestor: str
    autonomy: str | None = None
    labels: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)

    def edge(self, kind: str, target: NodeKey | Ref, **props: Any) -> None:
        self.facts.append(EdgeFact(kind, HOLDER, target, self.stated(**props)))

    def stated(self, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.line)], **props}

    def problem(self, message: str, severity: str = "warning") -> None:
        self.facts.append(Problem(self.document.path, f"L{self.line}", message, severity, self.ingestor))

    def builtins(self, names: Iterable[str]) -> None:
        self.facts += builtin_facts(self.document, self.line, HOLDER, self.client, names)

    def model(self, value: object) -> None:
        if isinstance(value, str) and "${{" not in value and EXPRESSION not in value and "$" not in value:
            self.facts += claude.model_facts(self.document, self.line, HOLDER, value)

    def servers(self, entries: object, at: str) -> None:
        """Servers that are configured in place, by name."""
        for name, entry in list(entries.items())[: claude.MAX_ITEMS] if isinstance(entries, dict) else ():
            self.facts += [
                fact
                for fact in server_facts(
                    self.document,
                    client=self.client,
                    host=HOLDER,
                    name=str(name),
                    entry=entry,
                    where=lambda *_: self.line,
                    folder=self.document.folder,
                    section=f"{at}/",
                )
                if not isinstance(fact, Binding)
            ]


def moved(facts: Iterable[Fact], agent: NodeKey) -> Iterator[Fact]:
    """``facts`` with ``agent`` in the place of :data:`HOLDER`."""
    for fact in facts:
        if isinstance(fact, EdgeFact) and HOLDER in (fact.source, fact.target):
            yield replace(
                fact,
                source=agent if fact.source == HOLDER else fact.source,
                target=agent if fact.target == HOLDER else fact.target,
            )
        else:
            yield fact


def minted(facts: Iterable[Fact], variable: str, token: NodeKey) -> Iterator[Fact]:
    """``facts`` in which whatever is given ``variable`` acts by ``token``: it is minted for each job, so that jobs share no secret of that
    name."""
    for fact in facts:
        if isinstance(fact, EdgeFact) and fact.kind == "HOLDS" and isinstance(fact.target, Ref) and fact.target.name == variable:
            stated = {name: value for name, value in fact.props.items() if name in ("evidence", "confidence", "sources")}
            yield EdgeFact("RUNS_AS", fact.source, token, stated)
        else:
            yield fact


def words_of(text: object) -> list[str]:
    """An option that holds a command line, as words; a JSON list of words counts too. Lines that begin with ``#`` are left out."""
    if not isinstance(text, str):
        return []
    text = FILLED.sub(EXPRESSION, text[:100_000])
    if text.lstrip().startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, list):
            return [word for word in value if isinstance(word, str)][:MAX_WORDS]
    text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    try:
        return shlex.split(text)[:MAX_WORDS]
    except ValueError:
        return text.split()[:MAX_WORDS]


def options(words: Iterable[str]) -> dict[str, list[str]]:
    """Each option of a command line with the words that follow it up to the next one; what stands before the first is under ``""``.

    >>> options(["-p", "--allowedTools", "Edit", "Bash(git *)", "--model=x"])
    {'': [], '-p': [], '--allowedTools': ['Edit', 'Bash(git *)'], '--model': ['x']}
    """
    found: dict[str, list[str]] = {"": []}
    name = ""
    for word in words:
        if word == "--" or re.match(r"\d?[<>]", word):
            name = ""
        elif re.match(r"--?[A-Za-z]", word):
            name, equals, value = word.partition("=")
            found.setdefault(name, [])
            if equals:
                found[name].append(value)
        else:
            found[name].append(word)
    return found


def _values(given: Mapping[str, list[str]], *names: str) -> list[str]:
    return [value for name in names for value in given.get(name, ())]


# --------------------------------------------------------------------------------------------------------------------------------
# Claude Code


def claude_run(
    run: Building,
    words: list[str],
    *,
    base: tuple[str, ...],
    allowed: Iterable[str] = (),
    denied: Iterable[str] = (),
    settings: object = None,
    bundled: frozenset[str] = frozenset(),
    section: str = "",
) -> None:
    """Tools, servers, mode and model of a run of Claude Code.

    ``base`` are the tools it has anyway, ``words`` its options, ``allowed`` and ``denied`` further lists of tools, ``settings`` JSON text
    of its settings, ``bundled`` names of servers that come with the action; ``section`` distinguishes the run's servers in ids.
    """
    given = options(words)
    stated = _json(run, settings, "settings")
    permissions = stated.get("permissions")
    permissions = permissions if isinstance(permissions, dict) else {}
    specs = _specs(
        [*allowed, *_values(given, "--allowedTools", "--allowed-tools", "--allowedtools", "--tools"), *_texts(permissions.get("allow"))]
    )
    gone = _specs([*denied, *_values(given, "--disallowedTools", "--disallowed-tools"), *_texts(permissions.get("deny"))])
    mode = next(iter(_values(given, "--permission-mode")), permissions.get("defaultMode"))
    skips = "--dangerously-skip-permissions" in given or mode == "bypassPermissions"
    run.autonomy = "autonomous"  # nobody is there to be asked: what is not allowed is refused
    if skips:
        run.labels.add("permissions=skipped")
    taken = {spec.name for spec in gone if spec.whole}
    names = dict.fromkeys(INHERENT[claude.CLIENT] if skips else base + (("Edit", "Write") if mode == "acceptEdits" else ()))
    names |= dict.fromkeys(spec.name for spec in specs if not spec.server and spec.name not in (*claude.DELEGATION, "*"))
    run.builtins(name for name in names if name not in taken)
    unlimited = sorted({spec.name for spec in specs if spec.name in ("Bash", "PowerShell") and spec.whole and spec.name not in taken})
    run.labels |= {f"unlimited={name}" for name in unlimited}
    if any(spec.name in claude.DELEGATION for spec in specs) and not taken & claude.DELEGATION:
        run.edge("DELEGATES_TO", claude.agent_ref(run.document, "*"), mode="invoke", kind_detail="sub-agent")
    own = _claude_servers(run, given, stated, section)
    if skips:
        run.edge("CONNECTS_TO", claude.server_ref(run.document, "*"))
    for edge in claude.server_edges(run.document, HOLDER, [spec for spec in specs if spec.server and f"mcp__{spec.server}" not in taken]):
        name = edge.target.name if isinstance(edge.target, Ref) else ""
        if name in own:
            continue  # connected to already
        if name in bundled:
            run.facts += _bundled(run, name, section)
            edge = replace(edge, target=("ToolServer", _bundled_id(run, name, section)))  # noqa: PLW2901 - the same edge to what it means here
        run.facts.append(replace(edge, props={**edge.props, "sources": [run.document.source(run.line)]}))
    run.model(next(iter(_values(given, "--model")), stated.get("model")))


def _claude_servers(run: Building, given: Mapping[str, list[str]], stated: dict[str, Any], section: str) -> set[str]:
    """Servers that the run is given: in place, or by the name of a file."""
    own: set[str] = set()
    texts = _values(given, "--mcp-config")
    for entries in [stated.get("mcpServers"), *(_servers_in(run, text) for text in texts)]:
        if isinstance(entries, dict):
            run.servers(entries, section)
            own |= {str(name) for name in entries}
    return own


def _servers_in(run: Building, text: str) -> object:
    if text.lstrip().startswith("{"):
        found = _json(run, text, "MCP configuration")
        return found.get("mcpServers", found)
    if text.rpartition("/")[2] == ".mcp.json":
        run.edge("CONNECTS_TO", claude.server_ref(run.document, "*"))
    elif text:
        run.problem("takes its MCP servers from a file that is named here; they are not known to belong to it")
    return None


def _json(run: Building, text: object, what: str) -> dict[str, Any]:
    """An object that stands as text in an option; empty where it is none, with a problem where it should have been one."""
    if not isinstance(text, str) or not text.strip():
        return {}
    filled = re.sub(rf"(?<!\"){FILLED.pattern}(?!\")", "null", text)
    for attempt in (text, filled):
        if not attempt.lstrip().startswith("{"):
            break
        try:
            value = parse_text(attempt, run.document).value
        except IngestError:
            continue
        return value if isinstance(value, dict) else {}
    if text.lstrip().startswith("{"):
        run.problem(f"gives {what} that are not JSON")
    return {}


def _specs(texts: Iterable[str]) -> list[claude.ToolSpec]:
    """Entries of lists of tools. A list that is separated by blanks may be followed by the prompt, so there only known names count."""
    found: list[claude.ToolSpec] = []
    for text in texts:
        specs = claude.tool_specs([text], _NOWHERE) or [] if EXPRESSION not in text else []
        known = [spec for spec in specs if spec.server or spec.pattern or spec.name in (*claude.BUILTINS, *claude.DELEGATION, "*")]
        found += specs if "," in text or len(specs) == 1 else known
    return found


class _Nowhere:
    def line(self, *_: object) -> int:
        return 0


_NOWHERE: Any = _Nowhere()


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _bundled_id(run: Building, name: str, section: str) -> str:
    return f"mcp:{run.document.source()}#{section}/{name}"


def _bundled(run: Building, name: str, section: str) -> Iterator[Fact]:
    """A server that the action brings: it acts with what the run has."""
    props = {"name": name, "protocol": "mcp", "transport": "stdio", "origin": "third_party", "kind_detail": f"bundled with {run.detail}"}
    yield NodeFact("ToolServer", _bundled_id(run, name, section), {**props, "sources": [run.document.source(run.line)]})


# --------------------------------------------------------------------------------------------------------------------------------
# Other agents


def codex_run(run: Building, words: list[str], sandbox: object = None) -> None:
    """Tools, sandbox and model of a run of Codex; nobody is asked."""
    given = options(words)
    mode, network = next(iter(_values(given, "--sandbox", "-s")), sandbox), False
    for setting in _values(given, "-c", "--config"):
        key, _, value = setting.partition("=")
        mode = value.strip("\"' ") if key == "sandbox_mode" else mode
        network = network or (key == "sandbox_workspace_write.network_access" and value.strip() == "true")
    if "--full-auto" in given:
        mode = mode or "workspace-write"
    if "--dangerously-bypass-approvals-and-sandbox" in given or "--yolo" in given:
        mode = "danger-full-access"
    mode = mode if mode in _SANDBOXES else "read-only" if mode is None else None
    run.autonomy = "autonomous"
    if mode:
        run.labels.add(f"sandbox={mode}")
    run.builtins(codex_tools(mode, network=network))
    if "--search" in given:
        run.builtins(["web_search"])
    run.edge("CONNECTS_TO", Ref("ToolServer", "codex", "*"))
    run.model(next(iter(_values(given, "--model", "-m")), None))


def gemini_run(run: Building, words: list[str], settings: object, section: str, *, unasked: bool) -> None:
    """Tools, servers and model of a run of the Gemini CLI (or of its sibling for Qwen). ``settings`` is JSON text."""
    given = options(words)
    stated = _json(run, settings, "settings")
    tools = stated.get("tools")
    tools = tools if isinstance(tools, dict) else {}
    core = tools.get("core", stated.get("coreTools"))
    out = tools.get("exclude", stated.get("excludeTools"))
    gone = {_gemini_tool(text) for text in _texts(out) if "(" not in text}
    mode = next(iter(_values(given, "--approval-mode")), "yolo" if unasked else None)
    run.autonomy = "autonomous"
    if mode == "yolo":
        run.labels.add("permissions=skipped")
    if isinstance(core, list):
        names = [_gemini_tool(text) for text in _texts(core)]
        run.labels |= {f"unlimited={name}" for text, name in zip(_texts(core), names, strict=True) if text == "run_shell_command"}
    elif mode == "yolo":
        names = list(INHERENT[run.client])
        run.labels.add("unlimited=run_shell_command")
    else:
        allowed = [*_texts(tools.get("allowed")), *_values(given, "--allowed-tools")]
        edits = ["write_file", "replace"] if mode == "auto_edit" else []
        reads = [name for name, effects in BUILTINS[run.client].items() if effects and set(effects) <= {"read", "egress"}]
        names = [*reads, *edits, *(_gemini_tool(name) for text in allowed for name in claude.split_list(text))]
    run.builtins(name for name in dict.fromkeys(names) if name not in gone)
    run.servers(stated.get("mcpServers"), section)
    run.edge("CONNECTS_TO", Ref("ToolServer", run.client, "*"))
    model = stated.get("model")
    run.model(next(iter(_values(given, "--model", "-m")), model.get("name") if isinstance(model, dict) else model))


def _gemini_tool(text: str) -> str:
    name = text.partition("(")[0].strip()
    return _GEMINI_OLD.get(name, name)


def copilot_run(run: Building, words: list[str]) -> None:
    """Tools and servers of a run of the Copilot CLI; without ``--allow-all-tools`` it may use what ``--allow-tool`` names."""
    given = options(words)
    run.autonomy = "autonomous"
    denied = {text.strip() for text in _values(given, "--deny-tool")}
    if any(name in given for name in ("--allow-all-tools", "--allow-all", "--yolo")):
        run.labels |= {"permissions=skipped", "unlimited=shell"}
        run.builtins(name for name in INHERENT["copilot-cli"] if name not in denied)
        run.edge("CONNECTS_TO", Ref("ToolServer", "copilot-cli", "*"))
    else:
        for text in dict.fromkeys([*_values(given, "--allow-tool"), "view"]):
            name = text.partition("(")[0].strip()
            if name in BUILTINS["copilot-cli"]:
                run.builtins([name])
                if name == "shell" and "(" not in text:
                    run.labels.add("unlimited=shell")
            elif name and EXPRESSION not in name:
                shown = redact(name)
                tool = re.search(r"\(([^()]+)\)", text)
                limit = {"tools": [redact(tool[1])]} if tool else {}
                fallback = f"mcp:{run.document.root}#{shown}"
                run.edge("CONNECTS_TO", Ref("ToolServer", "copilot-cli", shown, fallback=fallback), **limit)
    if "--additional-mcp-config" in given:
        run.problem("takes MCP servers from a configuration that is named here; they are not known to belong to it")
    run.model(next(iter(_values(given, "--model")), None))


def other_run(run: Building, *, unasked: bool) -> None:
    """A run of an agent of which only its usual tools are known."""
    run.autonomy = "autonomous" if unasked else None
    if unasked:
        run.labels.add("permissions=skipped")
    run.builtins(INHERENT.get(run.client, ()))
    run.edge("CONNECTS_TO", Ref("ToolServer", run.client, "*"))


_SHOWN: Mapping[str, str] = {"claude": "claude -p", "codex": "codex exec", "gemini": "gemini -p", "opencode": "opencode run"}


def command_run(document: Document, line: int, command: Command, ingestor: str, section: str) -> Building:
    """A run that a command line starts."""
    program = PROGRAMS.get(command.program)
    client = program.client if program else "github-copilot"
    run = Building(document, _SHOWN.get(command.program, command.program), client, line, ingestor)
    words = list(command.words)
    unasked = program is not None and (program.always or any(word in program.unasked for word in words))
    if program is None:
        run.builtins(INHERENT[client])
        run.autonomy = "autonomous"
        return run
    readers: dict[str, Callable[[], None]] = {
        "claude-code": lambda: claude_run(run, words, base=CLAUDE_UNASKED, section=section),
        "codex": lambda: codex_run(run, words),
        "gemini-cli": lambda: gemini_run(run, words, None, section, unasked=unasked),
        "qwen-code": lambda: gemini_run(run, words, None, section, unasked=unasked),
        "copilot-cli": lambda: copilot_run(run, words),
    }
    readers.get(client, lambda: other_run(run, unasked=unasked))()
    given = options(words)
    model = next(iter(_values(given, "--model", "-m")), None)
    if client not in readers and client != "aider":
        run.model(model)
    elif client == "aider":
        run.model(next(iter(_values(given, "--model")), None))
    return run
