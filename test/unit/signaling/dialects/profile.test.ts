// The frames of profile pages as they are read: every kind, every way in which they are wrong, and what is passed on.

import t from 'tap';

import {
  keyOf,
  keyOfDevice,
  nameOfKey,
  profileIdOf,
} from '../../../../src/signaling/dialects/profile-key.ts';
import { readProfileFrame } from '../../../../src/signaling/dialects/profile.ts';
import { deviceOfKey } from '../../../../src/signaling/dialects/profile-key.ts';

const TYPES = ['tutor', 'student', 'user'];
const OFFER = { type: 'offer', sdp: 'v=0\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\n' };
const TO = { to_profile_id: 2, to_profile_type: 'student' };

function read(members: unknown): unknown {
  return readProfileFrame(typeof members === 'string' ? members : JSON.stringify(members), TYPES);
}

void t.test('every kind of frame', async (t) => {
  const about = { conversationId: 17, to: { key: 'student_2' } };
  const named = { conversation_id: 17, ...TO };
  t.strictSame(read({ type: 'ping', any: 1 }), { type: 'ping' });
  t.strictSame(read({ type: 'get_online_users' }), { type: 'get_online_users' });
  t.strictSame(
    read({ type: 'call_invitation', call_type: 'audio', ...named, from_name: ' Tea ', offer: OFFER }),
    {
      type: 'call_invitation',
      ...about,
      callType: 'voice',
      voiceWord: 'audio',
      name: 'Tea',
      avatar: undefined,
      offer: OFFER,
    },
  );
  t.strictSame(read({ type: 'call_answer', ...named, answer: ANSWER }), {
    type: 'call_answer',
    about,
    answer: ANSWER,
  });
  t.strictSame(read({ type: 'call_answer', ...named, answer: null }), {
    type: 'call_answer',
    about,
    answer: undefined,
  });
  t.strictSame(read({ type: 'ice_candidate', ...named, candidate: null }), {
    type: 'ice_candidate',
    about,
    candidate: null,
  });
  for (const type of ['call_declined', 'call_cancelled', 'call_ended'])
    t.strictSame(read({ type, ...named, call_type: 'x' }), { type: 'end', about });
  t.strictSame(read({ type: 'webrtc_offer', ...named, offer: 'v=0', mode: 'video' }), {
    type: 'webrtc_offer',
    about,
    body: 'v=0',
    extra: { mode: 'video' },
  });
  t.strictSame(read({ type: 'call_mode_switched', ...named, mode: 'video' }), {
    type: 'call_mode_switched',
    about,
    extra: { mode: 'video' },
  });
});

void t.test('an id that is left out is left out in many ways', async (t) => {
  const nobody = { type: 'end', about: { conversationId: undefined, to: undefined } };
  for (const nothing of [null, '']) {
    const members = { conversation_id: nothing, to_profile_id: nothing, to_user_id: nothing };
    t.strictSame(read({ type: 'call_ended', ...members }), nobody);
  }
  t.strictSame(read({ type: 'call_ended', to_profile_id: 7 }), nobody, 'a number without its type is nobody');
});

void t.test('what is wrong is said', async (t) => {
  for (const [frame, problem] of [
    ['', /one JSON object/],
    ['[]', /one JSON object/],
    ['null', /one JSON object/],
    [{}, /type must be a text/],
    [{ type: 'x'.repeat(129) }, /type must be a text/],
    [
      { type: 'call_invitation', call_type: 'video', offer: OFFER },
      /to_profile_id and to_profile_type required/,
    ],
    [{ type: 'call_invitation', call_type: 'film', ...TO, offer: OFFER }, /call_type must be/],
    [{ type: 'call_invitation', call_type: 'video', ...TO }, /offer required/],
    [{ type: 'call_invitation', call_type: 'video', ...TO, offer: ANSWER }, /type of offer/],
    [{ type: 'call_answer', answer: 'x' }, /v=0/],
    [{ type: 'ice_candidate' }, /candidate required/],
    [{ type: 'ice_candidate', candidate: 7 }, /candidate must be/],
    [{ type: 'call_ended', conversation_id: {} }, /conversation_id must be/],
    [{ type: 'call_ended', conversation_id: 'x'.repeat(129) }, /conversation_id must be/],
    [{ type: 'call_ended', to_profile_id: 2, to_profile_type: 'admin' }, /to_profile_type must be one of/],
    [{ type: 'call_ended', to_profile_id: -2, to_profile_type: 'tutor' }, /to_profile_id must be/],
    [{ type: 'call_ended', to_user_id: 'bob' }, /to_user_id must be/],
    [`{"type":"x","a":${'['.repeat(100)}${']'.repeat(100)}}`, /nested/],
  ] as const)
    t.match(read(frame), { problem }, JSON.stringify(frame).slice(0, 60));
});

