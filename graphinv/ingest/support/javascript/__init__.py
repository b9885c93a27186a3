"""JavaScript and TypeScript source, read without running it: the agents, tools, workflows and MCP servers that the files of a root declare.

    parsing    bytes → syntax tree, with what is refused and what is left out (bundles, declarations, nesting without end)
    summary    one document → :class:`~.ir.Module`: imports, exports, variables, functions, classes and calls as a small IR (:mod:`.ir`),
               picklable, credentials replaced by their facts
               (:mod:`.syntax`, :mod:`.expressions`, :mod:`.texts`)
    skim, parts    which documents have to do with each other, found without a syntax tree
    modules    what an import means: relative paths, barrels, ``paths`` of a tsconfig, packages of a workspace
    evaluate   what an expression evaluates to (:mod:`.values`): calls (:mod:`.calling`), methods (:mod:`.members`)
    program    all modules of a root → :class:`~.program.Program`: which objects the program makes, with what arguments, which agents and
               workflows are declared, and the facts that frameworks state about them
    tools, hosted, servers, schemas    tools of the tree and of providers, MCP servers, values as plain data
    bodies     what the body of a function does: effects, credentials, resources
    shapes, vocabulary    what frameworks have in common, and those that are told by their words alone
    frameworks/*.py   what the objects of one framework mean; a module there is found by being there

A framework module has

    NAME       slug, such as ``mastra``: the ``framework`` property and the beginning of ids
    PACKAGES   npm packages whose import makes it worth asking
    declare(program) -> None
               calls ``program.declare`` for every agent and workflow; all frameworks declare before any states facts
    facts(program) -> Iterator[Fact]
               tools, delegations, models, servers
"""
