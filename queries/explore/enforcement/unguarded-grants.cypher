// title: Strong grants without a guard on what agents reach
// question: Which grants to change or administer sensitive things that agents reach ungoverned have no enforcement point on them?
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
MATCH (a:Agent)-[:CAN_REACH {lens: 'ungoverned'}]->(t:Resource)
WHERE t.sensitivity IN $sensitivity OR t.crown_jewel = true
WITH t, count(DISTINCT a) AS agents ORDER BY agents DESC, t.id LIMIT $limit
MATCH (t)<-[c:CAN_ACCESS]-(h)
WHERE c.gone_at IS NULL AND h.gone_at IS NULL AND size(coalesce(c.guards, [])) = 0
  AND any(action IN c.actions WHERE action IN ['write', 'execute', 'delete', 'admin'])
RETURN labels(h)[0] AS holder_kind, h.id AS holder, t.id AS resource, coalesce(t.sensitivity, 'unknown') AS sensitivity, c.actions AS actions,
       agents, coalesce(c.sources, []) AS sources
ORDER BY agents DESC, resource, holder_kind, holder, size(actions) DESC, sources
LIMIT $limit
