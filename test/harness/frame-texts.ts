// Frames as a hostile client may send them: by the grammar of the dialects with real and false names in every place, and
// mutated after that. Generators only; it sends nothing.

import * as fc from 'fast-check';

import { REQUEST_NAMES } from '../../src/protocol/requests.ts';
import { NEGOTIATION_NAMES, REQUEST_ALIASES } from '../../src/signaling/dialects/socket-io-names.ts';

export interface RealNames {
  readonly callIds: readonly string[];
  readonly userIds: readonly string[];
  readonly roomIds: readonly string[];
}

export interface FrameTexts {
  /** Text frames of the native dialect. */
  readonly native: fc.Arbitrary<string>;
  /** Engine.IO packets with Socket.IO packets in them. */
  readonly socketIo: fc.Arbitrary<string>;
}

const BAD_NUMBERS = [-1, 0, 1.5, 2 ** 53, -(2 ** 53), 1e308];
const BAD_TEXTS = ['', ' ', '\u0000', '__proto__', 'constructor', '\ud800', 'a'.repeat(5_000), '💥'];

export function frameTexts({ callIds, userIds, roomIds }: RealNames): FrameTexts {
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(...BAD_NUMBERS, ...BAD_TEXTS),
    fc.constant(nested(100)),
  );
  const mostly = (values: readonly unknown[]): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: junk });
  const description = fc.record(
    {
      type: mostly(['offer', 'answer', 'pranswer', 'rollback']),
      sdp: mostly(['v=0\r\n', 'v=0', 'v=1', 'v=0'.padEnd(20_000, 'x')]),
    },
    { requiredKeys: [] },
  );
  const candidate = fc.oneof(
    fc.constant(null),
    fc.record({ candidate: fc.string(), sdpMid: junk, sdpMLineIndex: junk }, { requiredKeys: [] }),
    junk,
  );
  const members = fc.record(
    {
      callId: mostly([...callIds, '0'.repeat(32), 'f'.repeat(32)]),
      roomId: mostly([...roomIds, '!nothing:localhost']),
      userId: mostly([...userIds, '@nobody:localhost', 'alice']),
      // Few, for each new one costs a question to the homeserver.
      accessToken: fc.constantFrom('', 'syt_false', 'syt_other', 'null'),
      deviceId: mostly(['DEVICE', '']),
      targetUserId: mostly([...userIds, 'all']),
      from: mostly(userIds),
      callType: mostly(['voice', 'video']),
      invitees: mostly([[], userIds, Array.from({ length: 60 }, () => '@a:b')]),
      idempotencyKey: mostly(['key']),
      offer: fc.oneof(description, junk),
      answer: fc.oneof(description, junk),
      candidate,
      enabled: mostly([true, false]),
      caps: mostly([['call-ringing', 'recovery'], []]),
      resume: fc.oneof(fc.record({ token: mostly(['0'.repeat(32)]), seq: junk }), junk),
      id: fc.oneof(fc.integer(), fc.string(), junk),
      // As text, for in a literal it would be no member.
      ['__proto__']: junk,
    },
    { requiredKeys: [] },
  );
  const names = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...REQUEST_NAMES) },
    { weight: 4, arbitrary: fc.constantFrom(...REQUEST_ALIASES.map(({ alias }) => alias)) },
    { weight: 4, arbitrary: fc.constantFrom(...NEGOTIATION_NAMES.map(({ name }) => name)) },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.constantFrom('connect', 'disconnect', 'error', 'incoming-call') },
  );
  const nativeFrame = fc.tuple(names, members).map(([type, rest]) => JSON.stringify({ type, ...rest }) ?? '');
  const packetStart = fc.oneof(
    { weight: 20, arbitrary: fc.constant('42') },
    { weight: 4, arbitrary: fc.nat({ max: 99 }).map((id) => `42${id}`) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '40',
        '41',
        '43',
        '43999',
        '44',
        '45',
        '451-',
        '4599999-',
        '461-',
        '2',
        '3',
        '5',
        '6',
        '1',
        '4',
        '42/x,',
        '40/ws/a/b,',
      ),
    },
  );
  const payload = fc.oneof(
    { weight: 6, arbitrary: members },
    { weight: 1, arbitrary: mostly([...callIds, ...userIds]) },
    { weight: 1, arbitrary: fc.constant({ _placeholder: true, num: 0 }) },
  );
  const socketIoFrame = fc
    .tuple(packetStart, names, fc.array(payload, { maxLength: 3 }))
    .map(([start, name, payloads]) => start + JSON.stringify([name, ...payloads]));
  return { native: mutated(nativeFrame), socketIo: mutated(socketIoFrame) };
}

/** Most as they are, for what cannot be parsed never gets beyond the door. */
function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const changed = fc
    .tuple(texts, place, place, fc.string({ maxLength: 5 }), fc.nat({ max: 4 }))
    .map(([text, from, to, inserted, how]) => {
      const [start = 0, end = 0] = [from, to]
        .map((at) => Math.floor(at * text.length))
        .toSorted((a, b) => a - b);
      switch (how) {
        case 0:
          return text.slice(0, start);
        case 1:
          return text.slice(0, start) + text.slice(end);
        case 2:
          return text.slice(0, end) + inserted + text.slice(end);
        case 3:
          return text.slice(0, end) + text.slice(start, end).repeat(3) + text.slice(end);
        default:
          return text.slice(0, start) + inserted + text.slice(start + inserted.length);
      }
    });
  return fc.oneof({ weight: 4, arbitrary: texts }, { weight: 1, arbitrary: changed });
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
