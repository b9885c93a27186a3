// title: What a leaked secret opens
// question: Somebody has this secret. What can they do with it, and as whom?
// when: In the first minutes after a leak.
// parameters:
//   secret: {type: text, of: [Secret], meaning: Id or name of the secret}
// columns:
//   identity: "Whom it lets one be; unknown = no source states what it opens"
//   target_kind: "Resource, Secret and the like; empty where no source states what the identity can do"
//   target: Id of what that opens
//   sensitivity: How sensitive it is
//   actions: "What can be done; empty = unknown"
//   hops: How many identities lie between
CALL {
  MATCH (s:Secret)
  WHERE (s.id = $secret OR s.name = $secret) AND s.gone_at IS NULL
    AND NOT EXISTS { MATCH (s)-[u:AUTHENTICATES_AS]->(:Identity) WHERE u.gone_at IS NULL }
  RETURN 'unknown' AS identity, '' AS target_kind, '' AS target, 'unknown' AS sensitivity, s.scopes AS actions, 0 AS hops
  UNION
  MATCH (s:Secret)-[u:AUTHENTICATES_AS]->(f:Identity)
  WHERE (s.id = $secret OR s.name = $secret) AND s.gone_at IS NULL AND u.gone_at IS NULL
    AND NOT EXISTS { MATCH (f)-[c:CAN_ACCESS|ASSUMES|MEMBER_OF]->() WHERE c.gone_at IS NULL }
  RETURN f.id AS identity, '' AS target_kind, '' AS target, 'unknown' AS sensitivity, s.scopes AS actions, 0 AS hops
  UNION
  MATCH (s:Secret)-[u:AUTHENTICATES_AS]->(f:Identity)
  WHERE (s.id = $secret OR s.name = $secret) AND s.gone_at IS NULL AND u.gone_at IS NULL
  MATCH (f)-[m:ASSUMES|MEMBER_OF*0..4]->(i:Identity)-[c:CAN_ACCESS]->(t)
  WHERE all(one IN m WHERE one.gone_at IS NULL) AND c.gone_at IS NULL AND t.gone_at IS NULL
  WITH i, t, c, min(size(m)) AS hops
  RETURN i.id AS identity, labels(t)[0] AS target_kind, t.id AS target, coalesce(t.sensitivity, 'unknown') AS sensitivity,
         c.actions AS actions, hops
}
RETURN identity, target_kind, target, sensitivity, coalesce(actions, []) AS actions, hops
ORDER BY CASE sensitivity WHEN 'restricted' THEN 0 WHEN 'confidential' THEN 1 WHEN 'unknown' THEN 2 WHEN 'internal' THEN 3 ELSE 4 END,
         hops, identity, target_kind, target, actions
