// What is remembered of the session with the server: by what it is resumed, and which messages of it have come.
// It outlives the sockets. Pure but for what it remembers.

import { textOf } from '../members.ts';
import type { ServerMessage } from '../signaling.ts';
import type { Resume } from './frames.ts';

export class SessionMemory {
  #sessionId: string | undefined;
  #resumeToken = '';
  #seq = 0;

  /** For the next `register-user`; undefined before there was a session. */
  get resume(): Resume | undefined {
    return this.#sessionId === undefined ? undefined : { token: this.#resumeToken, seq: this.#seq };
  }

  /** Takes the answer `registered`. @returns whether there was another session before, and what it knew is lost */
  registered({ sessionId, resumeToken }: ServerMessage): boolean {
    const before = this.#sessionId;
    this.#sessionId = textOf(sessionId);
    this.#resumeToken = textOf(resumeToken);
    if (before === this.#sessionId) return false;
    this.#seq = 0;
    return before !== undefined;
  }

  /** Notes a message by its number. @returns false for one that has come before: a replay and a new one can cross */
  isNews({ seq }: ServerMessage): boolean {
    if (typeof seq !== 'number') return true;
    if (seq <= this.#seq) return false;
    this.#seq = seq;
    return true;
  }
}
