// Server-sent events: one state for all listeners, no timer without any, and nothing that grows for one that does not read.

import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';

import t from 'tap';

import { EventStream } from '../../../src/observe/event-stream.ts';
import { TestClock } from '../../harness/test-clock.ts';

/** What the stream uses of a response, without a network. */
class Listener extends EventEmitter {
  readonly written: string[] = [];
  head: unknown;
  writableLength = 0;
  writableEnded = false;
  destroyed = false;

  writeHead(status: number, headers: object): void {
    this.head = { status, ...headers };
  }

  write(text: string): void {
    this.written.push(text);
  }

  end(): void {
    this.writableEnded = true;
    this.emit('close');
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  get events(): readonly string[] {
    return this.written.filter((text) => text.startsWith('event: state\n'));
  }
}

function rig() {
  const clock = new TestClock();
  const failures: unknown[] = [];
  const made = { count: 0, fails: false };
  const stream = new EventStream({
    async state() {
      made.count += 1;
      if (made.fails) throw new Error('defect');
      return { n: made.count };
    },
    clock,
    onFailed: (error) => void failures.push(error),
  });
  return {
    clock,
    failures,
    made,
    stream,
    listen: async (): Promise<Listener> => {
      const listener = new Listener();
      stream.add(listener as unknown as ServerResponse);
      await setImmediate();
      return listener;
    },
    pass: async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 2_000) {
        clock.advance(2_000);
        await setImmediate();
      }
    },
  };
}

await t.test('a listener gets the state at once, and every two seconds', async (t) => {
  const { listen, pass, clock } = rig();
  const one = await listen();
  t.match(one.head, { status: 200, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  t.strictSame(one.written, ['retry: 2000\n\n', 'event: state\ndata: {"n":1}\n\n']);
  await pass(6_000);
  t.equal(one.events.length, 4);
  t.equal(clock.pending, 1);
});

await t.test('the state is made once for all who listen, and for nobody when nobody does', async (t) => {
  const { listen, pass, made, clock } = rig();
  const [one, two] = [await listen(), await listen()];
  await pass(2_000);
  t.equal(made.count, 3, 'at each beginning, and then once');
  t.strictSame(one.events.at(-1), two.events.at(-1));
  one.destroy();
  two.destroy();
  t.equal(clock.pending, 0, 'no timer is left');
  await pass(10_000);
  t.equal(made.count, 3);
  const three = await listen();
  await pass(2_000);
  t.equal(three.events.length, 2, 'it begins again');
});

await t.test('eight can listen', async (t) => {
  const { listen, stream } = rig();
  const listeners = [];
  for (let n = 0; n < 8; n += 1) {
    t.notOk(stream.isFull);
    listeners.push(await listen());
  }
  t.ok(stream.isFull);
  listeners[3]?.destroy();
  t.notOk(stream.isFull);
});

await t.test('nothing waits for a listener that does not read, and in the end it is cut off', async (t) => {
  const { listen, pass } = rig();
  const slow = await listen();
  const quick = await listen();
  slow.writableLength = 5_000;
  await pass(20_000);
  t.equal(slow.events.length, 1);
  slow.writableLength = 0;
  await pass(2_000);
  t.equal(slow.events.length, 2, 'when it has read it gets the next state');
  slow.writableLength = 1;
  await pass(30_000);
  t.notOk(slow.destroyed);
  await pass(2_000);
  t.ok(slow.destroyed);
  t.equal(quick.events.length, 28, 'the other gets all of them');
});

await t.test('a failure ends no stream', async (t) => {
  const { listen, pass, made, failures } = rig();
  const one = await listen();
  made.fails = true;
  await pass(4_000);
  t.equal(failures.length, 2);
  t.strictSame(one.written.slice(-2), [':\n\n', ':\n\n'], 'it shows that it is still there');
  made.fails = false;
  await pass(2_000);
  t.equal(one.events.length, 2);
});

await t.test('a stop ends every stream, and leaves no timer', async (t) => {
  const { listen, stream, clock } = rig();
  const one = await listen();
  stream.stop();
  t.ok(one.writableEnded);
  t.equal(clock.pending, 0);
});
