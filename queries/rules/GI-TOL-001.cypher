// id: GI-TOL-001
// title: Unapproved tool path
// finding: "{subject} can call {target}: {approval}"
// severity: medium
// base: 5
// modifiers: [M1, M2, M3, M4, M6]
// why: >
//   Nobody has looked at what this tool does for this agent, so whatever it can reach was never weighed against what the agent needs.
// remediation: >
//   Approve the tool with its digest and its effects, or take it off the agent's list and block it.
// frameworks: [ASI02, "MCP09:2025", AML.T0053, ID.RA-07, PR.PS-05, CIS-2.5, MAESTRO-L7.04, AIS-11]
// needs: [USES|CONNECTS_TO, USES.approved|CONNECTS_TO.approved]
// unknown: no source states whether they are approved
// traps:
//   - An approval of the server covers a tool only where it listed the tool's digest
//   - Built-in file and shell tools of coding agents are tools too
// columns: {approval: What is wrong with its approval}
MATCH (a:Agent|Workflow)-[r:USES]->(t:Tool)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND t.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH a, r, t,
     EXISTS {
       MATCH (a)-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t)
       WHERE c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL AND c.approved = true
     } AS server,
     EXISTS {
       MATCH (a)-[y:USES]->(t)
       WHERE y.gone_at IS NULL AND y.approved = true AND (y.approved_until IS NULL OR y.approved_until > $at)
     } AS elsewhere
WITH a, t,
     CASE
       WHEN r.approved = false THEN 'it was not approved'
       WHEN r.approved_until <= $at THEN 'its approval has run out'
       WHEN r.approved = true OR elsewhere THEN 'approved'
       WHEN server AND t.approved_digest = t.schema_digest THEN 'approved'
       WHEN 'observed' IN coalesce(r.evidence, []) THEN 'it was called and nobody approved it'
       ELSE 'unknown'
     END AS approval
WHERE approval <> 'approved'
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, 'Tool' AS target_kind, t.id AS target_id,
       approval = 'unknown' AS unknown, approval
UNION
MATCH (a:Agent|Workflow)-[r:CONNECTS_TO]->(v:ToolServer)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND v.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH a, r, v,
     EXISTS { MATCH (a)-[y:CONNECTS_TO]->(v) WHERE y.gone_at IS NULL AND y.approved = true } AS elsewhere
WITH a, v,
     CASE
       WHEN r.approved = false THEN 'it was not approved'
       WHEN r.approved = true OR elsewhere THEN 'approved'
       WHEN 'observed' IN coalesce(r.evidence, []) THEN 'it was called and nobody approved it'
       ELSE 'unknown'
     END AS approval
WHERE approval <> 'approved'
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, 'ToolServer' AS target_kind, v.id AS target_id,
       approval = 'unknown' AS unknown, approval
