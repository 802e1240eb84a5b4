// The memory in which an answer stands on its way to the client: it is shared by all, and by no two at a time.

import t from 'tap';

import { READ_BYTES } from '../../../src/http/accepted-socket.ts';
import { CopyBuffers } from '../../../src/splice/copy-buffers.ts';
import { answer } from './exchanges.ts';
import { started } from './started-forwarding.ts';

await t.test('what a client has not taken yet stays as it is, whoever is answered meanwhile', async (t) => {
  for (const isTls of [false, true]) {
    const copies = new CopyBuffers();
    const answered = async (body: string, stalls: boolean): Promise<ReturnType<typeof started>> => {
      const exchange = started({}, copies);
      exchange.client.isTls = isTls;
      if (stalls) exchange.client.stall();
      exchange.start();
      await (await exchange.open()).arrive(answer(body));
      return exchange;
    };
    const slow = await answered('slow', true);
    const others = [await answered('fast', false), await answered('next', false)];
    const [bytes] = slow.client.written;
    t.equal(bytes?.toString('latin1'), slow.client.text);
    t.equal(copies.take().buffer === others[1]?.client.written[0]?.buffer, !isTls, 'the others took turns');
    slow.client.readOn();
    slow.forwarding.clientDrained();
    t.same(slow.client.told, ['tell when sent', 'finished']);
    t.equal(copies.take().buffer === bytes?.buffer, !isTls, 'and it is used again once it was taken');
  }
});

await t.test('an answer longer than the memory for it goes on in as many pieces as it takes', async (t) => {
  const { client, open, start } = started();
  start();
  const socket = await open();
  const body = 'b'.repeat(3 * READ_BYTES);
  await socket.arrive(answer(body));
  t.ok(client.text === answer(body), 'nothing is lost or doubled');
  t.ok(client.written.every(({ length }) => length <= READ_BYTES));
});

await t.test(
  'an answer that trickles to a client that does not read takes little more than its own length',
  async (t) => {
    const { client, open, start } = started();
    client.hasSentAll = false;
    start();
    const socket = await open();
    const whole = answer('b'.repeat(100));
    for (const byte of whole) await socket.arrive(byte);
    t.equal(client.text, whole);
    t.ok(client.written.length > 100, 'each piece is passed on as it comes');
    const taken = new Set(client.written.map(({ buffer }) => buffer));
    t.ok(taken.size <= 2, `${taken.size} stretches of memory`);
  },
);
