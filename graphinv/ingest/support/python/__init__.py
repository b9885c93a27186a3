"""Python source, read without running it: what agents, tools and delegations the files of a root declare.

Three steps:

    summary   one document → :class:`~.ir.Module`: imports, assignments, functions, classes and calls as a small IR (:mod:`.ir`), picklable,
              credentials replaced by their facts (:mod:`.lower`, :mod:`.newer`). :mod:`.outline` and :mod:`.parts` tell before that which
              documents belong together
    evaluate  over all modules of a root: which file a name means (:mod:`.modules`, :mod:`.packaging`) and what an expression evaluates to
              (:mod:`.values`). The pieces are small modules that import only those below them, from :mod:`.evaluation` and :mod:`.budget`
              over names, tables, dependencies, arguments, operations, loops, objects, classes, frames and sites up to :mod:`.calls`
    program   :class:`~.program.Program` is what a framework sees: the objects that the root's code makes (:mod:`.tree`), the agents that
              are declared (:mod:`.actors`), and the facts about them (:mod:`.stating`)

What frameworks ask further: what a tool does (:mod:`.tools`, :mod:`.tool_calls`, :mod:`.tool_seen`, :mod:`.models`), tools of libraries
and providers (:mod:`.library`, :mod:`.provider_tools`), servers (:mod:`.servers`, :mod:`.mcp_servers`, :mod:`.temporal`), where settings
and secrets come from (:mod:`.settings`, :mod:`.vaults`), and what many of them have in common (:mod:`.shapes`, :mod:`.entrypoints`).

``frameworks/*.py`` say what the objects of one framework mean. A module there is found by being there.

A framework module has

    NAME       slug, such as ``openai-agents``: the ``framework`` property and the beginning of ids
    IMPORTS    top-level packages, such as ``("agents",)``: it is asked only when a module of the root imports one of them
    MARKS      instead of imports, patterns of the documents that it is asked about, where it has some
    declare(program) -> None
               calls ``program.declare(value, name=…)`` for every agent and workflow. All frameworks declare before any states facts, so
               that agents of one may be tools of another
    facts(program) -> Iterator[Fact]
               tools, delegations, models, servers. Nodes of what was declared are emitted by the program itself

A framework whose agents can be told by the names of its calls and arguments alone is an entry of ``frameworks/plain.py``: a
:class:`~.vocabulary.Vocabulary`. In short, for one with more to it, whose agents are ``Agent(name=…, tools=[…], handoffs=[…], model=…)``:

    def declare(program):
        for made in program.made(IMPORTS, "Agent"):
            program.declare(made, name=made.arg("name", 0), framework=NAME)

    def facts(program):
        for actor in program.actors(NAME):
            made = actor.made
            yield from program.uses_tools(actor, made.arg("tools"), hosted=HOSTED)
            yield from program.uses_model(actor, made.arg("model"))
            for target in program.items(made.arg("handoffs")):
                yield from program.delegates(actor, target, "handoff", "handoff")

What values are (:mod:`.values`): ``Const``, ``EnvVar``, ``ListV``, ``DictV``, ``Made`` (an object made by calling something that lies
outside the tree, or a class that inherits from such), ``FunctionV``, ``ClassV``, ``External`` (an imported name, not called), ``Bound``
(an attribute of an object, not called), ``Partial``, ``Either`` (several possibilities) and ``Unknown`` with its reason.
``made.arg(name, position)`` is the value of an argument with what is bound at each factory's call site, what ``super().__init__`` and class
attributes say, and later assignments and ``append``s to the attribute of that name; None where nothing is said. Each value knows its
``module`` and ``line``.

Which objects: ``program.made(packages, *names)`` yields each object once, for every set of arguments that a factory is called with;
``program.calls_on(made)`` the method calls on it, in order (also fluent ones); ``program.decorated(packages, *names)`` and
``program.decorated_by(made)`` the functions under a decorator.

What a function that is used as a tool does is said by ``tools.tool_facts(tree, function, key)``: ``function`` is a
:class:`~.values.FunctionV`, or a ``ClassV`` (a tool class of the tree), ``key`` the key of its Tool node.
MCP servers written in the tree are found by ``mcp_servers.server_facts(program)``.
"""
