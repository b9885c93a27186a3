// title: Agents that read what strangers write
// question: Which agents take in content that strangers can write, and what could such a text make them do?
// when: To find where a prompt injection would start.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   through: "What brings the content, the source or the tool"
//   autonomy: How much the agent does without asking
//   impact: "What it could do in the worst case, 0 to 100"
//   ungoverned: What of that no decision stands in the way of
//   sources: Where that was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL
  AND (EXISTS { MATCH (a)-[r:INGESTS]->(c:ContentSource {trust: 'untrusted'}) WHERE c.gone_at IS NULL AND r.gone_at IS NULL }
    OR EXISTS { MATCH (a)-[r:USES]->(t:Tool {ingests_untrusted: true}) WHERE t.gone_at IS NULL AND r.gone_at IS NULL }
    OR EXISTS {
      MATCH (a)-[r:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool {ingests_untrusted: true})
      WHERE t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL
        AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools) })
WITH a ORDER BY coalesce(a.impact, 0.0) DESC, a.id LIMIT $limit
CALL {
  WITH a
  MATCH (a)-[r:INGESTS]->(c:ContentSource {trust: 'untrusted'})
  WHERE c.gone_at IS NULL AND r.gone_at IS NULL
  RETURN 'ContentSource:' + c.id AS through, coalesce(r.sources, []) AS sources
  UNION
  WITH a
  MATCH (a)-[r:USES]->(t:Tool {ingests_untrusted: true})
  WHERE t.gone_at IS NULL AND r.gone_at IS NULL
  RETURN 'Tool:' + t.id AS through, coalesce(r.sources, []) AS sources
  UNION
  WITH a
  MATCH (a)-[r:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool {ingests_untrusted: true})
  WHERE t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL
    AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools)
  RETURN 'Tool:' + t.id AS through, coalesce(r.sources, []) AS sources
}
RETURN a.id AS agent, through, coalesce(a.autonomy, 'unknown') AS autonomy, round(a.impact, 1) AS impact,
       round(a.impact_ungoverned, 1) AS ungoverned, sources
ORDER BY coalesce(a.impact, 0.0) DESC, agent, through, sources
LIMIT $limit
