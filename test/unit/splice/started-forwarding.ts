// A request that is about to be passed on, for tests: its client, and a pool whose connections the test opens one by one.

import { CopyBuffers } from '../../../src/splice/copy-buffers.ts';
import { Forwarding } from '../../../src/splice/forwarding.ts';
import type { HeadParts } from '../../harness/heads.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { answer, askedFor, FakeClient, fakePool } from './exchanges.ts';
import type { FakeSocket } from './fake-socket.ts';

export const RESPONSE_TIMEOUT_MS = 60_000;
export const BODY_IDLE_MS = 20_000;

/** Gives bytes as a socket does whose buffer the next read fills again. */
function lent(body: string, take: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(body, 'latin1');
  take(bytes);
  bytes.fill(0);
}

/** A pool whose connections the test opens one by one, and a client. */
export function started(parts: HeadParts = {}, copies = new CopyBuffers()) {
  const clock = new TestClock();
  const { pool, openings } = fakePool(clock);
  const client = new FakeClient(clock);
  const limits = { responseTimeoutMs: RESPONSE_TIMEOUT_MS, bodyIdleTimeoutMs: BODY_IDLE_MS };
  const shared = { pool, clock, copies, ...limits };
  const asked = askedFor(parts);
  const forwarding = new Forwarding(asked, client, shared, undefined);
  const { outcome } = asked.passage;
  /** Opens the connection that is waited for. */
  const open = async (): Promise<FakeSocket> => {
    const opening = openings.shift();
    if (opening === undefined) throw new Error('no connection is waited for');
    return await opening.open();
  };
  /** Puts a connection that has served before into the pool. */
  const warm = async (): Promise<FakeSocket> => {
    const before = askedFor();
    const earlier = new FakeClient(clock);
    const first = new Forwarding(before, earlier, shared, undefined);
    first.start(Buffer.alloc(0));
    const socket = await open();
    await socket.arrive(answer('before'));
    socket.takeSent();
    return socket;
  };
  const start = (body = ''): void => lent(body, (bytes) => forwarding.start(bytes));
  const more = (body: string): void => lent(body, (bytes) => forwarding.bodyData(bytes));
  return { clock, pool, openings, client, asked, forwarding, outcome, open, warm, start, more };
}
