// The state of a call, derived from its connections. Pure.

import type { CallState, Participant } from '../portico.ts';

export type LinkState = Participant['connection'];

export function stateOf(isEnded: boolean, isAnswered: boolean, links: readonly LinkState[]): CallState {
  if (isEnded) return 'ended';
  if (!isAnswered) return 'ringing';
  if (links.includes('connected')) return 'active';
  return links.includes('reconnecting') ? 'reconnecting' : 'connecting';
}
