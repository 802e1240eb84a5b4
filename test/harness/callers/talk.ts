// What is said in the calls of these tests, and a call brought to where both sides talk.

import type { Callee, Caller, IceCandidate, Incoming, Outgoing } from './caller.ts';

/** A description that begins as one, and says whose it is. */
export function sdpBy(name: string): string {
  return `v=0\r\no=${name} 1 1 IN IP4 192.0.2.1\r\ns=-\r\n`;
}

export function candidateBy(name: string, n: number): IceCandidate {
  return {
    candidate: `candidate:${n} 1 udp ${n} 192.0.2.${n} 5000 typ host ufrag ${name} ${n}.`,
    sdpMid: '0',
    sdpMLineIndex: 0,
  };
}

export interface Talk {
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
}

/** @throws unless each side got the description of the other */
export async function talk(caller: Caller, callee: Caller): Promise<Talk> {
  const outgoing = await ring(caller, callee);
  const incoming = await callee.nextRing();
  const offer = await incoming.answer(sdpBy(callee.person.name));
  const answer = await outgoing.answered();
  if (offer !== sdpBy(caller.person.name) || answer !== sdpBy(callee.person.name))
    throw new Error(`${offer} was answered by ${answer}`);
  return { outgoing, incoming };
}

export function ring(caller: Caller, callee: Callee): Promise<Outgoing> {
  return caller.ring(callee, sdpBy(caller.person.name));
}
