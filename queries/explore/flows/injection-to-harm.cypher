// title: From a stranger's text to what matters
// question: Which agents that take in content of strangers can change crown jewels or sensitive data with no decision in the way?
// when: First thing to close; each row is a prompt injection that works.
// parameters:
//   lens: {type: text, default: ungoverned, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   reads: Sources of strangers that it takes in itself
//   target: Id of what it can change
//   sensitivity: How sensitive that is
//   crown_jewel: Whether the organisation lives by it
//   actions: What it can do there
//   hops: Length of a shortest way
//   via: What lies between
MATCH (a:Agent)-[r:CAN_REACH {lens: $lens}]->(t:Resource)
WHERE a.gone_at IS NULL AND (t.sensitivity IN ['confidential', 'restricted'] OR t.crown_jewel = true)
  AND any(action IN r.actions WHERE action IN ['write', 'execute', 'delete', 'admin'])
  AND (EXISTS { MATCH (a)-[i:INGESTS]->(c:ContentSource {trust: 'untrusted'}) WHERE c.gone_at IS NULL AND i.gone_at IS NULL }
    OR EXISTS { MATCH (a)-[u:USES]->(x:Tool {ingests_untrusted: true}) WHERE x.gone_at IS NULL AND u.gone_at IS NULL }
    OR EXISTS {
      MATCH (a)-[u:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(x:Tool {ingests_untrusted: true})
      WHERE x.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND u.gone_at IS NULL
        AND (u.tools IS NULL OR x.id IN u.tools OR x.name IN u.tools) })
WITH a, r, t ORDER BY coalesce(t.crown_jewel, false) DESC, a.id, t.id LIMIT $limit
CALL {
  WITH a
  MATCH (a)-[i:INGESTS]->(c:ContentSource {trust: 'untrusted'})
  WHERE c.gone_at IS NULL AND i.gone_at IS NULL
  RETURN c.id AS source
  UNION
  WITH a
  MATCH (a)-[u:USES]->(x:Tool {ingests_untrusted: true})
  WHERE x.gone_at IS NULL AND u.gone_at IS NULL
  RETURN x.id AS source
  UNION
  WITH a
  MATCH (a)-[u:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(x:Tool {ingests_untrusted: true})
  WHERE x.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND u.gone_at IS NULL
    AND (u.tools IS NULL OR x.id IN u.tools OR x.name IN u.tools)
  RETURN x.id AS source
}
WITH a, r, t, source ORDER BY source
WITH a, r, t, collect(DISTINCT source) AS reads
RETURN a.id AS agent, reads, t.id AS target, coalesce(t.sensitivity, 'unknown') AS sensitivity, coalesce(t.crown_jewel, false) AS crown_jewel,
       r.actions AS actions, r.hops AS hops, r.via AS via
ORDER BY crown_jewel DESC, agent, target
