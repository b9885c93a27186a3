// title: Tools whose hints play down what they do
// question: Which tools are called harmless by their server and are not, as far as we know?
// when: Clients skip the question to the user because of such a hint.
// columns:
//   tool: Its id
//   hints: What its server says
//   effects: What a call can do
//   servers: Servers that provide it
//   sources: Where it was stated
MATCH (t:Tool)
WHERE t.gone_at IS NULL
  AND ('readOnlyHint=true' IN t.hints AND any(effect IN t.effects WHERE effect IN ['write', 'destructive', 'irreversible', 'execute'])
    OR 'destructiveHint=false' IN t.hints AND any(effect IN t.effects WHERE effect IN ['destructive', 'irreversible'])
    OR 'openWorldHint=false' IN t.hints AND 'egress' IN t.effects)
OPTIONAL MATCH (v:ToolServer)-[p:PROVIDES]->(t)
WHERE v.gone_at IS NULL AND p.gone_at IS NULL
WITH t, v ORDER BY v.id
WITH t, collect(DISTINCT v.id) AS servers
RETURN t.id AS tool, t.hints AS hints, t.effects AS effects, servers, coalesce(t.sources, []) AS sources
ORDER BY tool
