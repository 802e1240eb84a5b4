// A caller of the profile dialect, as the script of the web chat is one: the invitation carries the offer, and nothing
// is told apart but by its conversation. It addresses profiles by profile, everybody else by Matrix user id.

import type { Test } from 'tap';

import { connectPage, type PageClient } from '../page-client.ts';
import {
  Inbox,
  memberOf,
  sdpOf,
  type Callee,
  type Caller,
  type IceCandidate,
  type Incoming,
  type Outgoing,
  type Person,
} from './caller.ts';
import { PROFILE_SHAPES } from './page-shapes.ts';
import type { Frame } from './shapes.ts';

const ENDS: ReadonlySet<string> = new Set(['call_declined', 'call_cancelled', 'call_ended']);
/** A chat of two people is one conversation, however often they call each other in it. */
const CONVERSATION = 4_711;

export async function openProfile(t: Test, url: string, person: Person): Promise<ProfileCaller> {
  const { id, type } = person.profile;
  const client = await connectPage(t, `${url}/ws/${id}/${type}`);
  const caller = new ProfileCaller(client, person);
  await caller.connected();
  return caller;
}

export class ProfileCaller implements Caller {
  readonly dialect = 'profile';
  readonly person: Person;
  readonly client: PageClient;
  readonly inbox = new Inbox(PROFILE_SHAPES);

  constructor(client: PageClient, person: Person) {
    this.client = client;
    this.person = person;
    for (const frame of client.frames) this.inbox.push(frame);
    client.socket.on('message', (data: Buffer) => this.inbox.push(JSON.parse(data.toString()) as Frame));
  }

  get frames(): readonly Frame[] {
    return this.inbox.frames;
  }

  get problems(): readonly string[] {
    return this.inbox.problems;
  }

  async connected(): Promise<void> {
    const { id, type } = this.person.profile;
    await this.inbox.next('connection', ({ connection_key: key }) => key === `${type}_${id}`);
  }

  ring(callee: Callee, sdp: string, conversation = CONVERSATION): Promise<ProfileLine> {
    const to =
      callee.dialect === 'profile'
        ? { to_profile_id: callee.person.profile.id, to_profile_type: callee.person.profile.type }
        : { to_user_id: callee.person.session.userId };
    const line = this.line(conversation, to);
    line.say('call_invitation', {
      call_type: 'video',
      from_name: 'as the page has it',
      from_avatar: null,
      offer: { type: 'offer', sdp },
    });
    return Promise.resolve(line);
  }

  async nextRing(): Promise<ProfileLine> {
    const invitation = await this.inbox.next('call_invitation');
    const { conversation_id: conversation, from_profile_id: id, from_profile_type: type } = invitation;
    return this.line(conversation, { to_profile_id: id, to_profile_type: type }, invitation);
  }

  /** @param before what is not about this call, but an earlier one in the conversation; all that has come, if not said */
  line(conversation: unknown, to: Frame, invitation?: Frame, before = this.frames): ProfileLine {
    return new ProfileLine(this, conversation, to, invitation, new Set(before));
  }

  settle(): Promise<void> {
    return this.client.settled();
  }

  async close(): Promise<void> {
    this.client.close();
    await this.client.closed;
  }
}

export class ProfileLine implements Outgoing, Incoming {
  readonly conversation: unknown;
  /** How it came in. */
  readonly invitation: Frame | undefined;
  readonly #caller: ProfileCaller;
  readonly #inbox: Inbox;
  readonly #to: Frame;
  readonly #before: ReadonlySet<Frame>;

  constructor(
    caller: ProfileCaller,
    conversation: unknown,
    to: Frame,
    invitation: Frame | undefined,
    before: ReadonlySet<Frame>,
  ) {
    this.#caller = caller;
    this.#inbox = caller.inbox;
    this.conversation = conversation;
    this.#to = to;
    this.invitation = invitation;
    this.#before = before;
  }

  get from(): unknown {
    return this.invitation?.['from_profile_id'];
  }

  /** With what the page's script puts into every frame. */
  say(type: string, members: Frame): void {
    const { id, type: profileType } = this.#caller.person.profile;
    const from = { from_profile_id: id, from_profile_type: profileType };
    this.#caller.client.send({
      type,
      conversation_id: this.conversation,
      ...from,
      ...this.#to,
      ...members,
    });
  }

  sendCandidate(candidate: IceCandidate | null): void {
    this.say('ice_candidate', { candidate });
  }

  async nextCandidate(): Promise<unknown> {
    return (await this.#inbox.next('ice_candidate', (frame) => this.#isMine(frame)))['candidate'];
  }

  offerAgain(sdp: string): void {
    this.say('webrtc_offer', { offer: { type: 'offer', sdp } });
  }

  async nextOffer(): Promise<string> {
    return sdpOf((await this.#inbox.next('webrtc_offer', (frame) => this.#isMine(frame)))['offer']);
  }

  answerAgain(sdp: string): void {
    this.say('webrtc_answer', { answer: { type: 'answer', sdp } });
  }

  async nextAnswer(): Promise<string> {
    return sdpOf((await this.#inbox.next('webrtc_answer', (frame) => this.#isMine(frame)))['answer']);
  }

  async answered(): Promise<string> {
    const { answer } = await this.#inbox.next('call_answer', (frame) => this.#isMine(frame));
    return sdpOf(answer);
  }

  answer(sdp: string): Promise<string> {
    this.say('call_answer', { answer: { type: 'answer', sdp } });
    return Promise.resolve(sdpOf(memberOf(this.invitation, 'offer')));
  }

  async tryToAnswer(sdp: string): Promise<void> {
    await this.answer(sdp);
    await this.#caller.settle();
  }

  decline(): Promise<void> {
    return this.#last('call_declined', {});
  }

  cancel(): Promise<void> {
    return this.#last('call_cancelled', { call_type: 'video' });
  }

  end(): Promise<void> {
    return this.#last('call_ended', { call_type: 'video' });
  }

  async ended(): Promise<string> {
    await this.#inbox.has('end', (frame) => this.#isEnd(frame));
    await this.#caller.settle();
    return this.told();
  }

  told(): string {
    return this.#inbox.frames
      .filter((frame) => this.#isEnd(frame))
      .map(({ type, reason }) => [type, ...(reason === undefined ? [] : [reason])].join(' '))
      .join(', ');
  }

  #isEnd(frame: Frame): boolean {
    return ENDS.has(String(frame['type'])) && this.#isMine(frame);
  }

  #isMine(frame: Frame): boolean {
    return frame['conversation_id'] === this.conversation && !this.#before.has(frame);
  }

  #last(type: string, members: Frame): Promise<void> {
    this.say(type, members);
    return this.#caller.settle();
  }
}
