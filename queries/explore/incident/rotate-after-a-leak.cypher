// title: Who must rotate a leaked secret
// question: This secret leaked. What has to be revoked with it, who holds each of these, and who owns the holders?
// when: Right after a leak, to hand out the work.
// parameters:
//   secret: {type: text, of: [Secret], meaning: Id or name of the secret}
// columns:
//   secret: Id of what has to be revoked or rotated
//   name: Its name
//   because: "It is the one, or which one it was made from"
//   revocable: Whether a call that revokes it is known
//   holder: "What stops working, as Kind:id; empty where nothing is known to hold it"
//   place: Where it lies there
//   owners: Owners of the holder
//   sources: Where the holding was stated
MATCH (leaked:Secret)
WHERE leaked.id = $secret OR leaked.name = $secret
MATCH path = (s:Secret)-[d:DERIVED_FROM*0..4]->(leaked)
WHERE s.gone_at IS NULL AND all(one IN d WHERE one.gone_at IS NULL)
WITH DISTINCT s, CASE WHEN size(d) = 0 THEN 'it is the one' ELSE 'made from ' + nodes(path)[1].id END AS because
OPTIONAL MATCH (s)<-[r:HOLDS]-(h)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
OPTIONAL MATCH (s)<-[same:HOLDS]-()<-[w:OWNS]-(o:Owner)
WHERE same.key = r.key AND o.gone_at IS NULL AND w.gone_at IS NULL
WITH s, because, h, r, o ORDER BY o.id
WITH s, because, h, r, collect(DISTINCT o.id) AS owners
RETURN s.id AS secret, s.name AS name, because,
       CASE WHEN s.revocation_hook IS NULL THEN 'unknown' WHEN s.revocation_hook THEN 'true' ELSE 'false' END AS revocable,
       coalesce(labels(h)[0] + ':' + h.id, '') AS holder, coalesce(r.place, 'unknown') AS place, owners, coalesce(r.sources, []) AS sources
ORDER BY because, secret, holder, place, sources
