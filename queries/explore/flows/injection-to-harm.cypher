// title: From a stranger's text to what matters
// question: Which agents that take in content of strangers can change crown jewels or sensitive data with no decision in the way?
// when: First thing to close; each row is a prompt injection that works.
// parameters:
//   lens: {type: text, default: ungoverned, meaning: "Under which lens: posture, ungoverned or runtime"}
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
CALL {
  MATCH (c:ContentSource {trust: 'untrusted'})<-[r:INGESTS]-(a:Agent)
  WHERE c.gone_at IS NULL AND r.gone_at IS NULL AND a.gone_at IS NULL
  RETURN a, c.id AS source
  UNION
  MATCH (t:Tool {ingests_untrusted: true})<-[r:USES]-(a:Agent)
  WHERE t.gone_at IS NULL AND r.gone_at IS NULL AND a.gone_at IS NULL
  RETURN a, t.id AS source
  UNION
  MATCH (t:Tool {ingests_untrusted: true})<-[p:PROVIDES]-(v:ToolServer)<-[r:CONNECTS_TO]-(a:Agent)
  WHERE t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL AND a.gone_at IS NULL
    AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools)
  RETURN a, t.id AS source
}
WITH a, source ORDER BY source
WITH a, collect(DISTINCT source) AS reads
MATCH (a)-[r:CAN_REACH {lens: $lens}]->(t:Resource)
WHERE (t.sensitivity IN ['confidential', 'restricted'] OR t.crown_jewel = true)
  AND any(action IN r.actions WHERE action IN ['write', 'execute', 'delete', 'admin'])
RETURN a.id AS agent, reads, t.id AS target, coalesce(t.sensitivity, 'unknown') AS sensitivity, coalesce(t.crown_jewel, false) AS crown_jewel,
       r.actions AS actions, r.hops AS hops, r.via AS via
ORDER BY crown_jewel DESC, agent, target
LIMIT $limit
