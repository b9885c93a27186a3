// id: GI-TOL-002
// title: Unpinned tool server
// finding: "{subject} can change without anybody noticing: {reason}"
// severity: medium
// base: 5
// modifiers: [M2, M3, LACK]
// why: >
//   What runs tomorrow need not be what was looked at today: whoever can publish under that name acts with everything this server has.
// remediation: >
//   Pin it by version and digest, mirror it, verify its signature; for a remote server record the digests of its tools and compare them.
// frameworks:
//   ["MCP04:2025", ASI04, T17, AML.T0010.005, AML.T0109, ID.RA-09, CIS-2.5, AST07, "LLM04:2026", AML.M0014, C6, AST02, CIS-2.6,
//    MAESTRO-L3.04]
// needs: [ToolServer, ToolServer.pinned|ToolServer.url]
// unknown: no source states what is started
// traps:
//   - A remote server cannot be pinned by its package; a record of what its tools were is what counts
//   - References inside one's own repository
//   - A server that is switched off, and tools that are
// columns: {reason: Why it is not pinned, package: What it is started from, agents: Agents that connect to it}
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND coalesce(v.pinned, false) = false AND coalesce(v.origin, 'unknown') <> 'internal'
  AND NOT coalesce(v.status, 'unknown') IN ['suspended', 'retired']
OPTIONAL MATCH (v)-[p:PROVIDES]->(t:Tool)
WHERE p.gone_at IS NULL AND t.gone_at IS NULL AND NOT coalesce(t.status, 'unknown') IN ['suspended', 'retired']
  AND (p.valid_from IS NULL OR p.valid_from <= $at) AND (p.valid_until IS NULL OR p.valid_until > $at OR p.renewable = true)
WITH v, count(DISTINCT t) AS tools, count(DISTINCT CASE WHEN t.approved_digest IS NOT NULL THEN t.id END) AS recorded,
     sum(CASE WHEN 'execute' IN coalesce(t.effects, []) THEN 1 ELSE 0 END) AS executing
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, executing, tools, recorded, a ORDER BY a.id
WITH v, executing, collect(DISTINCT a.id) AS agents,
     CASE
       WHEN v.pinned = false AND v.package IS NOT NULL THEN 'what it is started from is not pinned to one build'
       WHEN v.url IS NOT NULL AND tools > 0 AND recorded = tools THEN 'recorded'
       WHEN v.url IS NOT NULL THEN 'it is remote and nobody recorded what its tools were'
       WHEN v.pinned = false THEN 'what it is started from is not pinned to one build'
       ELSE 'unknown'
     END AS reason
WHERE reason <> 'recorded'
RETURN 'ToolServer' AS subject_kind, v.id AS subject_id, reason = 'unknown' AS unknown, reason, v.package AS package, agents,
       [m IN [
         CASE WHEN v.origin = 'third_party' THEN '+1 somebody else makes it' END,
         CASE WHEN executing > 0 THEN '+1 it executes what it is given' END
       ] WHERE m IS NOT NULL] AS modifiers
