// id: GI-SEC-005
// title: Secret in configuration, code, prompt or tool definition
// finding: "{subject} has {target} in its {place}"
// severity: medium
// base: 6
// modifiers: [M1, M2]
// why: >
//   Whoever can read that place has the secret, and such places are copied, committed, indexed and sent to models.
// remediation: >
//   Take it out, refer to a vault or a credential broker instead, and rotate it: it has to be taken as leaked.
// frameworks: ["NHI2:2025", "MCP01:2025", AML.T0083, AML.T0055, AML.T0082, "LLM02:2026", "LLM08:2026", PR.DS-01, CIS-3.11, C9]
// needs: [HOLDS.place]
// parameters:
//   harmless: {type: list, default: [publishable, public], meaning: "Words in a secret's type that say that it is meant to be read"}
// traps:
//   - Placeholders and references such as `${NAME}`, where no value lies
//   - Samples that were revoked
//   - Fixtures of tests
//   - A tool server that gets its credential by a variable of its process, as it has to, and nobody else can read it
// columns: {place: Where it lies, type: What it is, readers: "Agents that can read it there; where they are many, the first hundred"}
MATCH (s:Secret)
// The secret first: who holds a shared one is asked once, not once for each holder
WHERE s.gone_at IS NULL AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND none(word IN $harmless WHERE ('_' + toLower(replace(coalesce(s.type, ''), '-', '_')) + '_') CONTAINS ('_' + word + '_'))
  // A reference: the name of a secret lies there, not the secret
  AND NOT (s.fingerprint IS NULL AND s.id STARTS WITH 'env:')
OPTIONAL MATCH (x:Agent)-[y:HOLDS]->(s)
WHERE x.gone_at IS NULL AND y.gone_at IS NULL AND NOT coalesce(x.status, 'unknown') IN ['suspended', 'retired']
  AND (y.valid_from IS NULL OR y.valid_from <= $at)
  AND (y.valid_until IS NULL OR y.valid_until > $at OR y.renewable = true)
WITH s, x ORDER BY x.id
WITH s, collect(DISTINCT x.id) AS everybody
WITH s, everybody[0..100] AS holding
MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND r.place IN ['config', 'repo', 'env', 'prompt', 'tool_definition', 'log']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  // A reference, too: to what a cluster, a cloud or a git host keeps and gives to a process
  AND NOT (s.fingerprint IS NULL AND r.place IN ['env', 'config']
           AND any(start IN ['k8s:', 'arn:', 'github-secret:', 'gitlab-variable:'] WHERE s.id STARTS WITH start))
OPTIONAL MATCH (v:Agent)-[z:CONNECTS_TO|USES|RUNS_ON]->(h)
WHERE v.gone_at IS NULL AND z.gone_at IS NULL AND NOT coalesce(v.status, 'unknown') IN ['suspended', 'retired']
  AND coalesce(z.isolated, false) = false
  AND (z.valid_from IS NULL OR z.valid_from <= $at)
  AND (z.valid_until IS NULL OR z.valid_until > $at OR z.renewable = true)
WITH h, r, s, holding, v ORDER BY v.id
WITH h, r, s, holding, collect(DISTINCT v.id) AS others
WITH h, r, s, holding + [one IN others[0..100] WHERE NOT one IN holding] AS readers
WHERE r.place <> 'env' OR s.fingerprint IS NOT NULL OR size(readers) > 1
RETURN labels(h)[0] AS subject_kind, h.id AS subject_id, 'Secret' AS target_kind, s.id AS target_id,
       r.place AS place, s.type AS type, readers,
       [m IN [
         CASE WHEN r.place = 'env' THEN '-2 it lies in the environment'
              WHEN r.place IN ['prompt', 'tool_definition'] THEN '+1 models read that place'
              WHEN r.place = 'repo' THEN '+1 repositories are copied with their history' END,
         CASE WHEN size(readers) > 1 THEN '+1 more than one agent can read it there' END,
         CASE WHEN size(coalesce(r.sources, [])) > 0
                   AND all(one IN r.sources WHERE one CONTAINS '/fixtures/' OR one CONTAINS '/testdata/')
           THEN '-3 it lies among the fixtures of tests'
              WHEN size(coalesce(r.sources, [])) > 0
                   AND all(one IN r.sources WHERE one CONTAINS '/test/' OR one CONTAINS '/tests/' OR one CONTAINS '/__tests__/')
           THEN '-3 it lies among tests' END
       ] WHERE m IS NOT NULL] AS modifiers
