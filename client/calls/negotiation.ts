// Decisions of perfect negotiation (WebRTC 1.0, section 10.7), without any connection: who gives way, which offer is
// passed over, and when the other side has begun anew.

/**
 * Both sides compute it alike: who called is impolite to everybody; of two others, the one with the greater user id is
 * polite. Whoever is polite takes its own offer back when two meet.
 */
export function isPolite(ownId: string, otherId: string, callerId: string): boolean {
  if (ownId === callerId) return false;
  return otherId === callerId || ownId > otherId;
}

export interface OwnSide {
  readonly isPolite: boolean;
  /** An own offer is being made. */
  readonly isOffering: boolean;
  readonly signalingState: RTCSignalingState;
}

/** An offer that meets an own one is passed over by the side that does not give way. */
export function mustIgnoreOffer({ isPolite: givesWay, isOffering, signalingState }: OwnSide): boolean {
  return !givesWay && (isOffering || signalingState !== 'stable');
}

/**
 * Whether a description comes from another connection than the one before: the session id of the `o=` line (RFC 8829,
 * section 5.2.1) stays as long as the connection of its sender does. No connection can go on with a stranger's.
 */
export function isOfNewConnection(before: string | undefined, now: string): boolean {
  const known = sessionIdOf(before ?? '');
  const offered = sessionIdOf(now);
  return known !== undefined && offered !== undefined && known !== offered;
}

function sessionIdOf(sdp: string): string | undefined {
  return /^o=\S+ (\S+) /m.exec(sdp)?.[1];
}
