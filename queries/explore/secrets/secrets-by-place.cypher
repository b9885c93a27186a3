// title: Secrets by place
// question: How many secrets lie where, and how many of them never expire?
// when: To see whether secrets are moving into a vault; to pick the place to clean up first.
// columns:
//   place: Where they lie
//   secrets: How many distinct secrets
//   static: How many of them are long-lived
//   unknown: "How many of them are of unknown lifetime"
//   holders: How many hold them there
MATCH (h)-[r:HOLDS]->(s:Secret)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND s.gone_at IS NULL
RETURN coalesce(r.place, 'unknown') AS place, count(DISTINCT s.id) AS secrets,
       count(DISTINCT CASE WHEN s.lifetime = 'static' THEN s.id END) AS static,
       count(DISTINCT CASE WHEN s.lifetime IS NULL THEN s.id END) AS unknown,
       count(DISTINCT labels(h)[0] + ':' + h.id) AS holders
ORDER BY secrets DESC, place
