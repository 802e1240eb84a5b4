// What plain HTTP is answered where TLS is spoken: 308 to the same resource by https. Only to names that we have a
// certificate for, so that nobody is sent anywhere else by what stands in a Host.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../clock.ts';
import { errorAnswer, type Answer } from './errors.ts';
import { exchangeOf, noteError } from './exchange.ts';
import { sendAnswer } from './send.ts';

export interface RedirectParts {
  /** Whether a name or address is ours. */
  readonly isOurs: (host: string) => boolean;
  /** Where TLS is spoken, as clients see it. */
  readonly httpsPort: () => number;
  readonly clock: Clock;
}

/** @returns a handler for the front door's own requests */
export function createRedirect({ isOurs, httpsPort, clock }: RedirectParts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { head, client, outcome } = exchangeOf(request);
    outcome.route = 'redirect';
    const location = redirectTarget({
      host: client.host,
      target: head.target,
      httpsPort: httpsPort(),
      isOurs,
    });
    if (location === undefined) {
      noteError(outcome, 'ROUTE_NOT_FOUND');
      const { method, path } = head;
      sendAnswer(request, response, errorAnswer('ROUTE_NOT_FOUND', { method, path, isMatrix: false }), clock);
      return;
    }
    sendAnswer(request, response, redirectAnswer(location), clock);
  };
}

export interface RedirectedRequest {
  /** Host and port as the client used them. */
  readonly host: string;
  /** In origin form, or `*`. */
  readonly target: string;
  readonly httpsPort: number;
  readonly isOurs: (host: string) => boolean;
}

/** The URL to ask instead; undefined where there is none. */
export function redirectTarget({ host, target, httpsPort, isOurs }: RedirectedRequest): string | undefined {
  const name = /^(.*?)(?::[0-9]*)?$/.exec(host)?.[1] ?? '';
  const bare = name.startsWith('[') ? name.slice(1, -1) : name;
  if (!target.startsWith('/') || !isOurs(bare)) return undefined;
  return `https://${name}${httpsPort === 443 ? '' : `:${httpsPort}`}${target}`;
}

function redirectAnswer(location: string): Answer {
  return { status: 308, headers: ['Location', location], body: Buffer.alloc(0), closes: true };
}
