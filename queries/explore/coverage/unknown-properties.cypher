// title: What is not known
// question: Of which properties that decide risk does no source say anything, and for how many?
// when: Before a clean result is believed; to choose the next source to connect.
// columns:
//   kind: Kind of node
//   property: What is not known of them
//   total: How many there are
//   unknown: For how many it is not known
CALL {
  MATCH (n:Agent)
  WHERE n.gone_at IS NULL
  RETURN 'Agent' AS kind, count(*) AS total, [
    {property: 'status', known: count(CASE WHEN n.status <> 'unknown' THEN 1 END)},
    {property: 'environment', known: count(CASE WHEN n.environment <> 'unknown' THEN 1 END)},
    {property: 'autonomy', known: count(n.autonomy)},
    {property: 'owner', known: count(CASE WHEN EXISTS { MATCH (n)<-[w:OWNS]-(:Owner) WHERE w.gone_at IS NULL } THEN 1 END)},
    {property: 'identity', known: count(CASE WHEN EXISTS { MATCH (n)-[r:RUNS_AS]->(:Identity) WHERE r.gone_at IS NULL } THEN 1 END)}] AS counts
  UNION
  MATCH (n:Identity)
  WHERE n.gone_at IS NULL
  RETURN 'Identity' AS kind, count(*) AS total,
         [{property: 'type', known: count(n.type)}, {property: 'binding', known: count(n.binding)}] AS counts
  UNION
  MATCH (n:Secret)
  WHERE n.gone_at IS NULL
  RETURN 'Secret' AS kind, count(*) AS total, [
    {property: 'type', known: count(n.type)}, {property: 'lifetime', known: count(n.lifetime)},
    {property: 'expires_at', known: count(CASE WHEN n.expires_at IS NOT NULL OR n.lifetime = 'static' THEN 1 END)}] AS counts
  UNION
  MATCH (n:Tool)
  WHERE n.gone_at IS NULL
  RETURN 'Tool' AS kind, count(*) AS total,
         [{property: 'effects', known: count(n.effects)}, {property: 'ingests_untrusted', known: count(n.ingests_untrusted)}] AS counts
  UNION
  MATCH (n:ToolServer)
  WHERE n.gone_at IS NULL
  RETURN 'ToolServer' AS kind, count(*) AS total, [
    {property: 'pinned', known: count(n.pinned)}, {property: 'auth', known: count(n.auth)},
    {property: 'origin', known: count(CASE WHEN n.origin <> 'unknown' THEN 1 END)}] AS counts
  UNION
  MATCH (n:Resource)
  WHERE n.gone_at IS NULL
  RETURN 'Resource' AS kind, count(*) AS total, [
    {property: 'sensitivity', known: count(CASE WHEN n.sensitivity <> 'unknown' THEN 1 END)},
    {property: 'environment', known: count(CASE WHEN n.environment <> 'unknown' THEN 1 END)}] AS counts
}
WITH kind, total, counts WHERE total > 0
UNWIND counts AS one
RETURN kind, one.property AS property, total, total - one.known AS unknown
ORDER BY kind, unknown DESC, property
