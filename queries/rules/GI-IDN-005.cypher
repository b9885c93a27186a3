// id: GI-IDN-005
// title: One identity in two environments
// finding: "{subject} is used in {environments}"
// severity: medium
// base: 6
// why: >
//   Who takes over the weaker environment has this identity, and with it what it may do in the other.
// remediation: >
//   Use one identity for each environment, and let the policy that trusts it name the environment.
// frameworks: ["NHI8:2025", "NHI9:2025", ASI08, PR.AA-05, PR.IR-01, MAESTRO-L4.06, C9]
// needs: [RUNS_AS, Agent.environment|Runtime.environment|Identity.environment|ToolServer.environment|Tool.environment|Workflow.environment]
// traps:
//   - The identity of a deployment job crosses environments by design, which somebody has to approve (label `cross_environment=approved`)
//   - A monitoring account that only reads elsewhere
//   - An environment that only a name suggests (label `environment_from`) is a guess
// columns:
//   environments: Where it is used or what it can act on
//   users: What runs as it
//   acts: "What it may do to things of another environment; `unknown` where nobody states it"
MATCH (i:Identity)<-[r:RUNS_AS]-(x:Agent|ToolServer|Tool|Workflow|Runtime)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL AND i.gone_at IS NULL
  AND none(l IN coalesce(i.labels, []) WHERE toLower(replace(l, '-', '_')) = 'cross_environment=approved')
WITH DISTINCT i
// What it may act on comes first, so that no row of a grant carries the lists of its users
OPTIONAL MATCH (i)-[g:CAN_ACCESS]->(t:Resource)
WHERE g.gone_at IS NULL AND t.gone_at IS NULL
  AND (g.valid_from IS NULL OR g.valid_from <= $at)
  AND (g.valid_until IS NULL OR g.valid_until > $at OR g.renewable = true)
WITH DISTINCT i, t.environment AS place, none(l IN coalesce(t.labels, []) WHERE l STARTS WITH 'environment_from=') AS known,
     g.actions AS actions
UNWIND CASE WHEN size(coalesce(actions, [])) = 0 THEN [null] ELSE actions END AS action
WITH i, collect(DISTINCT place) AS places, collect(DISTINCT CASE WHEN known THEN place END) AS surely,
     collect(DISTINCT place + ':' + coalesce(action, 'unknown')) AS deeds
MATCH (i)<-[r:RUNS_AS]-(x)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL
  AND NOT coalesce(x.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH DISTINCT i, x, places, surely, deeds,
     none(l IN coalesce(i.labels, []) WHERE l STARTS WITH 'environment_from=') AS placed,
     none(l IN coalesce(x.labels, []) WHERE l STARTS WITH 'environment_from=') AS told
OPTIONAL MATCH (x)-[y:RUNS_ON]->(m:Runtime)
WHERE y.gone_at IS NULL AND m.gone_at IS NULL
  AND (y.valid_from IS NULL OR y.valid_from <= $at)
  AND (y.valid_until IS NULL OR y.valid_until > $at OR y.renewable = true)
WITH i, x, m, places, surely, deeds, placed, told, none(l IN coalesce(m.labels, []) WHERE l STARTS WITH 'environment_from=') AS run
ORDER BY x.id
WITH i, places, surely, deeds, collect(DISTINCT x.id) AS users,
     collect(DISTINCT x.environment) + collect(DISTINCT m.environment) + collect(DISTINCT i.environment) AS stated,
     collect(DISTINCT CASE WHEN told THEN x.environment END) + collect(DISTINCT CASE WHEN run THEN m.environment END)
       + collect(DISTINCT CASE WHEN placed THEN i.environment END) AS sure
WITH i, users, sure, surely, deeds, places, [one IN ['dev', 'test', 'staging', 'prod'] WHERE one IN stated] AS used
WITH i, users, sure + [one IN surely WHERE NOT one IN used] AS sure, deeds, used, [one IN places WHERE NOT one IN used] AS elsewhere
WITH i, users, sure, used,
     [one IN ['dev', 'test', 'staging', 'prod'] WHERE one IN used OR one IN elsewhere] AS environments,
     [act IN ['admin', 'delete', 'execute', 'read', 'unknown', 'write'] WHERE any(one IN elsewhere WHERE (one + ':' + act) IN deeds)] AS acts
WHERE size(environments) > 1 AND size(used) > 0
RETURN 'Identity' AS subject_kind, i.id AS subject_id, environments, users, acts,
       CASE WHEN all(one IN environments WHERE one IN sure) THEN 1.0 ELSE 0.4 END AS confidence,
       [m IN [
         CASE WHEN 'prod' IN environments AND any(one IN environments WHERE one IN ['dev', 'test'])
              THEN '+2 production and one where less care is taken' END,
         CASE WHEN any(one IN environments WHERE NOT one IN sure) THEN '-2 an environment is only guessed from names' END,
         CASE WHEN size(used) = 1 AND all(one IN acts WHERE one = 'read') THEN '-2 it only reads there' END
       ] WHERE m IS NOT NULL] AS modifiers
