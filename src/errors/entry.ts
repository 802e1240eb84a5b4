// What one entry of the error registry says (errors.ts). Types only.

/**
 * Whose fault an exchange's end is, judged before it is counted:
 * `client` asked wrongly or left, `refused` is a limit or rule of ours, `upstream` failed, `gateway` is our own defect.
 */
export type Blame = 'client' | 'refused' | 'upstream' | 'gateway';

export interface ErrorEntry {
  readonly status: number;
  /** The Matrix `errcode` used under `/_matrix` and `/_synapse`. */
  readonly errcode: string;
  /** The text for the client; never an inner message. */
  readonly text: string;
  readonly blame: Blame;
  /** Seconds for `Retry-After`; absent when trying again cannot help. */
  readonly retryAfterSeconds?: number;
  /** The connection cannot be used further: what follows on it may not be what the client meant. */
  readonly closes?: true;
  /** The close code of a WebSocket that ends for this; absent for what only requests can be told. */
  readonly closeCode?: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
