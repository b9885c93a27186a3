"""The vocabulary of graphinv. Imports pydantic and nothing else of ours.

kinds, schema, normal      the kinds of nodes and edges; what is made from them; properties that are in normal form as they stand
facts, csvform, approved   what ingestors say, as tables, and the marks of what was approved
estate                     everything that a store holds, for analyzers
results, difference, verdicts    what analyzers answer, how two states differ, what decision points answer
errors                     everything that is raised on purpose
text, moments, globs       text of strangers, moments as numbers, patterns
"""
