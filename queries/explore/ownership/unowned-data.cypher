// title: Sensitive data nobody owns
// question: Which crown jewels and sensitive resources that agents reach have no owner, and how many agents reach them?
// when: Nobody can say whether an agent may reach it until somebody owns it.
// parameters:
//   sensitivity: {type: list, default: [confidential, restricted], meaning: Which sensitivities count}
//   unreached: {type: boolean, default: false, meaning: Also those that no agent reaches}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   resource: Its id
//   type: What it is
//   sensitivity: How sensitive it is
//   crown_jewel: Whether the organisation lives by it
//   agents: How many agents reach it in the worst case
//   sources: Where it was stated
CALL {
  MATCH (:Agent)-[r:CAN_REACH {lens: 'posture'}]->(t:Resource)
  WHERE t.sensitivity IN $sensitivity OR t.crown_jewel = true
  RETURN t.id AS resource, count(*) AS agents
  UNION
  UNWIND CASE WHEN $unreached THEN [0] ELSE [] END AS agents
  MATCH (t:Resource)
  WHERE t.gone_at IS NULL AND (t.sensitivity IN $sensitivity OR t.crown_jewel = true)
    AND NOT EXISTS { MATCH (t)<-[:CAN_REACH {lens: 'posture'}]-(:Agent) }
  RETURN t.id AS resource, agents
}
WITH resource, agents ORDER BY agents DESC, resource
MATCH (t:Resource {id: resource})
WHERE t.gone_at IS NULL AND NOT EXISTS { MATCH (t)<-[w:OWNS]-(o:Owner) WHERE o.gone_at IS NULL AND w.gone_at IS NULL }
RETURN resource, coalesce(t.type, 'unknown') AS type, coalesce(t.sensitivity, 'unknown') AS sensitivity,
       coalesce(t.crown_jewel, false) AS crown_jewel, agents, coalesce(t.sources, []) AS sources
ORDER BY agents DESC, resource
LIMIT $limit
