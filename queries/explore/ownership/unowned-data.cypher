// title: Sensitive data nobody owns
// question: Which crown jewels and sensitive resources have no owner, and how many agents reach them?
// when: Nobody can say whether an agent may reach it until somebody owns it.
// parameters:
//   sensitivity: {type: list, default: [confidential, restricted], meaning: Which sensitivities count}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   resource: Its id
//   type: What it is
//   sensitivity: How sensitive it is
//   crown_jewel: Whether the organisation lives by it
//   agents: How many agents reach it in the worst case
//   sources: Where it was stated
CALL {
  MATCH (t:Resource)
  WHERE t.gone_at IS NULL AND (t.sensitivity IN $sensitivity OR t.crown_jewel = true)
    AND NOT EXISTS { MATCH (t)<-[w:OWNS]-(o:Owner) WHERE o.gone_at IS NULL AND w.gone_at IS NULL }
  RETURN t.id AS resource, COUNT { MATCH (t)<-[:CAN_REACH {lens: 'posture'}]-(:Agent) } AS agents
  ORDER BY agents DESC, resource
  LIMIT $limit
}
MATCH (t:Resource {id: resource})
RETURN resource, coalesce(t.type, 'unknown') AS type, coalesce(t.sensitivity, 'unknown') AS sensitivity,
       coalesce(t.crown_jewel, false) AS crown_jewel, agents, coalesce(t.sources, []) AS sources
ORDER BY agents DESC, resource
