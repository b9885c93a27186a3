// id: GI-TOL-010
// title: Instructions hidden in a tool's description
// finding: "{subject} says to the agent what a person does not see: {reasons}"
// severity: high
// base: 7
// modifiers: [M2, M3]
// why: >
//   The agent reads descriptions as it reads its task. Words in one that nobody sees are orders by whoever wrote the tool, whether or not it
//   is ever called.
// remediation: >
//   Take the server away from its agents, look at the description as bytes, and report it to whoever makes it.
// frameworks: ["MCP03:2025", ASI01, ASI04, AML.T0051.001, AML.T0110, "LLM01:2026", AML.T0011.002, AML.T0104, AST01, AST05, C10]
// needs: [Tool.schema_digest|Tool.labels:hidden_instructions]
// traps:
//   - Emoji, other scripts and marks of direction that a language needs are no hidden text; what is told apart is told by the reader
//   - A tool in source that a configured server provides is told there (label `provided_as=`)
//   - A tool that nobody can call, as it or its server is switched off, is told all the same, and weighs less
// columns: {reasons: What was found in its texts, agents: Agents and flows that may call it}
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND size([x IN coalesce(t.labels, []) WHERE x STARTS WITH 'provided_as=']) = 0
WITH t, [x IN coalesce(t.labels, []) WHERE x STARTS WITH 'hidden_instructions='] AS reasons
WHERE size(reasons) > 0
// A list by itself for each: callers over a server times callers without one would be many
WITH t, reasons,
     [(t)<-[p:PROVIDES]-(v:ToolServer)<-[c:CONNECTS_TO]-(a:Agent|Workflow)
      WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL
        AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired'] AND NOT coalesce(v.status, 'unknown') IN ['suspended', 'retired']
        AND NOT coalesce(t.status, 'unknown') IN ['suspended', 'retired'] AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
        AND (c.valid_from IS NULL OR c.valid_from <= $at) AND (c.valid_until IS NULL OR c.valid_until > $at OR c.renewable = true)
        AND (p.valid_from IS NULL OR p.valid_from <= $at) AND (p.valid_until IS NULL OR p.valid_until > $at OR p.renewable = true)
      | a.id] AS linked,
     [(t)<-[u:USES]-(b:Agent|Workflow)
      WHERE b.gone_at IS NULL AND u.gone_at IS NULL AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
        AND NOT coalesce(t.status, 'unknown') IN ['suspended', 'retired'] AND (u.valid_from IS NULL OR u.valid_from <= $at)
        AND (u.valid_until IS NULL OR u.valid_until > $at OR u.renewable = true) | b.id] AS direct
RETURN 'Tool' AS subject_kind, t.id AS subject_id, [x IN reasons | substring(x, 20)] AS reasons, linked + direct AS agents,
       CASE WHEN size(linked) + size(direct) = 0 THEN ['-2 no agent is known to read it'] ELSE [] END AS modifiers
