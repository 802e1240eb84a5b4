// Listeners: each hears, one that throws stops no other, and who left hears no more.

import t from 'tap';

import { Listeners } from '../../../client/listeners.ts';

interface Events {
  readonly said: string;
  readonly done: undefined;
}

await t.test('each listener of an event hears it', async (t) => {
  const listeners = new Listeners<Events>();
  const heard: string[] = [];
  const listener = (text: string): void => void heard.push(text);
  const leave = listeners.on('said', listener);
  listeners.on('said', listener);
  listeners.on('done', () => heard.push('done'));
  listeners.emit('said', 'a');
  leave();
  leave();
  listeners.emit('said', 'b');
  t.strictSame(heard, ['a', 'a', 'b']);
});

await t.test('nobody listens', async () => {
  new Listeners<Events>().emit('done', undefined);
});

await t.test('who leaves while it is told, and who comes', async (t) => {
  const listeners = new Listeners<Events>();
  const heard: string[] = [];
  const leave = listeners.on('said', () => {
    heard.push('first');
    leave();
    listeners.on('said', () => heard.push('new'));
  });
  listeners.on('said', () => heard.push('second'));
  listeners.emit('said', 'a');
  t.strictSame(heard, ['first', 'second']);
});

await t.test('the error of a listener is told to the page, and the others hear all the same', async (t) => {
  const listeners = new Listeners<Events>();
  const heard: string[] = [];
  const thrown: (() => void)[] = [];
  t.intercept(globalThis, 'queueMicrotask', { value: (task: () => void) => void thrown.push(task) });
  listeners.on('said', () => {
    throw new Error('of the page');
  });
  listeners.on('said', (text) => heard.push(text));
  listeners.emit('said', 'a');
  t.strictSame(heard, ['a']);
  t.equal(thrown.length, 1);
  t.throws(() => thrown[0]?.(), { message: 'of the page' });
});
