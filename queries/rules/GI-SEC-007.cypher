// id: GI-SEC-007
// title: Renewable credential that cannot be revoked
// finding: "{subject} can be renewed and nobody can revoke it: {reason}"
// severity: medium
// base: 5
// modifiers: [M1, M2, LACK]
// why: >
//   When it has to end at once, nothing can end it: it goes on renewing itself until somebody finds where it lives.
// remediation: >
//   Register what revokes it (introspection, session-revoked events, the issuer's own call), and try it out.
// frameworks: ["NHI7:2025", MANAGE 2.4, RS.MI-01, ASI10, PR.AA-01, CIS-6.2, C9]
// needs: [Secret.renewable, Secret.revocation_hook]
// unknown: no source states whether it can be revoked, or how long one issue lives
// parameters:
//   seconds: {type: integer, default: 3600, meaning: How long one issue may live without a way to revoke it}
//   short: {type: integer, default: 300, meaning: A token that lives no longer needs none}
// traps:
//   - A self-contained token that lives less than five minutes
//   - The issuer may have a way that no source tells of
// columns: {reason: Why that matters, ttl_seconds: Life of one issue, holders: What holds it}
MATCH (s:Secret)
WHERE s.gone_at IS NULL AND s.renewable = true AND coalesce(s.revocation_hook, false) = false
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND (s.ttl_seconds IS NULL OR s.ttl_seconds > $short)
WITH s, EXISTS {
    MATCH (s)-[d:DERIVED_FROM]-(o:Secret)
    WHERE d.gone_at IS NULL AND o.gone_at IS NULL
  } AS chained
WHERE chained OR s.ttl_seconds IS NULL OR s.ttl_seconds > $seconds
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, chained, h ORDER BY h.id
WITH s, chained, collect(DISTINCT h.id) AS holders
RETURN 'Secret' AS subject_kind, s.id AS subject_id,
       s.revocation_hook IS NULL OR (s.ttl_seconds IS NULL AND NOT chained) AS unknown,
       CASE WHEN s.ttl_seconds > $seconds THEN 'one issue of it lives long' ELSE 'others were derived from it or it from others' END AS reason,
       s.ttl_seconds AS ttl_seconds, holders
