// A real HTTP receiver and a webhook that posts to it, with time in the test's hand. Asserts nothing itself.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';
import type { Test } from 'tap';

import type { CancelTimer } from '../../../src/clock.ts';
import type { CallId, RoomId, UserId } from '../../../src/matrix/ids.ts';
import type { CallNotice, CallNotifier } from '../../../src/push/push.ts';
import { createWebhook, type NoticeOutcome, type WebhookLimits } from '../../../src/push/webhook.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';

export const SECRET = 'c4n4ry-secret';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly body: string;
  readonly notice: CallNotice;
}

/** `hang` answers nothing at all, `half` breaks off behind its head. */
export type Reply = number | 'hang' | 'half' | 'reset';

/** Tells the pause before an attempt from the deadline of one, so that no test moves time too early. */
export class WatchedClock extends TestClock {
  readonly #delaysMs = new Map<symbol, number>();

  override after(delayMs: number, action: () => void): CancelTimer {
    const id = Symbol('timer');
    this.#delaysMs.set(id, delayMs);
    const cancel = super.after(delayMs, () => {
      this.#delaysMs.delete(id);
      action();
    });
    return () => {
      this.#delaysMs.delete(id);
      cancel();
    };
  }

  /** Resolves when there are timers, all of this length: nothing is under way but pauses. */
  async pausing(pauseMs: number): Promise<void> {
    await until(() => this.#delaysMs.size > 0 && [...this.#delaysMs.values()].every((ms) => ms === pauseMs));
  }
}

export interface Fixture extends CallNotifier {
  readonly clock: WatchedClock;
  readonly received: readonly Received[];
  readonly outcomes: readonly NoticeOutcome[];
  readonly logged: readonly string[];
}

export interface FixtureOptions {
  readonly reply?: (index: number) => Reply;
  readonly limits?: Partial<WebhookLimits>;
  readonly path?: string;
}

export async function fixture(
  t: Test,
  { reply = () => 204, limits, path = '/hook?a=b' }: FixtureOptions = {},
): Promise<Fixture> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { headers, method, url } = request;
      const body = Buffer.concat(pieces).toString();
      received.push({ headers, method, path: url, body, notice: JSON.parse(body) as CallNotice });
      answer(request, response, reply(received.length - 1));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = new WatchedClock();
  const outcomes: NoticeOutcome[] = [];
  const logged: string[] = [];
  const { port } = server.address() as AddressInfo;
  const webhook = createWebhook({
    url: `http://127.0.0.1:${port}${path}`,
    secret: SECRET,
    clock,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    onOutcome: (outcome) => void outcomes.push(outcome),
    ...(limits === undefined ? {} : { limits }),
  });
  t.teardown(async () => {
    const stopped = webhook.stop(0);
    clock.advance(0);
    await stopped;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { ...webhook, clock, received, outcomes, logged };
}

function answer(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply === 'reset') request.socket.destroy();
  else if (reply === 'half') {
    response.writeHead(200, { 'content-length': '5' }).write('ab', () => request.socket.destroy());
  } else if (typeof reply === 'number') response.writeHead(reply, { location: '/elsewhere' }).end('ignored');
}

/** A ring of the call with this number. */
export function notice(call: number, more: Partial<CallNotice> = {}): CallNotice {
  return {
    type: 'ring',
    callId: call.toString(16).padStart(32, '0') as CallId,
    roomId: '!room:example.org' as RoomId,
    callType: 'video',
    initiatorId: '@alice:example.org' as UserId,
    userIds: ['@bob:example.org' as UserId],
    at: 1_700_000_000_000,
    ...more,
  };
}
