// title: Strong grants on sensitive things without a guard
// question: Which grants to change or administer sensitive things have no enforcement point on them?
// when: To choose where a decision close to the data belongs.
// parameters:
//   sensitivity: {type: list, default: [confidential, restricted], meaning: Which sensitivities count}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   holder_kind: Identity or Tool
//   holder: Id of who has the grant
//   resource: Id of what it is on
//   sensitivity: How sensitive that is
//   actions: What it allows
//   agents: How many agents reach the resource with no decision in the way
//   sources: Where the grant was stated
MATCH (t:Resource)<-[c:CAN_ACCESS]-(h)
WHERE (t.sensitivity IN $sensitivity OR t.crown_jewel = true) AND c.gone_at IS NULL AND t.gone_at IS NULL AND h.gone_at IS NULL
  AND size(coalesce(c.guards, [])) = 0 AND any(action IN c.actions WHERE action IN ['write', 'execute', 'delete', 'admin'])
WITH t, c, h ORDER BY t.id, h.id, size(c.actions) DESC LIMIT $limit
OPTIONAL MATCH (a:Agent)-[:CAN_REACH {lens: 'ungoverned'}]->(t)
WITH t, c, h, count(DISTINCT a.id) AS agents
RETURN labels(h)[0] AS holder_kind, h.id AS holder, t.id AS resource, coalesce(t.sensitivity, 'unknown') AS sensitivity, c.actions AS actions,
       agents, coalesce(c.sources, []) AS sources
ORDER BY agents DESC, resource, holder_kind, holder, size(actions) DESC
