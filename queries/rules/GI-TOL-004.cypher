// id: GI-TOL-004
// title: Effect misdeclared, or trusted from hints
// finding: "{subject} is said to be harmless and is not known to be: {reason}"
// severity: medium
// base: 5
// modifiers: [M1, M3]
// why: >
//   Hints are what the server says of itself. Whoever lets calls through because of them trusts the one who gains by it.
// remediation: >
//   Classify what tools do yourself, take hints as no more than a proposal, and take their absence for the worst.
// frameworks: [ASI02, "MCP03:2025", AST04, MAESTRO-L7.12, "LLM03:2026"]
// needs: [Tool.hints|USES.approval]
// traps:
//   - Without hints a tool counts as destructive and open, so there is nothing misdeclared
//   - Caches and logs are no side effects, nor is what the scopes of a grant leave out
//   - An approval because of hints, of a server that somebody else makes
//   - A tool in source that a configured server provides is told there (label `provided_as=`)
// columns: {reason: What contradicts what}
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND 'readOnlyHint=true' IN coalesce(t.hints, [])
  AND size([x IN coalesce(t.labels, []) WHERE x STARTS WITH 'provided_as=']) = 0
OPTIONAL MATCH (t)-[c:CAN_ACCESS]->(r:Resource|Secret)
WHERE c.gone_at IS NULL AND r.gone_at IS NULL AND NOT coalesce(r.type, '') IN ['cache', 'log', 'logs']
  AND size([x IN coalesce(c.actions, []) WHERE x <> 'read']) > 0
  AND size([s IN coalesce(c.scopes, ['*:*'])
    WHERE s STARTS WITH '*:' OR (NOT s STARTS WITH 'read:' AND ('admin' IN c.actions OR split(s, ':')[0] IN c.actions))]) > 0
  AND (c.valid_from IS NULL OR c.valid_from <= $at) AND (c.valid_until IS NULL OR c.valid_until > $at OR c.renewable = true)
WITH t, collect(DISTINCT r.id) AS written
WITH t,
     CASE
       WHEN size([x IN coalesce(t.effects, []) WHERE x IN ['write', 'destructive', 'irreversible', 'execute']]) > 0
         THEN 'it says that it only reads, and it does more'
       WHEN size(written) > 0 THEN 'it says that it only reads, and it may change something'
     END AS reason
WHERE reason IS NOT NULL
RETURN 'Tool' AS subject_kind, t.id AS subject_id, reason
UNION
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND 'destructiveHint=false' IN coalesce(t.hints, []) AND NOT 'readOnlyHint=true' IN coalesce(t.hints, [])
  AND size([x IN coalesce(t.labels, []) WHERE x STARTS WITH 'provided_as=']) = 0
OPTIONAL MATCH (t)-[c:CAN_ACCESS]->(r:Resource|Secret)
WHERE c.gone_at IS NULL AND r.gone_at IS NULL AND NOT coalesce(r.type, '') IN ['cache', 'log', 'logs']
  AND size([x IN coalesce(c.actions, []) WHERE x IN ['delete', 'admin']]) > 0
  AND size([s IN coalesce(c.scopes, ['*:*']) WHERE s STARTS WITH '*:' OR s STARTS WITH 'delete:']) > 0
  AND (c.valid_from IS NULL OR c.valid_from <= $at) AND (c.valid_until IS NULL OR c.valid_until > $at OR c.renewable = true)
WITH t, collect(DISTINCT r.id) AS deleted
WITH t,
     CASE
       WHEN size([x IN coalesce(t.effects, []) WHERE x IN ['destructive', 'irreversible']]) > 0
         THEN 'it says that it destroys nothing, and it does'
       WHEN size(deleted) > 0 THEN 'it says that it destroys nothing, and it may delete something'
     END AS reason
WHERE reason IS NOT NULL
RETURN 'Tool' AS subject_kind, t.id AS subject_id, reason
UNION
MATCH (a:Agent|Workflow)-[u:USES]->(t:Tool)<-[p:PROVIDES]-(v:ToolServer)
WHERE a.gone_at IS NULL AND u.gone_at IS NULL AND t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL
  AND u.approved = true AND u.approval = 'hints' AND coalesce(v.origin, 'unknown') <> 'internal'
  AND (u.approved_until IS NULL OR u.approved_until > $at)
RETURN DISTINCT 'Tool' AS subject_kind, t.id AS subject_id, 'it was approved because of what it says of itself' AS reason
UNION
MATCH (a:Agent|Workflow)-[u:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
WHERE a.gone_at IS NULL AND u.gone_at IS NULL AND t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL
  AND u.approved = true AND u.approval = 'hints' AND coalesce(v.origin, 'unknown') <> 'internal'
  AND (u.approved_until IS NULL OR u.approved_until > $at) AND (u.tools IS NULL OR t.id IN u.tools OR t.name IN u.tools)
RETURN DISTINCT 'Tool' AS subject_kind, t.id AS subject_id, 'it was approved because of what it says of itself' AS reason
