"""What many frameworks have in common: tables of built-in tools, agents named by text, agents that a tool runs, teams and chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphinv.ingest.support.cards import agent_address
from graphinv.ingest.support.python.names import member
from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.tools import ENTRIES
from graphinv.ingest.support.python.values import Const, DictV, External, FunctionV, Made, Partial, Unknown, Value
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Props

Effects = tuple[tuple[str, ...], bool | None]
"""What a call can do, and whether its result carries content of strangers."""

SEARCH: Effects = (("read", "egress"), True)
FETCH: Effects = (("read", "egress"), True)
EXECUTE: Effects = (("execute",), False)
READ: Effects = (("read",), False)
WRITE: Effects = (("read", "write"), False)
NOTHING: Effects = ((), False)

WRAPPED = ("func", "function", "fn", "f", "callback", "python_function", "async_fn", "tool", "entrypoint")
"""Names of the argument by which tool classes take the function that they wrap."""
_SETUP = frozenset(
    {
        "tool",
        "tool_plain",
        "system_prompt",
        "instructions",
        "output_validator",
        "toolset",
        "append",
        "extend",
        "get",
        "override",
        "close",
        "AgentTarget",
        "SwarmResult",
    }
)
"""Methods of agents that do not run them, and what only names them."""
MAX_CHAIN = 200
MAX_MESH = 40


def hosted(framework: str, tools: Mapping[str, Effects], names: Mapping[str, str] | None = None) -> dict[str, Hosted]:
    """Built-in tools by the name in the code: each of ``tools`` by its own, and those of ``names`` (name in the code → one of them)."""
    table = {name: Hosted(f"{framework}:{name}", name, effects, untrusted) for name, (effects, untrusted) in tools.items()}
    for written, name in (names or {}).items():
        table[written] = table.get(name) or Hosted(f"{framework}:{name}", name)
    return table


class Names:
    """Finds the agents of one framework by the name that a text gives."""

    def __init__(self, program: Program, framework: str) -> None:
        self.program = program
        self.actors: dict[str, list[Actor]] = {}
        for actor in program.actors(framework):
            self.actors.setdefault(actor.name, []).append(actor)

    def find(self, value: Value | None, members: Iterable[Actor] = ()) -> Actor | None:
        """The agent that ``value`` is or names: one of ``members``, else the one of the same file, else the only one of that name."""
        if value is None:
            return None
        actor = self.program.actor(value)
        text = value.text()
        if actor is not None or text is None:
            return actor
        for one in members:
            if one.name == text:
                return one
        found = self.actors.get(text, [])
        here = [one for one in found if one.value.module is value.module]
        return here[0] if len(here) == 1 else found[0] if len(found) == 1 else None


def link(program: Program, source: Actor, target: Actor, at: Value, mode: str, detail: str) -> Fact:
    """One delegation whose place is that of ``at``."""
    return program.edge("DELEGATES_TO", source.key, target.key, at, mode=mode, kind_detail=detail)


def functions(program: Program, value: Value | None) -> Iterator[FunctionV]:
    """The functions of the tree in ``value``, bare or wrapped in tool objects; of tool classes the methods they are called by."""
    stack = list(program.items(value))
    for _ in range(MAX_CHAIN * 10):
        if not stack:
            return
        one = stack.pop()
        if isinstance(one, FunctionV):
            yield one
        elif isinstance(one, Partial):
            stack.append(one.opened())
        elif isinstance(one, Made) and program.actor(one) is None:
            if one.cls is not None:
                yield from (method for method in program.methods(one.cls, one) if method.name in ENTRIES)
            inner = next((found for name in WRAPPED if (found := one.passed(name, 0)) is not None), None)
            stack.extend(item for item in program.items(inner) if isinstance(item, (FunctionV, Partial)))


def runs_agents(program: Program, actor: Actor, tools: Value | None, detail: str = "agent_as_tool") -> Iterator[Fact]:
    """Delegation to each agent that a function in ``tools`` runs."""
    for target, at in agents_run(program, tools):
        if target.key != actor.key:
            yield link(program, actor, target, at, "invoke", detail)


def agents_run(program: Program, tools: Value | None) -> Iterator[tuple[Actor, Value]]:
    """Each agent that a function in ``tools`` runs, and where: it calls a method of the agent, makes it, or hands it to something."""
    seen = set()
    for function in functions(program, tools):
        for value in program.calls_in(function):
            for target in _run(program, value):
                if target.key not in seen:
                    seen.add(target.key)
                    yield target, value


def _run(program: Program, value: Value) -> Iterator[Actor]:
    if not isinstance(value, Made) or value.symbol in _SETUP:
        return
    for candidate in (value, value.passed("agent", 0), value.passed("starting_agent")):
        for option in (value,) if candidate is value else program.items(candidate):
            found = program.actor(option)
            if found is not None:
                yield found


def remote(program: Program, actor: Actor, address: str | None, at: Value, name: str = "") -> Iterator[Fact]:
    """Delegation to the agent at an address, in the A2A protocol; ``name`` is what it is called, if not by its address."""
    found = agent_address(address)
    if found is None or "{" in found:
        yield from program.problem(at, f"where the remote agent of {actor.name!r} is, is known only when it runs")
        return
    key = ("Agent", f"a2a:{found}")
    yield NodeFact(*key, {"name": name or found, "framework": "a2a", "kind_detail": "A2A agent", "sources": [program.source(at)]})
    yield program.edge("DELEGATES_TO", actor.key, key, at, mode="invoke", kind_detail="a2a")


def members(program: Program, value: Value | None) -> tuple[list[Actor], list[Value]]:
    """The agents in a list of them, in order, and what could not be followed."""
    found: list[Actor] = []
    lost: list[Value] = []
    for one in program.items(value):
        actor = program.actor(one)
        if actor is not None:
            found.append(actor)
        elif isinstance(one, (Unknown, External)) or (isinstance(one, Made) and one.symbol == "get"):
            lost.append(one)  # also what is got from a session or another store
    return found, lost


def team(
    program: Program, owner: Actor, value: Value | None, detail: str, *, what: str = "members", mode: str = "invoke"
) -> Iterator[Fact]:
    """Delegation from ``owner`` to each agent in ``value``; what is no agent of this tree (a function, a step) is passed over."""
    found, lost = members(program, value)
    for actor in found:
        if actor.key != owner.key:
            yield link(program, owner, actor, owner.value, mode, detail)
    for one in lost[:3]:
        yield from program.problem(one, f"the {what} of {owner.name!r} come from a name that is bound at run time")


def mesh(program: Program, actors: Sequence[Actor], mode: str, detail: str) -> Iterator[Fact]:
    """Delegation from each of ``actors`` to each other one."""
    for one in actors[:MAX_MESH]:
        for other in actors[:MAX_MESH]:
            if one.key != other.key:
                yield link(program, one, other, one.value, mode, detail)


def builtin(program: Program, actor: Actor, tool: Hosted, at: Value) -> Iterator[Fact]:
    """A tool that the framework brings along, as a node, and that ``actor`` uses it."""
    stated: Props = {"name": tool.name, "kind_detail": f"{tool.id.partition(':')[0]} built-in", "ingests_untrusted": tool.untrusted}
    stated |= {"effects": list(tool.effects), "sources": [f"{at.module.root}/{at.module.path}#L{at.line}"]}
    yield NodeFact("Tool", tool.id, {name: value for name, value in stated.items() if value is not None})
    yield program.edge("USES", actor.key, ("Tool", tool.id), at)


def defined_name(definition: DictV) -> str | None:
    """The name in the definition of a tool that is written as data, where it is known."""
    inner = definition.get("function")
    named = (inner.get("name") if isinstance(inner, DictV) else None) or definition.get("name")
    return named.text() if named is not None else None


def implemented(program: Program, at: Value, item: Value) -> Value:
    """The function of the document of ``at`` that a definition written as data names, if there is one; else ``item``."""
    name = defined_name(item) if isinstance(item, DictV) else None
    found = member(program.ev, at.module.path, name) if name and name.isidentifier() else None
    return found if isinstance(found, FunctionV) else item


def limited(facts: Iterable[Fact], names: Iterable[Value]) -> Iterator[Fact]:
    """``facts`` with connections that reach only the tools of these names; with all of them where a name is not known, or none is given."""
    texts = [name.text() for name in names]
    known = sorted({redact(text) for text in texts if text})
    for fact in facts:
        if known and len(known) == len(set(texts)) and isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO":
            yield EdgeFact(fact.kind, fact.source, fact.target, {**fact.props, "tools": known})
        else:
            yield fact


def uses_model(program: Program, actor: Actor, value: Value | None, *names: str) -> Iterator[Fact]:
    """What :meth:`Program.uses_model` says, of model objects that take the model's name as one of ``names`` too."""
    yield from program.uses_model(actor, value)
    for one in program.items(value):
        if isinstance(one, Made):
            for name in names:
                yield from program.uses_model(actor, one.arg(name))


def calls(program: Program, value: Value, *names: str) -> list[Made]:
    """Calls of those methods on ``value``, in order."""
    return [call for call in program.calls_on(value) if call.symbol in names]


def is_none(value: Value | None) -> bool:
    """Whether nothing is said, or ``None``."""
    return value is None or (isinstance(value, Const) and value.value is None)


def is_false(value: Value | None) -> bool:
    """Whether it is the literal ``False``."""
    return isinstance(value, Const) and value.value is False


def is_true(value: Value | None) -> bool:
    """Whether it is the literal ``True``."""
    return isinstance(value, Const) and value.value is True
