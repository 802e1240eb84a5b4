// The header fields of one connection's requests: a client that keeps its connection sends the same ones again and again,
// and what follows from them is then known. It remembers the last ones only.

import type { Peer } from '../http/client.ts';
import type { Intake, KnownFields } from '../http/intake.ts';
import { readPlainFields, type PlainHead } from './request-head.ts';
import { forwardedFieldLines } from './write-heads.ts';

export interface ConnectionFields extends KnownFields {
  /** The lines that Synapse gets of them. */
  readonly forwardedLines: string;
}

export class FieldsMemory {
  readonly #intake: Intake;
  readonly #peer: Peer;
  #lines = '';
  #known: ConnectionFields | undefined;

  constructor(intake: Intake, peer: Peer) {
    this.#intake = intake;
    this.#peer = peer;
  }

  /** @returns undefined for fields that the HTTP server has to look at */
  read({ text, fieldsAt, fieldsEnd }: PlainHead): ConnectionFields | undefined {
    // Cut out first: `startsWith` would compare in place, but letter by letter.
    const fieldLines = text.slice(fieldsAt, fieldsEnd);
    if (fieldLines === this.#lines && this.#known !== undefined) return this.#known;
    const rawHeaders = readPlainFields(fieldLines);
    const read = rawHeaders && this.#intake.readFields(rawHeaders, this.#peer);
    if (read === undefined) return undefined;
    const { fields, client } = read;
    this.#known = { fields, client, forwardedLines: forwardedFieldLines(fields, client) };
    this.#lines = fieldLines;
    return this.#known;
  }

  /** Of a connection that is busy for long. */
  forget(): void {
    this.#known = undefined;
    this.#lines = '';
  }
}
