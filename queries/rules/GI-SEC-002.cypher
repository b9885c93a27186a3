// id: GI-SEC-002
// title: Rotation overdue
// finding: "{subject} was last changed {age} days ago, {most}"
// severity: medium
// base: 4
// modifiers: [M1, M2, LACK]
// why: >
//   The longer a value stays the same, the more places it has been copied to, and the longer a copy that leaked works.
// remediation: >
//   Rotate it now, let rotation run by itself, and raise an alarm at four fifths of the period.
// frameworks: ["NHI7:2025", "MCP01:2025", PR.AA-01, CIS-5.5, C9]
// needs: [Secret.rotated_at|Secret.issued_at|Secret.rotate_every_days|Secret.lifetime]
// unknown: no source states when the value last changed, or whether it is meant to stay the same
// clear_needs: [Secret.rotated_at|Secret.issued_at]
// parameters:
//   days: {type: integer, default: 90, meaning: How often a static secret is to be rotated where its own period is not stated}
//   harmless: {type: list, default: [publishable, public, test, hsm], meaning: "Words in a secret's type that make it none to worry about"}
// traps:
//   - A rotation in place keeps the id; the time of the value counts, not that of the entry
//   - Whoever reads a pointer uses the newest version; what came before it is superseded
// columns: {age: "How many days its value has been the same, one that has begun included", period: How many it should be at most, most: "That in words, and whether a source states it", holders: What holds it}
MATCH (s:Secret)
WHERE s.gone_at IS NULL
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND (coalesce(s.lifetime, 'static') = 'static' OR s.rotate_every_days IS NOT NULL)
  AND none(word IN $harmless WHERE ('_' + toLower(replace(coalesce(s.type, ''), '-', '_')) + '_') CONTAINS ('_' + word + '_'))
  AND NOT EXISTS {
    MATCH (s)<-[x:DERIVED_FROM]-(n:Secret)
    WHERE n.gone_at IS NULL AND x.gone_at IS NULL AND x.via = 'renew' AND n.id <> s.id
      AND NOT coalesce(n.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  }
WITH s, coalesce(s.rotated_at, s.issued_at) AS since, coalesce(s.rotate_every_days, $days) AS period
WITH s, since, period, (datetime($at).epochSeconds - datetime(since).epochSeconds + 86399) / 86400 AS age
WHERE since IS NULL OR age > period
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, since, period, age, h ORDER BY h.id
WITH s, since, period, age, collect(DISTINCT h.id) AS holders
RETURN 'Secret' AS subject_kind, s.id AS subject_id, since IS NULL OR (s.lifetime IS NULL AND s.rotate_every_days IS NULL) AS unknown, age, period, holders,
       toString(period) + CASE WHEN s.rotate_every_days IS NULL THEN ' days at most are usual' ELSE ' days at most were meant' END AS most,
       [m IN [
         CASE WHEN age > 4 * period THEN '+2 more than four times the period' WHEN age > 2 * period THEN '+1 more than twice the period' END
       ] WHERE m IS NOT NULL] AS modifiers
