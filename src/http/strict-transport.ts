// Strict-Transport-Security (RFC 6797) on every answer of a server, once, whoever writes the answer and whatever Synapse
// says of it. It decides no value, and on which servers it stands is listeners.ts's.

import {
  ServerResponse,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

const NAME = 'Strict-Transport-Security';

/** @returns the class of responses for the server's options */
export function strictTransportResponse(value: string): typeof ServerResponse {
  return class<R extends IncomingMessage> extends ServerResponse<R> {
    // Not by setHeader() where a raw list follows: Node would put together what stands apart in it, and respell names.
    override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
      const given = typeof reason === 'string' ? headers : reason;
      const text = typeof reason === 'string' ? [reason] : [];
      if (Array.isArray(given)) return this.#write(status, text, [...without(given), NAME, value]);
      return this.#write(status, text, { ...given, [NAME]: value });
    }

    #write(status: number, [reason]: readonly string[], headers: Headers): this {
      return reason === undefined
        ? super.writeHead(status, headers)
        : super.writeHead(status, reason, headers);
    }
  };
}

/** A raw list without the field, in any spelling. */
function without(list: readonly OutgoingHttpHeader[]): OutgoingHttpHeader[] {
  return list.filter((_, i) => String(list[i - (i % 2)]).toLowerCase() !== NAME.toLowerCase());
}
