"""The pipeline: walks the inputs, wires the stages. The only part that does file I/O and knows all others.

walk.py      files under a root, bounded and without following links out of it
keys.py      the fingerprint key beside the store
read.py      a root's documents through the ingestors into checked facts
joins.py     references by name → the nodes they mean; owner rules → OWNS edges
together.py  what only all roots together say: the steps below, and what policies grant
credentials.py, sensitivity.py, statements.py, settle.py
             what secrets open; names that tell; what estate files, catalogues and directories state; guesses that give way
stages.py    ingest, analyze, scan
summary.py   what a scan tells its user
bundled.py   queries/, data/ and app/, in a checkout and in a wheel
demo.py      the bundled estate
"""
