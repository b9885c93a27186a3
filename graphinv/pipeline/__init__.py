"""The pipeline: walks the inputs, wires the stages. The only part that does file I/O and knows all others.

    stages                             ingest, analyze, scan: the way in
Reading one root
    walk, patterns                     files under a root, bounded and without following links out of it
    gather, pool, preload, cache       its documents over all cores, and what they said when they were last read
    documents, redaction, keys         one document into checked facts without credentials; the key of fingerprints
    read, joins, cards                 all of them together: names → the nodes they mean, owners
    deployments, machines              what runs where
Joining all roots
    together, beside                   the steps below in their order, and roots that were scanned before
    names, called, traced, sighted     what records and traces call by name
    statements, approvals              what estate files, catalogues of owners and approvals say of things
    catalogue, credentials, sensitivity    what is known of servers, keys and names where nobody states it
    settle                             guesses that give way, and what readers tell by different marks
Judging
    lifecycle, coverage, accepted      the life of findings, what could not be judged, what need not be shown
    frameworks                         what the rules say to the items of a framework
Answering
    summary, inventory, blast, lookup  what commands and pages show
    scores, absent                     scores and what they lean on; why a query of the library has no rows
    what_if, simulate, diff, tickets   changes, verdicts, differences, tickets
    bundled, demo                      queries/, data/ and app/, in a checkout and in a wheel; the demo estate
"""
