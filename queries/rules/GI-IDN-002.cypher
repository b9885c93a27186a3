// id: GI-IDN-002
// title: Identity not bound to its runtime
// finding: "{subject} runs as {target}, which {binding}"
// severity: medium
// base: 6
// modifiers: [M1, M2, LACK]
// why: >
//   What proves this identity can be carried to another machine: whoever copies it is the agent.
// remediation: >
//   Bind the identity to where the agent runs: workload identity federation, SPIFFE or a platform identity; bind tokens to a key of the
//   runtime (mTLS, DPoP).
// frameworks: ["NHI4:2025", ASI03, T9, PR.AA-02, PR.AA-04, ZT-6, MAESTRO-L7.03, C9, "MCP07:2025", "NHI6:2025"]
// needs: [Agent, RUNS_AS, Identity.binding|Runtime]
// unknown: no source states how the identity is bound, or where the agent runs
// traps:
//   - An identity that the platform hands to its own workload is bound by the platform, not unbound
//   - Where a hosted agent runs cannot be seen, which is unknown and not unbound
// columns: {binding: What is wrong with its binding, place: Where its secret lies}
MATCH (i:Identity)
// The identity first: what is known of a shared one is asked once, not once for each agent
WHERE i.gone_at IS NULL AND NOT coalesce(i.type, 'unknown') IN ['human', 'group']
  AND NOT coalesce(i.status, 'unknown') IN ['disabled', 'suspended', 'retired']
OPTIONAL MATCH (h)-[z:HOLDS]->(s:Secret)-[u:AUTHENTICATES_AS]->(i)
WHERE h.gone_at IS NULL AND z.gone_at IS NULL AND s.gone_at IS NULL AND u.gone_at IS NULL AND z.place <> 'vault'
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND (z.valid_until IS NULL OR z.valid_until > $at OR z.renewable = true)
WITH i, min(z.place) AS place
// Runtimes that the identity is known to belong to, and those of the agent
OPTIONAL MATCH (b:Runtime)-[x:RUNS_AS]->(i)
WHERE b.gone_at IS NULL AND x.gone_at IS NULL
  AND (x.valid_from IS NULL OR x.valid_from <= $at)
  AND (x.valid_until IS NULL OR x.valid_until > $at OR x.renewable = true)
WITH i, place, collect(DISTINCT b.id) AS bound
MATCH (a:Agent)-[r:RUNS_AS]->(i)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH DISTINCT a, i, place, bound
OPTIONAL MATCH (a)-[y:RUNS_ON]->(m:Runtime)
WHERE m.gone_at IS NULL AND y.gone_at IS NULL
  AND (y.valid_from IS NULL OR y.valid_from <= $at)
  AND (y.valid_until IS NULL OR y.valid_until > $at OR y.renewable = true)
WITH a, i, place, bound, collect(DISTINCT m.id) AS runs
WITH a, i, place,
     CASE
       WHEN i.binding IN ['bearer', 'none'] THEN 'anybody can use who has its secret'
       WHEN size(bound) > 0 AND size(runs) > 0 AND none(one IN runs WHERE one IN bound) THEN 'belongs to another runtime'
       WHEN i.binding = 'platform' THEN 'bound'
       WHEN i.binding IS NULL OR size(runs) = 0 THEN 'unknown'
       ELSE 'bound'
     END AS binding
WHERE binding <> 'bound'
RETURN 'Agent' AS subject_kind, a.id AS subject_id, 'Identity' AS target_kind, i.id AS target_id,
       binding = 'unknown' AS unknown, binding, place,
       [m IN [CASE WHEN place IS NOT NULL THEN '+1 its secret lies outside a vault' END] WHERE m IS NOT NULL] AS modifiers
