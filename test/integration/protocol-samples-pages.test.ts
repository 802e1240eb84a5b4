// The sample sessions of docs/protocol/profile.md and room.md are true: each page sends its frames as they stand there,
// over a socket of its own, and gets exactly those that stand there. Times and ids differ, and nothing else.

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import type { PageStep, PageStory, Who } from '../../docs/generate/protocol-page-story.ts';
import { PROFILE_STORIES } from '../../docs/generate/protocol-profile-story.ts';
import { ROOM_STORIES } from '../../docs/generate/protocol-room-story.ts';
import { PAGE_SAMPLE } from '../../src/protocol/catalogue-page.ts';
import { startGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

t.setTimeout(60_000);

/** No homeserver is asked for anything here. */
const NOWHERE = 'http://127.0.0.1:9';

/** What differs each time: the value of the sample stands for any of this form. */
const DIFFERS: readonly { readonly sample: string; readonly form: RegExp }[] = [
  { sample: PAGE_SAMPLE.timestamp, form: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
  { sample: PAGE_SAMPLE.messageId, form: /^[0-9a-f]{32}$/ },
  { sample: PAGE_SAMPLE.callId, form: /^[0-9a-f]{32}$/ },
];

class Page {
  readonly socket: WebSocket;
  readonly #frames: unknown[] = [];
  #pongs = 0;
  #taken = 0;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer) => void this.#frames.push(JSON.parse(data.toString())));
    this.socket.on('pong', () => (this.#pongs += 1));
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  async next(what: string): Promise<unknown> {
    await until(() => this.#frames.length > this.#taken).catch((cause: unknown) => {
      throw new Error(`this did not come: ${what}`, { cause });
    });
    this.#taken += 1;
    return this.#frames[this.#taken - 1];
  }

  /** Until what it has sent is read: sockets race, and the next step may be another's. */
  async settled(): Promise<void> {
    const before = this.#pongs;
    this.socket.ping();
    await until(() => this.#pongs > before);
  }

  get rest(): readonly unknown[] {
    return this.#frames.slice(this.#taken);
  }
}

async function play(t: Test, { steps, relaysUnknown = false }: PageStory): Promise<void> {
  const { url } = await startGateway(t, {
    synapse: { url: NOWHERE },
    signaling: {
      profile: { enabled: true, auth: 'claimed', relay_unknown: relaysUnknown },
      room: { enabled: true, rooms: 'open' },
    },
  });
  const pages = new Map<Who, Page>();
  t.teardown(() => {
    for (const { socket } of pages.values()) socket.terminate();
  });
  for (const step of steps) await take(t, step, pages, url.replace(/^http/, 'ws'));
  for (const [who, page] of pages) {
    if (page.socket.readyState === WebSocket.OPEN) await page.settled();
    t.strictSame(page.rest, [], `${who} got nothing else`);
  }
}

async function take(t: Test, step: PageStep, pages: Map<Who, Page>, url: string): Promise<void> {
  const { who } = step;
  if (step.does === 'connects') {
    const page = new Page(url + step.path);
    pages.set(who, page);
    await page.opened();
    return;
  }
  const page = pages.get(who);
  if (page === undefined) throw new Error(`${who} has not connected`);
  switch (step.does) {
    case 'sends':
      page.socket.send(JSON.stringify(step.frame));
      await page.settled();
      return;
    case 'is told': {
      const actual = await page.next(`${who} ← ${JSON.stringify(step.frame)}`);
      t.strictSame(asSample(actual, step.frame), step.frame, `${who} ← ${String(step.frame['type'])}`);
      return;
    }
    case 'closes':
      page.socket.close();
      return;
    default:
      step satisfies never;
  }
}

/** The frame, with the values of the sample in place of what may differ. */
function asSample(actual: unknown, sample: unknown): unknown {
  const differing = DIFFERS.find((one) => one.sample === sample);
  if (differing !== undefined)
    return typeof actual === 'string' && differing.form.test(actual) ? sample : actual;
  if (Array.isArray(actual)) {
    const items: readonly unknown[] = Array.isArray(sample) ? sample : [];
    return actual.map((item, index) => asSample(item, items[index]));
  }
  if (typeof actual !== 'object' || actual === null) return actual;
  const members: Readonly<Record<string, unknown>> = isMembers(sample) ? sample : {};
  return Object.fromEntries(
    Object.entries(actual).map(([name, value]) => [name, asSample(value, members[name])]),
  );
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

for (const [dialect, stories] of [
  ['profile', PROFILE_STORIES],
  ['room', ROOM_STORIES],
] as const) {
  for (const story of stories) await t.test(`${dialect}: ${story.title}`, (t) => play(t, story));
}
