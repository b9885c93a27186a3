// id: GI-TOL-003
// title: Tool definition changed since its approval
// finding: "{subject} is no longer what was approved"
// severity: high
// base: 7
// modifiers: [M2, M4]
// why: >
//   A server that was harmless when somebody looked can rewrite what its tool says and takes, and the agent follows the new words.
// remediation: >
//   Hold the new definition back until somebody has compared it with the old one and approved it again.
// frameworks: ["MCP03:2025", ASI04, AML.T0109, AML.T0110, ID.RA-07, PR.PS-01, AST07, CIS-1.2, C10, "agbom/changed"]
// needs: [Tool.schema_digest, Tool.approved_digest]
// unknown: somebody approved a definition, and no source states what it is now
// traps:
//   - Order of keys, spaces, titles and icons are no change; digests are of the canonical definition
//   - A new version that was approved again, as its own record or the approval of who may call it says
//   - A tool that nobody ever approved is another rule's; one that is switched off is nobody's
// columns: {agents: Agents that may call it, server: Who provides it}
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND t.approved_digest IS NOT NULL AND NOT coalesce(t.status, 'unknown') IN ['suspended', 'retired']
  AND (t.schema_digest IS NULL OR replace(toLower(t.schema_digest), 'sha256:', '') <> replace(toLower(t.approved_digest), 'sha256:', ''))
OPTIONAL MATCH (t)<-[w:USES]-(x:Agent|Workflow)
WHERE w.gone_at IS NULL AND x.gone_at IS NULL AND w.approved = true AND (w.approved_until IS NULL OR w.approved_until > $at)
WITH t, sum(size([d IN coalesce(w.approved_digests, [])
  WHERE replace(toLower(d), 'sha256:', '') = replace(toLower(t.schema_digest), 'sha256:', '')])) AS again
WHERE again = 0
// A list by itself for each: callers over a server times callers without one would be many
WITH t, [(t)<-[p:PROVIDES]-(v:ToolServer) WHERE v.gone_at IS NULL AND p.gone_at IS NULL | v.id] AS server,
     [(t)<-[p:PROVIDES]-(v:ToolServer)<-[c:CONNECTS_TO]-(a:Agent)
      WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL
        AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools) | a.id] AS linked,
     [(t)<-[u:USES]-(b:Agent) WHERE b.gone_at IS NULL AND u.gone_at IS NULL | b.id] AS direct,
     'destructive' IN coalesce(t.effects, []) OR 'irreversible' IN coalesce(t.effects, []) OR 'execute' IN coalesce(t.effects, []) AS grave
RETURN 'Tool' AS subject_kind, t.id AS subject_id, t.schema_digest IS NULL AS unknown, server, linked + direct AS agents,
       CASE WHEN grave THEN ['+1 it can destroy or execute'] ELSE [] END AS modifiers
