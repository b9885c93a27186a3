"""Traces of agents: spans of any shape (:mod:`.shapes`) with values written in many ways (:mod:`.values`), what each of them is about
(:mod:`.meaning`), who did it, which the spans around it tell (:mod:`.nesting`), and where it ran (:mod:`.origins`).

Prompts, arguments, results and messages are content: they are not looked at, and nothing of them is kept.
"""
