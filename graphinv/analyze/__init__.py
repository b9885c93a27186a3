"""Analyzers: who can do what under which lens and at which time, by which path, and how much it matters.

They see an :class:`~graphinv.model.estate.Estate`, never a store. :class:`graphinv.analyze.engine.Engine` is the way in.
"""
