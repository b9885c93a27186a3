// id: GI-DEL-001
// title: Sub-agent gets more than its delegator has
// finding: "{subject} {how}: {target} can change {what} that it cannot"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3, M4, M5]
// why: >
//   By asking the sub-agent the delegator does what it was never allowed to do itself, and so does whoever talks it into asking.
// remediation: >
//   Decide on what both may do: the agent that asked first and the agent that acts. Carry who asked, and narrow each hand-over by a token
//   exchange. Where the sub-agent cannot tell its callers apart, GI-DEL-005 says so too.
// frameworks: [ASI03, T3, PR.AA-05, MAESTRO-X.03, C9, IAM-19]
// needs: [DELEGATES_TO, CAN_ACCESS]
// function: widened
// traps:
//   - A specialist whose power is its own, as long as something decides for the agent that asked
//   - Scopes that cannot be evaluated are an upper bound
//   - What the delegator can do by its own means or over others as well is no gain
//   - Reading more is what sub-agents are for
//   - What both may do is compared at one time
// columns:
//   how: Whether it hands over stated authority, or borrows the power of another
//   targets: How many things the delegator could not change without it
//   what: The same in words
//   examples: Some of them, the heaviest first
