// id: GI-FLW-003
// title: Untrusted input reaches a destructive action
// finding: "Strangers' content comes to {subject}, which reaches {target}{asked}"
// severity: high
// base: 8
// modifiers: [M1, M3]
// why: >
//   Whoever can write a mail, a ticket or a page can have something destroyed or run, by an agent that takes their words for its task.
// remediation: >
//   Have each such call approved with exactly its parameters, or take the tool away from agents that have read strangers' content.
// frameworks: [ASI01, ASI02, ASI05, AML.T0101, AML.T0051.001, "LLM03:2026", T2, C9, MAP 3.5, AML.M0030, AML.T0099, MAESTRO-L7.05]
// needs: [Agent, INGESTS|Tool.ingests_untrusted, Tool.effects]
// function: untrusted_to_destructive
// traps:
//   - What only executes inside a sandbox, isolated from the host or at its provider (label `sandboxed=…`)
//   - What can be restored
//   - Somebody is asked on the way
//   - "Where nobody states how much the caller does without asking, it is less sure; less sure than not of a coding agent that asks unless
//     it is started otherwise"
//   - A hook of a coding agent, which runs its own command at its own time
//   - Content that comes by others, as an answer or over a memory, told once, of the first that comes to such a tool
//   - A point that may ask, such as a hook of which nobody states what it answers, makes it less sure; a way without one is told first
// columns:
//   untrusted: Where strangers' content comes from
//   asked: Whether it is known that nobody is asked
