// title: Named and never described
// question: What do others name that no source describes, and who names it?
// when: To choose the next source to connect, a dump of the account or the other team's repository.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   kind: Kind of node
//   id: Its id
//   named_by: How many edges name it
//   examples: Some of what names it
//   sources: Where that was stated
MATCH (n:Agent|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|EnforcementPoint)
WHERE n.gone_at IS NULL AND n.sources IS NULL
MATCH (x)-[r]-(n)
WHERE r.gone_at IS NULL AND NOT type(r) IN ['CAN_REACH', 'ABOUT']
WITH n, x, r ORDER BY x.id, labels(x)[0], type(r), r.sources[0]
WITH n, count(*) AS named_by, collect(DISTINCT labels(x)[0] + ':' + x.id) AS names, collect(r.sources[0]) AS places
RETURN labels(n)[0] AS kind, n.id AS id, named_by, names[0..5] AS examples, places[0..5] AS sources
ORDER BY named_by DESC, kind, id
LIMIT $limit
