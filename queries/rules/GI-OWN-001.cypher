// id: GI-OWN-001
// title: Ownerless agent
// finding: "{subject} has no accountable owner"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3]
// why: >
//   Nobody answers for what this agent does: nobody reviews its access, and nobody switches it off when it is no longer needed.
// remediation: >
//   Assign a person or a team as its owner; approve nothing new for it until then, and suspend it after a time of grace.
// frameworks: [GOVERN 2.1, GOVERN 1.6, "NHI1:2025", ASI10, ID.AM-02, GV.RR-02, CIS-1.1, CIS-5.5, A.3.2, MAESTRO-L7.01, A.10.2]
// needs: [Agent, OWNS]
// traps:
//   - The owner is known to a source that was not read, so that no agent has one
//   - A sub-agent that exists only while a call runs has the owner of its caller, or of that one's caller where it exists as briefly
//   - A service principal is no accountable owner
// columns: {status: State of its life cycle}
MATCH (a:Agent)
WHERE a.gone_at IS NULL
  AND coalesce(a.status, 'unknown') <> 'retired'
  AND NOT EXISTS {
    MATCH (a)<-[w:OWNS]-(o:Owner)
    WHERE o.gone_at IS NULL AND w.gone_at IS NULL
      AND NOT coalesce(o.kind_detail, '') IN ['service-principal', 'service_principal', 'application']
      AND (w.valid_from IS NULL OR w.valid_from <= $at)
      AND (w.valid_until IS NULL OR w.valid_until > $at)
  }
// Callers of every kind, of whom all must be owned and call it only in passing for it to inherit their owner
OPTIONAL MATCH (c)-[d:DELEGATES_TO]->(a)
WHERE c.gone_at IS NULL AND d.gone_at IS NULL AND c.id <> a.id
  AND (d.transient = true OR d.valid_until IS NULL OR d.valid_until > $at OR d.renewable = true)
WITH a, d,
     CASE WHEN d.transient = true
          THEN EXISTS {
            MATCH (c)<-[before:DELEGATES_TO*0..8]-(z)<-[v:OWNS]-(p:Owner)
            WHERE p.gone_at IS NULL AND v.gone_at IS NULL AND z.gone_at IS NULL
              AND all(one IN before WHERE one.gone_at IS NULL AND one.transient = true)
              AND NOT coalesce(p.kind_detail, '') IN ['service-principal', 'service_principal', 'application']
              AND (v.valid_from IS NULL OR v.valid_from <= $at)
              AND (v.valid_until IS NULL OR v.valid_until > $at)
          } ELSE false END AS answers
WITH a, count(d) AS callers, sum(CASE WHEN answers THEN 1 ELSE 0 END) AS answering
WHERE callers = 0 OR answering < callers
RETURN 'Agent' AS subject_kind, a.id AS subject_id, coalesce(a.status, 'unknown') AS status
