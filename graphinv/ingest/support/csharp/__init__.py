"""C# source, read without running it: the agents and MCP servers that the files of a root declare, with their tools.

ir           what is kept of a document
syntax       names and places in the syntax tree
expressions  the expressions that may make agents
summary      one document → :class:`~.ir.Module`
servers      all modules of a root: the servers, whose tools are whose, what tools do, and the facts about them
following    which values and agents an expression stands for
agents       the agents and what runs several of them, and the facts about them
agent_tools  what agents are given
"""
