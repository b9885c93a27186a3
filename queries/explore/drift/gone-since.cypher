// title: What is gone
// question: Which agents, servers, identities, secrets and resources were there and are no longer found?
// when: After a clean-up, to check that it worked; when something stopped working.
// parameters:
//   since: {type: time, meaning: "Gone since, such as 2026-07-01"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   kind: Kind of node
//   id: Its id
//   gone_at: When a scan no longer found it
//   last_seen: When a scan last found it
//   sources: Where it was stated
MATCH (n:Agent|Owner|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|ContentSource|Memory|EnforcementPoint)
WHERE n.gone_at >= $since
RETURN labels(n)[0] AS kind, n.id AS id, n.gone_at AS gone_at, n.last_seen AS last_seen, coalesce(n.sources, []) AS sources
ORDER BY gone_at DESC, kind, id
LIMIT $limit
