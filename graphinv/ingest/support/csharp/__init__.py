"""C# source, read without running it: the MCP servers that the files of a root declare, with their tools.

ir         what is kept of a document
summary    one document → :class:`~.ir.Module`
servers    all modules of a root: the servers, whose tools are whose, what tools do, and the facts about them
"""
