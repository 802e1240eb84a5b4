// How a web page's socket comes in: its handshake is completed only when it is known whether the page is let in, and a
// refusal is told by a close frame. A refused upgrade shows browsers no more than 1006, and their pages try for ever.

import { errorEntry, type ErrorCode } from '../../errors.ts';
import type { Upgrade } from '../../http/upgrade.ts';
import { CLOSE_CODES } from '../../protocol/close-codes.ts';
import type { SignalSocket } from '../transport.ts';
import type { WebSocketTransport } from '../transports/websocket.ts';

/** What is to be done with the socket; `open` has to call listen() at once. */
export type Verdict =
  { readonly open: (socket: SignalSocket<string, string>) => void } | { readonly refused: ErrorCode };

export interface PageDoorParts {
  readonly webSockets: Pick<WebSocketTransport, 'accept'>;
  readonly onFailed: (error: unknown) => void;
}

/** @param judge decides whether the page is let in; a failure closes the socket with GATEWAY_FAILED */
export function admitPage(parts: PageDoorParts, upgrade: Upgrade, judge: () => Promise<Verdict>): void {
  void admit(parts, upgrade, judge);
}

async function admit(parts: PageDoorParts, upgrade: Upgrade, judge: () => Promise<Verdict>): Promise<void> {
  const verdict = await decide(parts, judge);
  // Gone while it was judged.
  if (upgrade.socket.destroyed) return;
  parts.webSockets.accept(upgrade, (socket) => {
    if ('open' in verdict) verdict.open(socket);
    else refuse(socket, verdict.refused);
  });
}

async function decide(parts: PageDoorParts, judge: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await judge();
  } catch (error) {
    parts.onFailed(error);
    return { refused: 'GATEWAY_FAILED' };
  }
}

function refuse(socket: SignalSocket<string, string>, code: ErrorCode): void {
  socket.listen({ frame: () => undefined, closed: () => undefined });
  const { closeCode = CLOSE_CODES.tryLater, text } = errorEntry(code);
  socket.close(closeCode, text);
}
