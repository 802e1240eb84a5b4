// What recovery keeps, for whom, how much of it and for how long. The integration test has real clients.

import t from 'tap';

import { MAX_PENDING_FRAMES } from '../../../../src/protocol/limits.ts';
import { RECOVERY_ROOM, recoveryAdapter } from '../../../../src/signaling/transports/socket-io-recovery.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const GRACE_MS = 30_000;
const EVENT = 2;

function adapterWith(sessions = 10) {
  const clock = new TestClock();
  const encoded: { data: unknown[] }[] = [];
  const encoder = {
    encode(packet: { data: unknown[] }) {
      encoded.push(packet);
      return ['x'];
    },
  };
  const Adapter = recoveryAdapter({ clock, graceMs: GRACE_MS, sessions });
  const adapter = new Adapter({ name: '/', server: { encoder }, sockets: new Map() });
  const send = (id: string, payload: unknown): unknown[] => {
    adapter.broadcast({ type: EVENT, data: ['event', payload] }, { rooms: new Set([id]) });
    return encoded.at(-1)?.data ?? [];
  };
  const join = (id: string, ...more: string[]): unknown => adapter.addAll(id, new Set([id, ...more]));
  const leave = (id: string): void => {
    const rooms = [...(adapter.socketRooms(id) ?? [])];
    adapter.persistSession({ sid: id, pid: `pid-${id}`, rooms, data: { of: id } });
    adapter.delAll(id);
  };
  return { adapter, clock, send, join, leave };
}

await t.test('only who asked gets an offset behind the payload', async (t) => {
  const { send, join } = adapterWith();
  join('a', RECOVERY_ROOM);
  join('b');
  t.equal(send('a', 1).length, 3);
  t.same(send('b', 1), ['event', 1]);
});

await t.test('what came after the offset is given back, once', async (t) => {
  const { adapter, send, join, leave } = adapterWith();
  join('a', RECOVERY_ROOM);
  const offset = String(send('a', 1)[2]);
  const missed = [send('a', 2), send('a', 3)];
  leave('a');
  const session = await adapter.restoreSession('pid-a', offset);
  t.match(session, { sid: 'a', data: { of: 'a' }, missedPackets: missed });
  await t.rejects(adapter.restoreSession('pid-a', offset));
  join('a', RECOVERY_ROOM);
  leave('a');
  const again = await adapter.restoreSession('pid-a', offset);
  t.same(again.missedPackets, missed, 'what was lost on its second way, too');
});

await t.test('a session is not kept for who did not ask, nor beyond its grace', async (t) => {
  const { adapter, clock, send, join, leave } = adapterWith();
  join('b');
  send('b', 1);
  leave('b');
  await t.rejects(adapter.restoreSession('pid-b', '1'));
  join('a', RECOVERY_ROOM);
  const offset = String(send('a', 1)[2]);
  leave('a');
  clock.advance(GRACE_MS);
  await t.rejects(adapter.restoreSession('pid-a', offset));
});

await t.test('an offset that is no longer kept begins anew', async (t) => {
  const { adapter, send, join, leave } = adapterWith();
  join('a', RECOVERY_ROOM);
  const offset = String(send('a', 0)[2]);
  for (let i = 0; i < MAX_PENDING_FRAMES; i += 1) send('a', i);
  leave('a');
  await t.rejects(adapter.restoreSession('pid-a', offset));
});

await t.test('not more sessions are kept than may be; the oldest goes first', async (t) => {
  const { adapter, send, join, leave } = adapterWith(1);
  const offsets = ['a', 'b'].map((id) => {
    join(id, RECOVERY_ROOM);
    const offset = String(send(id, 1)[2]);
    leave(id);
    return offset;
  });
  await t.rejects(adapter.restoreSession('pid-a', offsets[0] ?? ''));
  t.match(await adapter.restoreSession('pid-b', offsets[1] ?? ''), { sid: 'b' });
});
