// title: Tools of the same name
// question: Which agents see two tools of one name from different servers?
// when: A server can take calls that were meant for another; which one answers is chance.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   name: Name of the tools
//   servers: Servers that offer one of that name
//   third_party: How many of them come from outside
//   sources: Where the tools were stated
CALL {
  MATCH (a:Agent)-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
  WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL AND t.gone_at IS NULL
    AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
  RETURN a.id AS agent, t.name AS name, count(DISTINCT v.id) AS number,
         count(DISTINCT CASE WHEN v.origin IN ['third_party', 'registry'] THEN v.id END) AS third_party
}
WITH agent, name, third_party WHERE number > 1
WITH agent, name, third_party ORDER BY third_party DESC, agent, name LIMIT $limit
MATCH (a:Agent {id: agent})-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool {name: name})
WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL AND t.gone_at IS NULL
  AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
WITH agent, name, third_party, v, t ORDER BY v.id, t.id
WITH agent, name, third_party, collect(DISTINCT v.id) AS servers, collect(t.sources[0]) AS sources
RETURN agent, name, servers, third_party, sources
ORDER BY third_party DESC, agent, name
