// One whole call as both dialects write it: the sample sessions of docs/protocol/, which a test plays against a gateway.
// A text in angle brackets stands for what is different each time; the same text always for the same thing.

import { SAMPLE } from '../../src/protocol/catalogue-entry.ts';

type Members = Readonly<Record<string, unknown>>;

/** What happens next: somebody asks, is answered, or is told. */
export interface Happening {
  readonly who: 'alice' | 'bob';
  readonly does: 'asks' | 'is registered' | 'is answered' | 'is told';
  /** Of the request or message. */
  readonly name: string;
  readonly members: Members;
  /** Of a request: whether an answer is wanted. */
  readonly wantsAnswer: boolean;
}

/** One line of a sample session. */
export interface SampleLine {
  readonly who: Happening['who'];
  readonly isSent: boolean;
  /** The event of Socket.IO; undefined for a native frame, and for an acknowledgement. */
  readonly event: string | undefined;
  /** The native frame, or the payload. */
  readonly content: Members;
  /** Of a Socket.IO event: whether it asks for an acknowledgement. */
  readonly wantsAnswer: boolean;
}

const { alice, bob, offer, answer, candidate } = SAMPLE;
const callId = '<callId>';
const roomId = '<roomId>';
const callType = 'video';

function asks(who: Happening['who'], name: string, members: Members, wantsAnswer = false): Happening {
  return { who, does: 'asks', name, members, wantsAnswer };
}

function isTold(who: Happening['who'], name: string, members: Members): Happening {
  return { who, does: 'is told', name, members, wantsAnswer: false };
}

function isAnswered(who: Happening['who'], name: string, members: Members): Happening {
  return { who, does: 'is answered', name, members, wantsAnswer: false };
}

function registers(who: Happening['who'], userId: string): readonly Happening[] {
  const members = {
    userId,
    deviceId: `<${who}DeviceId>`,
    sessionId: `<${who}SessionId>`,
    resumeToken: `<${who}ResumeToken>`,
    trust: 'verified',
  };
  return [
    asks(who, 'register-user', { userId, accessToken: `<${who}Token>`, caps: ['call-ringing'] }, true),
    { who, does: 'is registered', name: 'registered', members, wantsAnswer: false },
  ];
}

const incoming = {
  callId,
  callType,
  roomId,
  initiatorId: alice,
  callerName: 'alice',
  callerId: alice,
  iceServers: '<bobIceServers>',
  baseUrl: '<baseUrl>',
  expiresAt: '<expiresAt>',
};
const ended = { callId, endedBy: bob, reason: 'hangup' };

export const STORY: readonly Happening[] = [
  ...registers('alice', alice),
  ...registers('bob', bob),
  asks('alice', 'initiate', { roomId, callType }, true),
  isAnswered('alice', 'initiate', {
    callId,
    roomId,
    callType,
    status: 'ringing',
    iceServers: '<aliceIceServers>',
  }),
  isTold('bob', 'incoming-call', incoming),
  asks('bob', 'call-ringing', { callId }),
  isTold('alice', 'call-ringing', { callId, userId: bob }),
  asks('alice', 'webrtc-offer', { callId, offer, targetUserId: bob }),
  asks('alice', 'ice-candidate', { callId, candidate, targetUserId: bob }),
  asks('bob', 'answer', { callId }, true),
  isTold('bob', 'webrtc-offer', { callId, fromUserId: alice, targetUserId: bob, offer }),
  isTold('bob', 'ice-candidate', { callId, fromUserId: alice, targetUserId: bob, candidate }),
  isAnswered('bob', 'answer', { callId, status: 'active', roomId, callType, iceServers: '<bobIceServers>' }),
  isTold('alice', 'call-answered', { callId, answeredBy: bob, roomId, callType }),
  isTold('alice', 'user-joined', { userId: bob, callId }),
  asks('bob', 'webrtc-answer', { callId, answer, targetUserId: alice }),
  isTold('alice', 'webrtc-answer', { callId, fromUserId: bob, targetUserId: alice, answer }),
  asks('bob', 'ice-candidate', { callId, candidate: null, targetUserId: alice }),
  isTold('alice', 'ice-candidate', { callId, fromUserId: bob, targetUserId: alice, candidate: null }),
  asks('alice', 'toggle-audio', { callId, enabled: false }),
  isTold('bob', 'audio-toggled', { userId: alice, enabled: false, callId }),
  asks('bob', 'end', { callId }, true),
  isTold('bob', 'call-ended', ended),
  isAnswered('bob', 'end', { callId, status: 'ended' }),
  isTold('alice', 'call-ended', ended),
];

function next(counts: Map<string, number>, who: string): number {
  const count = (counts.get(who) ?? 0) + 1;
  counts.set(who, count);
  return count;
}

export function nativeSession(): readonly SampleLine[] {
  const seqs = new Map<string, number>();
  const ids = new Map<string, number>();
  return STORY.map(({ who, does, name, members, wantsAnswer }) => {
    const line = (content: Members): SampleLine => {
      return { who, isSent: does === 'asks', event: undefined, content, wantsAnswer };
    };
    const typed = { type: name, eventType: name.replaceAll('-', '_') };
    switch (does) {
      case 'asks':
        return line({ type: name, ...(wantsAnswer ? { id: next(ids, who) } : {}), ...members });
      case 'is registered':
        return line({ ...typed, ...members, id: ids.get(who) });
      case 'is answered':
        return line({ type: 'ack', eventType: 'ack', id: ids.get(who), ok: true, ...members });
      case 'is told':
        return line({ ...typed, ...members, seq: next(seqs, who) });
      default:
        return does satisfies never;
    }
  });
}

export function socketIoSession(): readonly SampleLine[] {
  return STORY.map(({ who, does, name, members, wantsAnswer }) => {
    const line = (event: string | undefined, content: Members): SampleLine => {
      return { who, isSent: does === 'asks', event, content, wantsAnswer };
    };
    switch (does) {
      case 'is registered': {
        const { userId, deviceId, sessionId } = members;
        return line(undefined, { ok: true, userId, deviceId, sessionId });
      }
      case 'is answered':
        return line(undefined, { ok: true, ...members });
      case 'is told':
        return line(name, name === 'incoming-call' ? { eventType: 'incoming_call', ...members } : members);
      case 'asks':
        return line(name, members);
      default:
        return does satisfies never;
    }
  });
}

/** As it stands in a page: who, in which direction, what. */
export function renderSession(lines: readonly SampleLine[]): string {
  const width = Math.max(...lines.map(({ who }) => who.length));
  const rows = lines.map(({ who, isSent, event, content, wantsAnswer }) => {
    const words = [
      who.padEnd(width),
      isSent ? '→' : '←',
      ...(event === undefined ? [] : [event]),
      JSON.stringify(content),
      ...(event !== undefined && wantsAnswer ? ['+ acknowledgement'] : []),
    ];
    const isAcknowledgement = !isSent && event === undefined && !('type' in content);
    if (isAcknowledgement) words.splice(2, 0, 'acknowledgement');
    return words.join(' ');
  });
  return `\`\`\`text\n${rows.join('\n')}\n\`\`\`\n`;
}
