// title: A package is malicious
// question: Who runs this package, in which version, and what could it take?
// when: When news of a package that was taken over comes in.
// parameters:
//   package: {type: text, meaning: "Beginning of its purl, such as pkg:npm/notes, with or without a version"}
// columns:
//   kind: Kind of what runs it
//   id: Its id
//   package: The package as it is asked for
//   pinned: "Whether exactly one version can be started; empty = unknown"
//   agents: Agents that are or use it
//   takes: "Secrets and identities it has, as Kind:id"
//   sources: Where that was stated
CALL {
  MATCH (v:ToolServer)
  WHERE v.package STARTS WITH $package AND v.gone_at IS NULL
  RETURN v AS x, v.package AS package, coalesce(v.sources, []) AS sources
  UNION
  MATCH (p:Package)
  WHERE (p.id STARTS WITH $package OR p.purl STARTS WITH $package) AND p.gone_at IS NULL
  MATCH (x)-[d:DEPENDS_ON]->(p)
  WHERE d.gone_at IS NULL AND x.gone_at IS NULL
  RETURN x, coalesce(p.purl, p.id) AS package, coalesce(d.sources, []) AS sources
}
OPTIONAL MATCH (x)-[r:HOLDS|RUNS_AS]->(y)
WHERE r.gone_at IS NULL AND y.gone_at IS NULL
WITH x, package, sources, labels(y)[0] + ':' + y.id AS take ORDER BY take
WITH x, package, sources, collect(DISTINCT take) AS takes
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO|USES]->(x)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH x, package, sources, takes, a ORDER BY a.id
WITH x, package, sources, takes, collect(DISTINCT a.id) AS users
RETURN labels(x)[0] AS kind, x.id AS id, package, x.pinned AS pinned, CASE WHEN labels(x)[0] = 'Agent' THEN [x.id] ELSE users END AS agents,
       takes, sources
ORDER BY size(takes) DESC, kind, id, package, sources
