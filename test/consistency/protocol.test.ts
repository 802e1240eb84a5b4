// The catalogue of the protocol, from which docs/protocol/ is made, says what the code does: names, members, who gets
// what, and which numbers stand in the pages.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import t from 'tap';

import { ERRORS, errorEntry, type ErrorCode } from '../../src/errors.ts';
import type { Entry, Member } from '../../src/protocol/catalogue-entry.ts';
import { MESSAGES } from '../../src/protocol/catalogue-messages.ts';
import { ANSWERS, CATALOGUE } from '../../src/protocol/catalogue.ts';
import { CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import { CAPABILITIES, type ServerMessage } from '../../src/protocol/messages.ts';
import { readRequest, REQUEST_NAMES } from '../../src/protocol/requests.ts';
import type { Channel } from '../../src/signaling/channel.ts';
import type { Registered, Reply } from '../../src/signaling/dialects/dialect.ts';
import { nativeDialect } from '../../src/signaling/dialects/native.ts';
import {
  BARE_MEMBERS,
  EVENT_NAMES,
  NEGOTIATION_NAMES,
  NEGOTIATION_REQUESTS,
  REQUEST_ALIASES,
} from '../../src/signaling/dialects/socket-io-names.ts';
import { socketIoDialect } from '../../src/signaling/dialects/socket-io.ts';
import { Session } from '../../src/signaling/session.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';
import { TestClock } from '../harness/test-clock.ts';

const { requests, messages } = CATALOGUE;

function page(name: string): string {
  const file = join(REPOSITORY_DIR, 'docs', 'protocol', name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function sorted(names: Iterable<string>): readonly string[] {
  return [...names].toSorted();
}

function namesOf(members: readonly Member[]): readonly string[] {
  return sorted(members.map(({ name }) => name));
}

/** The example of a message, whose identifiers are what the parsers would have made of them. */
function messageOf({ name, example }: Pick<Entry, 'name' | 'example'>): ServerMessage {
  return { type: name, ...example } as unknown as ServerMessage;
}

function parsed(frame: string | undefined): Record<string, unknown> {
  return JSON.parse(frame ?? '{}') as Record<string, unknown>;
}

function without(example: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(example).filter(([member]) => member !== name));
}

await t.test('the catalogue has every request that is taken, and no other', async (t) => {
  t.strictSame(sorted(requests.map(({ name }) => name)), sorted(REQUEST_NAMES));
});

await t.test('an example has each documented member, and no other', async (t) => {
  for (const { name, members, example } of [...requests, ...messages, ...ANSWERS])
    t.strictSame(sorted(Object.keys(example)), namesOf(members), name);
});

await t.test('a request is taken with its required members, and not without any of them', async (t) => {
  for (const { name, members, example } of requests) {
    const required = members.filter(({ isRequired }) => isRequired);
    const bare = Object.fromEntries(required.map((member) => [member.name, example[member.name]]));
    t.notOk('problem' in readRequest(name, bare), `${name} with nothing else`);
    t.notOk('problem' in readRequest(name, example), `${name} with everything`);
    for (const member of required)
      t.match(
        readRequest(name, without(example, member.name)),
        { problem: String },
        `${name} needs ${member.name}`,
      );
  }
});

await t.test('what a request may name beside is read: a wrong value of it makes a difference', async (t) => {
  for (const { name, members, example } of requests) {
    for (const member of members.filter(({ isRequired }) => !isRequired)) {
      const before = JSON.stringify(readRequest(name, example), withSets);
      const after = JSON.stringify(readRequest(name, without(example, member.name)), withSets);
      t.not(before, after, `${name}: ${member.name}`);
    }
  }
});

function withSets(_name: string, value: unknown): unknown {
  return value instanceof Set ? [...(value as ReadonlySet<unknown>)] : value;
}

await t.test('both dialects write each message with exactly the documented members', async (t) => {
  for (const [key, entry] of Object.entries(MESSAGES)) {
    const { name, members } = entry;
    t.equal(name, key);
    const native = parsed(nativeDialect.write(messageOf(entry), 7, nativeDialect.newMemory()));
    t.strictSame(
      sorted(Object.keys(native)),
      sorted([...namesOf(members), 'type', 'eventType', 'seq']),
      name,
    );
    t.match(native, { type: name, eventType: name.replaceAll('-', '_'), seq: 7 });
    const packet = socketIoDialect.write(messageOf(entry), undefined, socketIoDialect.newMemory());
    if (packet.kind !== 'event') throw new Error(`${name} is no event`);
    t.equal(packet.name, name);
    const beside = name === 'incoming-call' ? ['eventType'] : [];
    t.strictSame(sorted(Object.keys(packet.payload ?? {})), sorted([...namesOf(members), ...beside]), name);
  }
});

const REGISTERED = { kind: 'registered', ...answerOf('registered').example } as unknown as Registered & {
  readonly kind: 'registered';
};
const REPLIES: Readonly<Record<string, Reply>> = {
  registered: REGISTERED,
  ack: { kind: 'done', members: {} },
  pong: { kind: 'pong' },
  error: {
    kind: 'refused',
    code: 'CALL_GLARE',
    text: errorEntry('CALL_GLARE').text,
    members: { callId: answerOf('error').example['callId'] },
  },
};

function answerOf(name: string): Entry {
  const entry = ANSWERS.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${name} is not in the catalogue`);
  return entry;
}

await t.test('both dialects write each answer with exactly the documented members', async (t) => {
  t.strictSame(sorted(new Set(ANSWERS.map(({ name }) => name))), sorted(Object.keys(REPLIES)));
  for (const { name, members, dialects } of ANSWERS) {
    const reply = REPLIES[name];
    if (reply === undefined) throw new Error(name);
    if (dialects.includes('native')) {
      const frame = parsed(nativeDialect.reply(reply, 5, nativeDialect.newMemory()));
      t.strictSame(sorted(Object.keys(frame)), sorted([...namesOf(members), 'type', 'eventType']), name);
      t.equal(frame['type'], name);
    }
    if (dialects.includes('socketio')) {
      const packet = socketIoDialect.reply(reply, undefined, socketIoDialect.newMemory());
      if (packet?.kind !== 'event') throw new Error(`${name} is no event`);
      t.equal(packet.name, name);
      t.strictSame(sorted(Object.keys(packet.payload ?? {})), namesOf(members), name);
    }
  }
});

/** What a session with these capabilities is sent of all messages. */
function heardWith(caps: Session['caps']): readonly string[] {
  const heard: string[] = [];
  const channel: Channel = {
    dialect: 'native',
    registersFirst: true,
    isResumable: true,
    arrival: { clientAddress: '', isAddressUsable: false, origin: '', token: undefined },
    own: () => undefined,
    send: ({ type }) => heard.push(type) > 0,
    reply: () => undefined,
    probe: () => () => false,
    close: () => undefined,
  };
  const host = {
    clock: new TestClock(),
    handle: (): undefined => undefined,
    lost: () => undefined,
    attached: () => undefined,
    dismissed: () => undefined,
  };
  const session = new Session(host, channel, { id: '1', resumeToken: '2' });
  session.caps = caps;
  for (const entry of messages) session.tell(messageOf(entry));
  return heard;
}

await t.test('a capability brings the messages that name it, and nothing else', async (t) => {
  const always = messages.filter(({ capability }) => capability === undefined).map(({ name }) => name);
  t.strictSame(heardWith(new Set()), always);
  for (const capability of CAPABILITIES) {
    const more = messages.filter((entry) => entry.capability === capability).map(({ name }) => name);
    t.strictSame(
      heardWith(new Set([capability])).filter((name) => !always.some((other) => other === name)),
      more,
      capability,
    );
  }
});

await t.test('every close code is in the pages, and every error that closes with one', async (t) => {
  const documented = (name: string): readonly string[] =>
    sorted([...page(name).matchAll(/^\| (\d{4}) /gm)].map(([, code = '']) => code));
  const codes = sorted(Object.values(CLOSE_CODES).map(String));
  t.strictSame(documented('README.md'), codes);
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { closeCode } = errorEntry(code);
    if (closeCode === undefined) continue;
    t.ok(codes.includes(String(closeCode)), `${code}: ${closeCode} is a close code of ours`);
    t.match(page('README.md'), new RegExp(`^\\| ${closeCode} .*\`${code}\``, 'm'), code);
  }
});

