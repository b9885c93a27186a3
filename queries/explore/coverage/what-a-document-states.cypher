// title: What a document states
// question: What does the graph know from this document or folder?
// when: A row looks wrong and somebody asks where it comes from; a file is about to be deleted.
// parameters:
//   document: {type: text, meaning: "Beginning of the document's path, as sources show it"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   fact: Kind of the node or edge
//   from: "The node, or where the edge starts"
//   to: Where the edge ends
//   source: The place in the document
CALL {
  MATCH (n:Agent|Owner|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|ContentSource|Memory|EnforcementPoint|Task|Model|Package)
  WHERE n.gone_at IS NULL AND any(one IN n.sources WHERE one STARTS WITH $document)
  UNWIND n.sources AS source
  WITH n, source WHERE source STARTS WITH $document
  RETURN labels(n)[0] AS fact, n.id AS from, '' AS to, source
  UNION
  MATCH (x:Agent|Owner|Identity|Runtime|Secret|Tool|ToolServer|Resource|Workflow|ContentSource|Memory)-[r]->(y)
  WHERE NOT type(r) IN ['CAN_REACH', 'ABOUT'] AND r.gone_at IS NULL AND any(one IN r.sources WHERE one STARTS WITH $document)
  UNWIND r.sources AS source
  WITH x, r, y, source WHERE source STARTS WITH $document
  RETURN type(r) AS fact, x.id AS from, y.id AS to, source
}
RETURN fact, from, to, source
ORDER BY source, fact, from, to
LIMIT $limit
