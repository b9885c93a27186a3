// id: GI-OWN-001
// title: Ownerless agent
// finding: "{subject} has no accountable owner"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3, LACK]
// why: >
//   Nobody answers for what this agent does: nobody reviews its access, and nobody switches it off when it is no longer needed.
// remediation: >
//   Assign a person or a team as its owner; approve nothing new for it until then, and suspend it after a time of grace.
// frameworks: [GOVERN 2.1, GOVERN 1.6, "NHI1:2025", ASI10, ID.AM-02, GV.RR-02, CIS-1.1, CIS-5.5, A.3.2, MAESTRO-L7.01, A.10.2]
// needs: [Agent, OWNS]
// function: ownerless
// traps:
//   - The owner is known to a source that was not read, so that no agent has one
//   - A sub-agent that exists only while a call runs has the owner of its caller, or of that one's caller where it exists as briefly
//   - A service principal is no accountable owner
// columns: {status: State of its life cycle}
