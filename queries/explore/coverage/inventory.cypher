// title: Inventory
// question: How many things of each kind does the graph know, how many of them only by name, and how many are gone?
// when: First thing after a scan; to see whether a whole kind is missing.
// columns:
//   kind: Kind of node
//   living: How many a source states today
//   named_only: How many of them are only named by something else
//   gone: How many were there once
MATCH (n:Agent|Owner|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|ContentSource|Memory|EnforcementPoint|Task|Model|Package)
RETURN labels(n)[0] AS kind, sum(CASE WHEN n.gone_at IS NULL THEN 1 ELSE 0 END) AS living,
       sum(CASE WHEN n.gone_at IS NULL AND size(coalesce(n.sources, [])) = 0 THEN 1 ELSE 0 END) AS named_only,
       sum(CASE WHEN n.gone_at IS NULL THEN 0 ELSE 1 END) AS gone
ORDER BY kind
