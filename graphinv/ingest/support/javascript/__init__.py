"""JavaScript and TypeScript source, read without running it: the agents, tools, workflows and MCP servers that the files of a root declare.

    parsing    bytes → syntax tree, with what is refused and what is left out (bundles, declarations, nesting without end)
    summary    one document → :class:`~.ir.Module`: imports, exports, variables, functions, classes and calls as a small IR (:mod:`.ir`),
               picklable, credentials replaced by their facts
    places     what an import means: relative paths, barrels, ``paths`` of a tsconfig, packages of a workspace
    program    all modules of a root → :class:`~.program.Program`: what an expression evaluates to (:mod:`.values`), which objects the
               program makes, with what arguments
    actors     the agents and workflows that were declared, and the facts that frameworks state about them
    bodies     what the body of a function does: effects, credentials, resources
    frameworks/*.py   what the objects of one framework mean; a module there is found by being there

A framework module has

    NAME       slug, such as ``mastra``: the ``framework`` property and the beginning of ids
    PACKAGES   npm packages whose import makes it worth asking
    declare(program) -> None
               calls ``program.declare`` for every agent and workflow; all frameworks declare before any states facts
    facts(program) -> Iterator[Fact]
               tools, delegations, models, servers
"""
