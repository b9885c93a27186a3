// title: What a leaked secret opens
// question: Somebody has this secret. What can they do with it, and as whom?
// when: In the first minutes after a leak.
// parameters:
//   secret: {type: text, meaning: Id or name of the secret}
// columns:
//   identity: Whom it lets one be
//   target_kind: Resource or Secret
//   target: Id of what that opens
//   sensitivity: How sensitive it is
//   actions: What can be done
//   hops: How many identities lie between
MATCH (s:Secret)-[u:AUTHENTICATES_AS]->(f:Identity)
WHERE (s.id = $secret OR s.name = $secret) AND s.gone_at IS NULL AND u.gone_at IS NULL
MATCH (f)-[m:ASSUMES|MEMBER_OF*0..4]->(i:Identity)-[c:CAN_ACCESS]->(t)
WHERE all(one IN m WHERE one.gone_at IS NULL) AND c.gone_at IS NULL AND t.gone_at IS NULL
WITH i, t, c, min(size(m)) AS hops
RETURN i.id AS identity, labels(t)[0] AS target_kind, t.id AS target, coalesce(t.sensitivity, 'unknown') AS sensitivity,
       c.actions AS actions, hops
ORDER BY identity, target_kind, target, actions
