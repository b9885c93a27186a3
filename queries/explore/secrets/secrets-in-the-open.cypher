// title: Secrets where they can be read
// question: Which secrets lie in repositories, prompts, tool definitions, logs or on laptops, and who holds them there?
// when: To clean up, and to find what has to be rotated once it was moved.
// parameters:
//   places: {type: list, default: [repo, prompt, tool_definition, log, memory, laptop, config], meaning: Which places count}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   place: Where it lies
//   secret: Its id
//   type: What it is
//   lifetime: "static, ephemeral or unknown"
//   holder_kind: Kind of the holder
//   holder: Id of the holder
//   sources: "Where it lies, to the line"
MATCH (h)-[r:HOLDS]->(s:Secret)
WHERE r.gone_at IS NULL AND r.place IN $places AND h.gone_at IS NULL AND s.gone_at IS NULL
RETURN r.place AS place, s.id AS secret, coalesce(s.type, 'unknown') AS type, coalesce(s.lifetime, 'unknown') AS lifetime,
       labels(h)[0] AS holder_kind, h.id AS holder, coalesce(r.sources, []) AS sources
ORDER BY place, secret, holder_kind, holder, sources
LIMIT $limit
