// The failure of the demo that its user can mend. Owns the one type whose message is printed as it stands.
// Any other error is a defect of ours and keeps its stack.

/** `message` says what went wrong and what to do about it, in plain sentences. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** The remedy that always works: a server that somebody else runs. */
export const USE_OWN_SYNAPSE = 'Or use a Synapse that already runs: add --synapse URL.';
