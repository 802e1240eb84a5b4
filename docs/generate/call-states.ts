// docs/call-states.md: the states of a call and of its legs, drawn from the table that the model moves by.
// Only the explanations are written here; states, moves and rules are the table's.

import { CALL_MOVES, LEG_MOVES, TRANSITIONS } from '../../src/call/model/transitions.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# The states of a call

<!-- Generated from src/call/model/transitions.ts by docs/generate/call-states.ts. -->

A call has one leg for each user: the initiator's, which is \`joined\` from the start, and one for everybody it calls.
States move only forward, and an ended call never changes. The rules on the arrows are explained in the table below; no
other arrow is possible, for the code that changes a call refuses every move that is not drawn here.
`;

const CALL = `## A call

\`ringing\`: somebody can still answer, and nobody has. \`active\`: somebody answered; in a group, others may still ring.
Deadlines are stored with the call: the ring deadline, which stays whoever joins, and begins anew when somebody is invited
into an active call; the grace of every leg whose connection is lost; and the longest duration.
`;

const LEG = `## A leg

\`invited\`, \`offline\` and \`ringing\` can still answer: nothing is known of the user's devices, none could be reached, at
least one was told. \`joined\` and \`reconnecting\` are in the call, and the peers of a leg in its grace are told nothing.
\`end\` on an arrow is whatever ended the whole call: those in it have \`left\`, those who could still answer have
\`missed\` it.
`;

const RULES = `## The rules
`;

type Moves = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export function renderCallStates(): string {
  const head = ['Rule', 'When', 'What follows'];
  const table = renderTable([head, ...TRANSITIONS.map(({ id, event, effect }) => [id, event, effect])]);
  const call = renderDiagram(CALL_MOVES, { ringing: 'T1' });
  const leg = renderDiagram(LEG_MOVES, { invited: 'T1 invite', joined: 'the initiator' });
  return [INTRODUCTION, CALL, call, LEG, leg, RULES, `${table}\n`].join('\n');
}

/** @param starts where it begins, and why; a state without a way out is where it ends */
function renderDiagram(moves: Moves, starts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(starts).map(([state, why]) => `[*] --> ${state}: ${why}`);
  for (const [from, next] of Object.entries(moves)) {
    const ways = Object.entries(next);
    for (const [to, rules] of ways) lines.push(`${from} --> ${to}: ${rules.join(' ')}`);
    if (ways.length === 0) lines.push(`${from} --> [*]`);
  }
  const indented = lines.map((line) => `  ${line}`).join('\n');
  return `\`\`\`mermaid\nstateDiagram-v2\n${indented}\n\`\`\`\n`;
}
