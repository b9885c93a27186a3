// title: Grants nobody uses
// question: Which grants were not used since a time, or were never seen in use?
// when: To take rights away without breaking anything; the provider knows the last use of some only.
// parameters:
//   since: {type: time, meaning: "Not used since, such as 2026-01-01"}
//   unknown: {type: boolean, default: false, meaning: Also grants of which no source says when they were used}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   identity: Whose grant
//   target_kind: Resource or Secret
//   target: What it is for
//   actions: What it allows
//   last_used: "When it was used, or unknown"
//   inherited_from: The role or group it comes from
//   sources: Where it was stated
MATCH (i:Identity)-[c:CAN_ACCESS]->(t)
WHERE i.gone_at IS NULL AND c.gone_at IS NULL AND t.gone_at IS NULL AND (c.last_used < $since OR ($unknown AND c.last_used IS NULL))
RETURN i.id AS identity, labels(t)[0] AS target_kind, t.id AS target, coalesce(c.actions, []) AS actions,
       coalesce(c.last_used, 'unknown') AS last_used, c.inherited_from AS inherited_from, coalesce(c.sources, []) AS sources
ORDER BY last_used, identity, target_kind, target, coalesce(c.inherited_from, ''), sources
LIMIT $limit