void t.test('nothing is passed on that says who a frame is from, or what we say ourselves', async (t) => {
  const made =
    '{"type":"webrtc_offer","offer":"v=0","__proto__":{"a":1},"constructor":1,"from_x":1,"fromUserId":1,';
  const up = '"from":1,"sender":1,"sender_id":1,"to":1,"to_x":1,"seq":1,"callId":1,"userId":1,"eventType":1,';
  const kept = { format: 1, token: 2, senders: 3, tone: 4 };
  t.strictSame(read(`${made}${up}${JSON.stringify(kept).slice(1)}`), {
    type: 'webrtc_offer',
    about: { conversationId: undefined, to: undefined },
    body: 'v=0',
    extra: kept,
  });
});

void t.test('keys are names and back', async (t) => {
  for (const name of [
    { profileId: 1, profileType: 'tutor' },
    { profileId: 12, profileType: 'big_tutor' },
    { profileId: Number.MAX_SAFE_INTEGER, profileType: 'a-b_3' },
  ]) {
    t.strictSame(nameOfKey(keyOf(name)), name);
    t.equal(keyOfDevice(deviceOfKey(keyOf(name))), keyOf(name));
  }
  for (const key of [
    '',
    'tutor',
    'tutor_',
    '_1',
    'tutor_0',
    'tutor_01',
    'Tutor_1',
    'tutor_99999999999999999',
  ])
    t.equal(nameOfKey(key), undefined, key);
  for (const id of [0, -1, 1.5, NaN, 2 ** 53, '1e3', '0x1', '', ' 1', null, true, [1]])
    t.equal(profileIdOf(id), undefined, String(id));
});

void t.test('whatever comes is read or described, and never throws', async (t) => {
  const types = [
    'call_invitation',
    'call_answer',
    'ice_candidate',
    'call_ended',
    'webrtc_offer',
    'call_invite',
    'x',
  ];
  const names = [
    'to_profile_id',
    'to_profile_type',
    'to_user_id',
    'conversation_id',
    'offer',
    'answer',
    'candidate',
  ];
  const more = ['call_type', 'from_name', 'from_avatar', 'to_tutor_profile_id', '__proto__', 'toString'];
  const values = [
    null,
    true,
    0,
    -1,
    1e21,
    2,
    '',
    '2',
    'tutor',
    '@a:b',
    '\ud800',
    [],
    [1],
    {},
    { type: 'offer' },
    OFFER,
  ];
  let seed = 1;
  const pick = <T>(from: readonly T[]): T => {
    seed = (seed * 48_271) % 2_147_483_647;
    const picked = from[seed % from.length];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  };
  for (let round = 0; round < 5_000; round += 1) {
    const members = Array.from({ length: 5 }, () => {
      return `${JSON.stringify(pick([...names, ...more]))}:${JSON.stringify(pick(values))}`;
    });
    const text = `{"type":${JSON.stringify(pick(types))},${members.join(',')}}`;
    const frame = readProfileFrame(text, TYPES);
    const said = 'problem' in frame ? frame.problem : frame.type;
    if (typeof said !== 'string' || said.length > 200) t.fail(text);
    const cut = readProfileFrame(text.slice(0, -1 - (round % text.length)), TYPES);
    if (!('problem' in cut)) t.fail(text);
  }
});
