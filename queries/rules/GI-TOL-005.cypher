// id: GI-TOL-005
// title: Server without authentication, or that passes tokens through
// finding: "{subject} does not know who calls: {reason}"
// severity: high
// base: 7
// modifiers: [M1, M2]
// why: >
//   Whoever reaches the address can call its tools; and a server that passes its callers' tokens on turns each of them into a key for
//   everything behind it.
// remediation: >
//   Make it a resource server that checks tokens and their audience, with a token of its own for what lies behind it.
// frameworks: ["MCP07:2025", ASI07, "NHI4:2025", T16, PR.AA-03, ZT-6, AML.T0132, C10, "protocols/MCP/*"]
// needs: [ToolServer.auth|ToolServer.url]
// unknown: no source states how their callers prove who they are
// traps:
//   - Bound to the loopback address, it is reached from the host alone, if it checks against DNS rebinding
//   - A point that enforces in front of it, on every way to it
//   - Over standard input its caller is whoever started it
//   - A server that is switched off
// columns: {reason: Why it does not know, agents: Agents that connect to it}
OPTIONAL MATCH (p:EnforcementPoint)
WHERE p.gone_at IS NULL AND p.mode = 'enforce'
WITH collect(p.id) AS enforcing
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND (v.auth = 'none' OR (v.auth IS NULL AND v.url IS NOT NULL))
  AND NOT coalesce(v.status, 'unknown') IN ['suspended', 'retired']
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, collect(DISTINCT a.id) AS agents, count(c) AS ways,
     sum(CASE WHEN any(guard IN coalesce(c.guards, []) WHERE guard IN enforcing) THEN 1 ELSE 0 END) AS guarded
WHERE ways = 0 OR guarded < ways
WITH v, agents,
     v.url STARTS WITH 'http://localhost:' OR v.url STARTS WITH 'http://localhost/' OR v.url = 'http://localhost'
       OR v.url STARTS WITH 'http://127.0.0.1:' OR v.url STARTS WITH 'http://127.0.0.1/' OR v.url STARTS WITH 'http://[::1]' OR v.url STARTS WITH 'https://localhost:'
       OR v.url STARTS WITH 'https://localhost/' OR v.url STARTS WITH 'https://127.0.0.1:' AS loopback
RETURN 'ToolServer' AS subject_kind, v.id AS subject_id, v.auth IS NULL AS unknown, agents, 'it asks nobody for a proof' AS reason,
       CASE
         WHEN v.url IS NULL OR v.transport = 'stdio' THEN ['-4 only its host can start it']
         WHEN loopback THEN ['-3 only its host can reach it, as long as it checks against DNS rebinding']
         ELSE []
       END AS modifiers
UNION
MATCH (v:ToolServer)-[g:HOLDS]->(s:Secret)
WHERE v.gone_at IS NULL AND s.gone_at IS NULL AND g.gone_at IS NULL
  AND NOT v.url IN s.audience AND NOT v.id IN s.audience  // not so either where one of them is not stated
MATCH (a:Agent)-[h:HOLDS]->(s), (a)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND h.gone_at IS NULL
WITH v, collect(DISTINCT a.id) AS agents
RETURN 'ToolServer' AS subject_kind, v.id AS subject_id, false AS unknown, agents,
       'it uses the tokens of its callers, which were issued for somebody else' AS reason, [] AS modifiers
