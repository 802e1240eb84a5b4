// What is kept of a request that Synapse holds for long. A text cut out of another keeps that whole: here the head of a
// request for the sake of its target, times the number of everybody's clients. Pure.

import type { Passage } from '../http/exchange.ts';

const NO_FIELDS: readonly string[] = [];

/** The same for whoever decides about its end or writes it down; its header fields are gone. */
export function lastingPassage({ head, client, ...passage }: Passage): Passage {
  const target = detached(head.target);
  const { length } = head.path;
  const host = detached(client.host);
  return {
    ...passage,
    head: {
      ...head,
      method: detached(head.method),
      target,
      path: target.slice(0, length),
      query: head.query === undefined ? undefined : target.slice(length + 1),
      host,
      rawHeaders: NO_FIELDS,
    },
    requestId: detached(passage.requestId),
    client: {
      ...client,
      host,
      address: detached(client.address),
      requestId: client.requestId === undefined ? undefined : detached(client.requestId),
    },
  };
}

function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
