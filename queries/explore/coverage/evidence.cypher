// title: How edges are known
// question: How many edges of each kind are declared, granted, observed or only inferred?
// when: To judge how much of the picture is intention and how much is fact; to see where traces are missing.
// columns:
//   edge: Kind of edge
//   edges: How many
//   declared: How many a configuration declares
//   granted: How many a provider grants
//   observed: How many were observed
//   inferred_only: How many are a guess of ours alone
//   unknown: How many say nothing about it
CALL {
  MATCH (:Agent|Owner|Identity|Runtime|Secret|Tool|ToolServer|Workflow|Memory)-[r]->()
  WHERE r.gone_at IS NULL AND NOT type(r) IN ['CAN_REACH', 'ABOUT']
  RETURN type(r) AS edge, r.evidence AS evidence, count(*) AS number
}
RETURN edge, sum(number) AS edges,
       sum(CASE WHEN 'declared' IN evidence THEN number ELSE 0 END) AS declared,
       sum(CASE WHEN 'granted' IN evidence THEN number ELSE 0 END) AS granted,
       sum(CASE WHEN 'observed' IN evidence THEN number ELSE 0 END) AS observed,
       sum(CASE WHEN evidence = ['inferred'] THEN number ELSE 0 END) AS inferred_only,
       sum(CASE WHEN evidence IS NULL THEN number ELSE 0 END) AS unknown
ORDER BY edge
