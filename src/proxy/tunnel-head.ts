// The heads of an upgrade: what the upstream of a tunnel is asked, and what the client is told.
// Pure, on heads and raw header lists alone. What is sent after the heads are frames nobody here reads.

import type { Client } from '../http/client.ts';
import type { RequestHead } from '../http/head.ts';
import { responseHeaders } from './headers.ts';
import { serviceHead, type OutgoingHead, type ServicePath } from './service-path.ts';

/** The head of an ordinary request with the offer to upgrade, which as a hop-by-hop field was the client's to us. */
export function upgradeHead(
  tunnel: ServicePath,
  head: RequestHead,
  client: Client,
  requestId: string,
): OutgoingHead {
  const { target, headers } = serviceHead(tunnel, head, client, requestId);
  return { target, headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'] };
}

export interface IncomingHead {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
}

/** The upstream's 101 for the client, as bytes. */
export function switchingHead(answer: IncomingHead): Buffer {
  return headBytes(answer, ['Connection', 'Upgrade', 'Upgrade', 'websocket']);
}

/**
 * Any other answer of the upstream for the client, as bytes. Its body follows without chunks, and the end of the
 * connection is its end.
 */
export function closingHead(answer: IncomingHead): Buffer {
  return headBytes(answer, ['Connection', 'close']);
}

function headBytes({ status, reason, rawHeaders }: IncomingHead, ours: readonly string[]): Buffer {
  const fields = [...responseHeaders(rawHeaders), ...ours];
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
