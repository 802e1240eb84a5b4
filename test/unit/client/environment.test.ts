// The environment of a browser, with the few globals of one put in place, and that of Node.

import t from 'tap';

import { browserEnvironment, type NetworkSign } from '../../../client/environment.ts';

class FakeWebSocket extends EventTarget {
  static last: FakeWebSocket | undefined;
  readonly url: string;
  readonly sent: string[] = [];
  isClosed = false;

  constructor(url: string) {
    super();
    this.url = url;
    FakeWebSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  tell(name: string, members: Readonly<Record<string, unknown>> = {}): void {
    this.dispatchEvent(Object.assign(new Event(name), members));
  }
}

await t.test('time goes on, and timers can be taken back', async (t) => {
  const environment = browserEnvironment();
  const startedAt = environment.now();
  t.ok(startedAt > Date.parse('2026-01-01'));
  environment.after(0, () => t.fail('it was taken back'))();
  await new Promise<void>((resolve) => void environment.after(0, resolve));
  t.ok(environment.now() >= startedAt);
  const chance = environment.random();
  t.ok(chance >= 0 && chance < 1);
});

await t.test('a WebSocket', async (t) => {
  t.intercept(globalThis, 'WebSocket', { value: FakeWebSocket });
  const heard: unknown[] = [];
  const socket = browserEnvironment().openSocket('wss://example.org/', {
    opened: () => heard.push('opened'),
    received: (text) => heard.push(text),
    closed: (code, reason) => heard.push([code, reason]),
  });
  const { last } = FakeWebSocket;
  t.equal(last?.url, 'wss://example.org/');
  last?.tell('open');
  last?.tell('message', { data: 'text' });
  last?.tell('message', { data: new ArrayBuffer(1) });
  last?.tell('close', { code: 1012, reason: 'restart' });
  t.strictSame(heard, ['opened', 'text', [1012, 'restart']]);
  socket.send('frame');
  t.strictSame(last?.sent, ['frame']);
  socket.close();
  t.equal(last?.isClosed, true);
  last?.tell('message', { data: 'late' });
  last?.tell('close', { code: 1000, reason: '' });
  t.equal(heard.length, 3);
});

await t.test('HTTP is that of the platform', async (t) => {
  const asked: unknown[] = [];
  t.intercept(globalThis, 'fetch', {
    value: (...question: unknown[]) => {
      asked.push(question);
      return Promise.resolve('answer');
    },
  });
  t.equal(await browserEnvironment().fetch('https://example.org/', { method: 'GET' }), 'answer');
  t.strictSame(asked, [['https://example.org/', { method: 'GET' }]]);
});

await t.test('Node does not say whether there is a network', async (t) => {
  const environment = browserEnvironment();
  t.equal(environment.isOnline(), true);
  environment.onNetworkSign(() => t.fail('nobody tells'))();
});

await t.test('signs of the network in a browser', async (t) => {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  t.intercept(globalThis, 'document', { value: document });
  t.intercept(globalThis, 'addEventListener', { value: page.addEventListener.bind(page) });
  t.intercept(globalThis, 'navigator', { value: { onLine: false } });
  const environment = browserEnvironment();
  t.equal(environment.isOnline(), false);
  const signs: NetworkSign[] = [];
  const ignore = environment.onNetworkSign((sign) => signs.push(sign));
  const tell = (): void => {
    page.dispatchEvent(new Event('offline'));
    page.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
  };
  tell();
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  t.strictSame(signs, ['offline', 'online', 'visible']);
  ignore();
  tell();
  t.equal(signs.length, 3);
});
