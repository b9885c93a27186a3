"""Templates of Helm charts, filled in with the values that the chart itself states.

charts                which templates belong together, with which values
parsing               Go's template language → nodes
evaluate, functions, patterns, versions    nodes and values → text
"""
