"""Go source, read without running it: the agents and MCP servers that the files of a root declare, with their tools.

parsing      bytes → syntax tree
ir           what is kept of a document
summary      one document → :class:`~.ir.Module`
program      all modules of a root: what a name means, which functions run when a program is started
tools        what an expression that makes an MCP tool says
servers      the servers, whose tools are whose, and the facts about them
following    which values an expression stands for
agents       the agents, whom they delegate to, and the facts about them
agent_tools  what agents are given
"""
