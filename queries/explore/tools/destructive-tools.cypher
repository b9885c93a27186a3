// title: Destructive tools in the hands of agents
// question: Which agents can call tools that destroy, cannot be undone or run code, and does anybody get asked?
// when: To decide which calls need an approval.
// parameters:
//   effects: {type: list, default: [destructive, irreversible, execute], meaning: Which effects count}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   autonomy: How much it does without asking
//   tool: Id of the tool
//   effects: What a call can do
//   server: "Id of the server it comes from; empty where it is called directly"
//   guards: Enforcement points on the call
//   sources: Where that was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL
  AND (EXISTS {
      MATCH (a)-[u:USES]->(t:Tool)
      WHERE any(effect IN t.effects WHERE effect IN $effects) AND u.gone_at IS NULL AND t.gone_at IS NULL }
    OR EXISTS {
      MATCH (a)-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
      WHERE any(effect IN t.effects WHERE effect IN $effects) AND c.gone_at IS NULL AND v.gone_at IS NULL
        AND p.gone_at IS NULL AND t.gone_at IS NULL AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools) })
WITH a ORDER BY a.id LIMIT $limit
CALL {
  WITH a
  MATCH (a)-[u:USES]->(t:Tool)
  WHERE any(effect IN t.effects WHERE effect IN $effects) AND u.gone_at IS NULL AND t.gone_at IS NULL
  RETURN t, '' AS server, coalesce(u.guards, []) AS guards, coalesce(u.sources, []) AS sources
  UNION
  WITH a
  MATCH (a)-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
  WHERE any(effect IN t.effects WHERE effect IN $effects) AND c.gone_at IS NULL AND v.gone_at IS NULL
    AND p.gone_at IS NULL AND t.gone_at IS NULL AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
  RETURN t, v.id AS server, coalesce(c.guards, []) + coalesce(p.guards, []) AS guards, coalesce(c.sources, []) AS sources
}
RETURN a.id AS agent, coalesce(a.autonomy, 'unknown') AS autonomy, t.id AS tool, t.effects AS effects, server, guards, sources
ORDER BY agent, tool, server, size(guards), sources
LIMIT $limit
