// title: Credentials that outlived their task
// question: Which credentials were issued for a task that is closed and are still held?
// when: To empty caches; what is left of a task should be nothing.
// parameters:
//   at: {type: time, default: now, meaning: Closed by this time}
// columns:
//   secret: Its id
//   task: Id of the task
//   closed_at: "When the task was closed, or was to be"
//   expires_at: "When the credential expires, or unknown"
//   holders: What still holds it
//   sources: Where the holding was stated
MATCH (s:Secret)-[i:ISSUED_FOR]->(t:Task)
WHERE s.gone_at IS NULL AND i.gone_at IS NULL AND coalesce(t.closed_at, t.closes_at) <= $at
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, t, r, labels(h)[0] + ':' + h.id AS holder ORDER BY holder, r.sources[0]
WITH s, t, collect(DISTINCT holder) AS holders, collect(r.sources[0]) AS sources
RETURN s.id AS secret, t.id AS task, coalesce(t.closed_at, t.closes_at) AS closed_at, coalesce(s.expires_at, 'unknown') AS expires_at,
       holders, sources
ORDER BY closed_at, secret, task
