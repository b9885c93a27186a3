// title: Whom to call about something
// question: Who owns this, and who owns the agents that have to do with it?
// when: In an incident, or before a change that others will notice.
// parameters:
//   node: {type: text, of: [Agent, Identity, Runtime, Secret, Tool, ToolServer, Resource, Workflow, Memory], meaning: Id or name of anything}
// columns:
//   kind: Kind of the thing
//   id: Its id
//   owner: Whom to call
//   status: Whether there is still somebody
//   because: "What they own, it or the agent next to it"
//   sources: Where the ownership was stated
CALL {
  MATCH (n:Agent|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|Memory)
  WHERE (n.id = $node OR n.name = $node) AND n.gone_at IS NULL
  MATCH (o:Owner)-[w:OWNS]->(n)
  WHERE o.gone_at IS NULL AND w.gone_at IS NULL
  RETURN labels(n)[0] AS kind, n.id AS id, o, w, 'it' AS because
  UNION
  MATCH (n:Agent|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|Memory)
  WHERE (n.id = $node OR n.name = $node) AND n.gone_at IS NULL
  MATCH (a:Agent)-[r]->(n)
  WHERE a.gone_at IS NULL AND r.gone_at IS NULL
  MATCH (o:Owner)-[w:OWNS]->(a)
  WHERE o.gone_at IS NULL AND w.gone_at IS NULL
  RETURN labels(n)[0] AS kind, n.id AS id, o, w, 'Agent:' + a.id AS because
}
RETURN kind, id, o.id AS owner, coalesce(o.status, 'unknown') AS status, because, coalesce(w.sources, []) AS sources
ORDER BY kind, id, because <> 'it', because, owner, sources
