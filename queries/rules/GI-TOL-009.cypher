// id: GI-TOL-009
// title: Code execution without isolation
// finding: "{subject} executes what it is given on {target}: {reason}"
// severity: high
// base: 7
// modifiers: [M1, M2, M4]
// why: >
//   What the agent is talked into runs with everything the machine has: its files, its network, its keys.
// remediation: >
//   Run it in a sandbox without credentials, isolated from its host, with a list of the hosts it may reach.
// frameworks: [ASI05, T11, "MCP05:2025", AML.T0050, AML.T0105, MAESTRO-L4.06, C9, AML.M0032, AML.T0112.000, C4, AST06]
// needs: [Tool.effects, RUNS_ON]
// unknown: no source states whether what they run on is a sandbox
// traps:
//   - A sandbox that has a key or an identity of its host is none
//   - Each command is approved by somebody
//   - Isolated from its runtime, it cannot use what that has
//   - A tool whose provider executes it in a sandbox of its own (label `sandboxed=…`)
// columns: {reason: What is not kept apart, tools: What executes}
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND 'execute' IN coalesce(t.effects, []) AND none(l IN coalesce(t.labels, []) WHERE l STARTS WITH 'sandboxed=')
  AND NOT EXISTS { MATCH (v:ToolServer)-[p:PROVIDES]->(t) WHERE v.gone_at IS NULL AND p.gone_at IS NULL }
MATCH (a:Agent)-[u:USES]->(t)
WHERE a.gone_at IS NULL AND u.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (u.valid_from IS NULL OR u.valid_from <= $at) AND (u.valid_until IS NULL OR u.valid_until > $at OR u.renewable = true)
MATCH (a)-[o:RUNS_ON]->(h:Runtime)
WHERE o.gone_at IS NULL AND h.gone_at IS NULL AND coalesce(o.isolated, false) = false
WITH a, t, h
OPTIONAL MATCH (h)-[k:HOLDS|RUNS_AS]->(x:Secret|Identity)
WHERE k.gone_at IS NULL AND x.gone_at IS NULL
WITH a, h, collect(DISTINCT t.id) AS tools, count(x) AS means
WITH a, h, tools, means,
     CASE
       WHEN h.sandboxed = false THEN 'it is no sandbox'
       WHEN means > 0 THEN 'keys or an identity of the host are within its reach'
       WHEN h.sandboxed = true THEN 'kept apart'
       ELSE 'unknown'
     END AS reason
WHERE reason <> 'kept apart'
RETURN 'Agent' AS subject_kind, a.id AS subject_id, 'Runtime' AS target_kind, h.id AS target_id, reason = 'unknown' AS unknown, reason, tools,
       CASE WHEN a.autonomy IN ['suggest', 'approve_each'] THEN ['-2 each command is approved'] ELSE [] END AS modifiers
UNION
// The server first: what a gateway runs on is asked once, not once for each caller
MATCH (v:ToolServer)-[p:PROVIDES]->(t:Tool)
WHERE v.gone_at IS NULL AND p.gone_at IS NULL AND t.gone_at IS NULL AND 'execute' IN coalesce(t.effects, [])
  AND none(l IN coalesce(t.labels, []) WHERE l STARTS WITH 'sandboxed=')
MATCH (v)-[o:RUNS_ON]->(h:Runtime)
WHERE o.gone_at IS NULL AND h.gone_at IS NULL AND coalesce(o.isolated, false) = false
OPTIONAL MATCH (h)-[k:HOLDS|RUNS_AS]->(x:Secret|Identity)
WHERE k.gone_at IS NULL AND x.gone_at IS NULL
WITH v, t, h, count(x) AS means
MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (c.valid_from IS NULL OR c.valid_from <= $at) AND (c.valid_until IS NULL OR c.valid_until > $at OR c.renewable = true)
  AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
WITH a, h, collect(DISTINCT t.id) AS tools, max(means) AS means
WITH a, h, tools, means,
     CASE
       WHEN h.sandboxed = false THEN 'it is no sandbox'
       WHEN means > 0 THEN 'keys or an identity of the host are within its reach'
       WHEN h.sandboxed = true THEN 'kept apart'
       ELSE 'unknown'
     END AS reason
WHERE reason <> 'kept apart'
RETURN 'Agent' AS subject_kind, a.id AS subject_id, 'Runtime' AS target_kind, h.id AS target_id, reason = 'unknown' AS unknown, reason, tools,
       CASE WHEN a.autonomy IN ['suggest', 'approve_each'] THEN ['-2 each command is approved'] ELSE [] END AS modifiers
