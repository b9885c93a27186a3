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
  UNWIND ['status', 'environment', 'autonomy', 'owner', 'identity'] AS property
  WITH n, property, CASE property
      WHEN 'status' THEN coalesce(n.status, 'unknown') = 'unknown'
      WHEN 'environment' THEN coalesce(n.environment, 'unknown') = 'unknown'
      WHEN 'autonomy' THEN n.autonomy IS NULL
      WHEN 'owner' THEN NOT EXISTS { MATCH (n)<-[w:OWNS]-(:Owner) WHERE w.gone_at IS NULL }
      ELSE NOT EXISTS { MATCH (n)-[r:RUNS_AS]->(:Identity) WHERE r.gone_at IS NULL } END AS missing
  RETURN 'Agent' AS kind, property, count(*) AS total, sum(CASE WHEN missing THEN 1 ELSE 0 END) AS unknown
  UNION
  MATCH (n:Identity)
  WHERE n.gone_at IS NULL
  UNWIND ['type', 'binding'] AS property
  RETURN 'Identity' AS kind, property, count(*) AS total,
         sum(CASE WHEN (property = 'type' AND n.type IS NULL) OR (property = 'binding' AND n.binding IS NULL) THEN 1 ELSE 0 END) AS unknown
  UNION
  MATCH (n:Secret)
  WHERE n.gone_at IS NULL
  UNWIND ['type', 'lifetime', 'expires_at'] AS property
  RETURN 'Secret' AS kind, property, count(*) AS total,
         sum(CASE WHEN (property = 'type' AND n.type IS NULL) OR (property = 'lifetime' AND n.lifetime IS NULL)
                    OR (property = 'expires_at' AND n.expires_at IS NULL AND coalesce(n.lifetime, 'unknown') <> 'static')
                  THEN 1 ELSE 0 END) AS unknown
  UNION
  MATCH (n:Tool)
  WHERE n.gone_at IS NULL
  UNWIND ['effects', 'ingests_untrusted'] AS property
  RETURN 'Tool' AS kind, property, count(*) AS total,
         sum(CASE WHEN (property = 'effects' AND n.effects IS NULL) OR (property = 'ingests_untrusted' AND n.ingests_untrusted IS NULL)
                  THEN 1 ELSE 0 END) AS unknown
  UNION
  MATCH (n:ToolServer)
  WHERE n.gone_at IS NULL
  UNWIND ['pinned', 'auth', 'origin'] AS property
  RETURN 'ToolServer' AS kind, property, count(*) AS total,
         sum(CASE WHEN (property = 'pinned' AND n.pinned IS NULL) OR (property = 'auth' AND n.auth IS NULL)
                    OR (property = 'origin' AND coalesce(n.origin, 'unknown') = 'unknown') THEN 1 ELSE 0 END) AS unknown
  UNION
  MATCH (n:Resource)
  WHERE n.gone_at IS NULL
  UNWIND ['sensitivity', 'environment'] AS property
  RETURN 'Resource' AS kind, property, count(*) AS total,
         sum(CASE WHEN (property = 'sensitivity' AND coalesce(n.sensitivity, 'unknown') = 'unknown')
                    OR (property = 'environment' AND coalesce(n.environment, 'unknown') = 'unknown') THEN 1 ELSE 0 END) AS unknown
}
RETURN kind, property, total, unknown
ORDER BY kind, unknown DESC, property