await t.test('every alias and every other name of an event is in the page of Socket.IO', async (t) => {
  const text = page('socket-io.md');
  const names = [
    ...REQUEST_ALIASES.map(({ alias }) => alias),
    ...NEGOTIATION_NAMES.map(({ name }) => name),
    ...Object.values(EVENT_NAMES).flatMap((family) => Object.values(family)),
  ];
  for (const name of names) t.ok(text.includes(`\`${name}\``), name);
  for (const request of [
    ...REQUEST_ALIASES.map((alias) => alias.request),
    ...BARE_MEMBERS.keys(),
    ...Object.values(NEGOTIATION_REQUESTS),
  ])
    t.ok(REQUEST_NAMES.includes(request), `${request} is a request`);
});

/** The JSON of the blocks below the headings of a page. */
function shown(name: string): readonly unknown[] {
  return [...page(name).matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, text = '']) => JSON.parse(text) as unknown,
  );
}

await t.test('both pages show every message as its dialect writes it', async (t) => {
  for (const entry of messages) {
    const native = parsed(nativeDialect.write(messageOf(entry), 1, nativeDialect.newMemory()));
    t.ok(has(shown('native.md'), native), `native: ${entry.name}`);
    const packet = socketIoDialect.write(messageOf(entry), undefined, socketIoDialect.newMemory());
    if (packet.kind !== 'event') throw new Error(`${entry.name} is no event`);
    t.ok(has(shown('socket-io.md'), packet.payload), `Socket.IO: ${entry.name}`);
  }
});

function has(values: readonly unknown[], value: unknown): boolean {
  return values.some((one) => isDeepStrictEqual(one, value));
}
