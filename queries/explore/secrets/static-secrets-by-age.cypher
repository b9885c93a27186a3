// title: Long-lived secrets by age
// question: Which secrets never expire, how old is their value, and is their rotation overdue?
// when: To plan a rotation, oldest first.
// parameters:
//   at: {type: time, default: now, meaning: Their age at this time}
//   days: {type: integer, default: 0, meaning: Only those at least so many days old}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   secret: Its id
//   type: What it is
//   days: Days since its value last changed
//   overdue: "Whether it is older than its rotation allows; unknown where none is stated"
//   holders: What holds it
//   sources: Where it was stated
MATCH (s:Secret)
WHERE s.gone_at IS NULL AND s.lifetime = 'static' AND coalesce(s.rotated_at, s.issued_at) <= $at
WITH s, toInteger((datetime($at).epochSeconds - datetime(coalesce(s.rotated_at, s.issued_at)).epochSeconds) / 86400.0) AS days
WHERE days >= $days
WITH s, days ORDER BY days DESC, s.id LIMIT $limit
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, days, labels(h)[0] + ':' + h.id AS holder ORDER BY holder
WITH s, days, collect(DISTINCT holder) AS holders
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, days,
       CASE WHEN s.rotate_every_days IS NULL THEN 'unknown' WHEN days > s.rotate_every_days THEN 'true' ELSE 'false' END AS overdue,
       holders, coalesce(s.sources, []) AS sources
ORDER BY days DESC, secret
