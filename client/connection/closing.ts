// What the end of a connection means: whether to try again, when at the earliest, and what to say of it. Pure.
// The codes and what a client has to do about each are those of docs/protocol/README.md.

/** A code and a sentence in English. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** How a connection ended: by a close of the socket, or before there was one, or because nothing was heard any more. */
export type Ending =
  | { readonly fault: Fault }
  | {
      readonly fault?: undefined;
      readonly closeCode: number;
      readonly reason: string;
      /** What the server answered to `register-user`, if it refused it. */
      readonly refusal: Fault | undefined;
      readonly wasRegistered: boolean;
    };

export interface Outcome extends Fault {
  /** `stop`: it would end the same way again. `new-token`: it would, with this token. */
  readonly next: 'retry' | 'new-token' | 'stop';
  readonly closeCode?: number;
  /** Nobody comes back earlier, */
  readonly atLeastMs?: number;
  /** and the first time after a random moment of at most this, in place of the usual pause. */
  readonly withinMs?: number;
}

// Those of src/protocol/close-codes.ts, to which a test holds them: the table itself is larger than all that is needed.
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;
const BAD_FRAME = 4002;
const IDENTITY_REFUSED = 4003;
const NOT_FOUND = 4004;
const RATE_EXCEEDED = 4008;
const REPLACED = 4009;

/** Every client of a server that restarts hears so in the same moment; so long is what docs/protocol/README.md asks for. */
const RESTART_WITHIN_MS = 2_000;
const BUSY_FOR_MS = 5_000;

export function outcomeOf(ending: Ending): Outcome {
  if (ending.fault !== undefined) {
    const { code, message } = ending.fault;
    return { next: 'retry', code, message };
  }
  const { closeCode, reason, refusal, wasRegistered } = ending;
  const said = refusal?.message ?? reason;
  const message = said || 'The connection was closed.';
  const outcome = (next: Outcome['next'], code: string, more?: Partial<Outcome>): Outcome => ({
    next,
    code,
    message,
    closeCode,
    ...more,
  });
  switch (closeCode) {
    case IDENTITY_REFUSED:
      // A token that was revoked while the connection stood is closed without an answer.
      return outcome('new-token', refusal?.code ?? 'IDENTITY_UNKNOWN_TOKEN');
    case REPLACED:
      return outcome('stop', 'REPLACED');
    case SERVICE_RESTART:
      return outcome('retry', 'SERVER_RESTARTS', { withinMs: RESTART_WITHIN_MS });
    case TRY_AGAIN_LATER:
    case RATE_EXCEEDED:
      return outcome('retry', 'SERVER_BUSY', { atLeastMs: BUSY_FOR_MS });
    case BAD_FRAME:
    case NOT_FOUND:
      return outcome('stop', 'CLOSED_FOR_GOOD');
    default:
  }
  if (wasRegistered) return outcome('retry', 'SOCKET_LOST');
  // A browser does not say which of the two it was.
  const failed = 'The server is out of reach, or refuses this origin.';
  return outcome('retry', 'SOCKET_FAILED', { message: said || failed });
}
