"""Analyzers: who can do what under which lens and at which time, by which path, and how much it matters.

They see an :class:`~graphinv.model.estate.Estate`, never a store. :class:`graphinv.analyze.engine.Engine` is the way in.

The graph of authority
    reading, structure, kept    an estate → its arcs whatever the lens and the time, kept beside the store
    arcs, scopes                the arcs that one lens has at one time, and which atoms pass
    plan, kernels, privilege    the fixpoint: in which order, its inner loops, its result
    incremental, cluster        the same after a small change, and on a Dask cluster
    interchange                 the arcs for networkx
What is asked of it
    paths, alternatives, records, origins, overtime    by which path, through whom, since when
    chokepoints, cut, edgegraph                        what hangs on one edge, and what keeps all from a target
    changes, diff, gains                               changes before they are made, and what has changed
    verdicts                                           what points on a path would answer
Rules and scores
    rules, library                   files of queries/ and their rows
    ahead, forked                    rows while the graph is loaded, and on a second core
    checks, checks_*                 what Cypher cannot say, one module a topic
    rows, labels, legs, reaching, rings, standing, toolbox, approvals    what checks share
    judged                           of which agents a rule could be judged
    severity, priority, causes, alike    how severe a finding is, which comes first, and what clears it
    score, leverage, aivss           impact and risk, and how much each weight decides
    memory                           memory that is given back to the system
"""
