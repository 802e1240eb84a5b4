// A caller of the room dialect in a Matrix room, as its page is one: it sends offers to whom it wants to see, and takes
// those that come. It knows people only, no calls: a call is what goes on with one of them.

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
import { ROOM_SHAPES } from './page-shapes.ts';
import type { Frame } from './shapes.ts';

export async function openRoom(t: Test, url: string, person: Person, roomId: string): Promise<RoomCaller> {
  const { userId, accessToken } = person.session;
  const path = `/ws/${encodeURIComponent(roomId)}/${encodeURIComponent(userId)}?username=${person.name}`;
  const client = await connectPage(t, `${url}${path}`, { protocols: [`access_token.${accessToken}`] });
  const caller = new RoomCaller(client, person, roomId);
  await caller.joined();
  return caller;
}

export class RoomCaller implements Caller {
  readonly dialect = 'room';
  readonly person: Person;
  readonly client: PageClient;
  readonly roomId: string;
  readonly #inbox = new Inbox(ROOM_SHAPES);

  constructor(client: PageClient, person: Person, roomId: string) {
    this.client = client;
    this.person = person;
    this.roomId = roomId;
    for (const frame of client.frames) this.#inbox.push(frame);
    client.socket.on('message', (data: Buffer) => this.#inbox.push(JSON.parse(data.toString()) as Frame));
  }

  get frames(): readonly Frame[] {
    return this.#inbox.frames;
  }

  get problems(): readonly string[] {
    return this.#inbox.problems;
  }

  /** Its user may be there already, by a socket that is on its way out. */
  async joined(): Promise<void> {
    await this.#inbox.next('active-broadcasts');
  }

  ring({ person }: Callee, sdp: string): Promise<Outgoing> {
    const line = this.line(person);
    line.signal({ type: 'offer', sdp });
    return Promise.resolve(line);
  }

  async nextRing(): Promise<Incoming> {
    const { from_user_id: from, signal } = await this.#inbox.next('webrtc-signal', isOffer);
    return new RoomLine(this, this.#inbox, String(from), sdpOf(memberOf(signal, 'sdp')));
  }

  /** What goes on with somebody already. */
  line({ session }: Person): RoomLine {
    return new RoomLine(this, this.#inbox, session.userId, undefined);
  }

  settle(): Promise<void> {
    return this.client.settled();
  }

  async close(): Promise<void> {
    this.client.close();
    await this.client.closed;
  }
}

class RoomLine implements Outgoing, Incoming {
  readonly from: string;
  readonly #caller: RoomCaller;
  readonly #inbox: Inbox;
  readonly #offer: string | undefined;
  /** What was there before is about an earlier call with the same person. */
  readonly #before: ReadonlySet<Frame>;

  constructor(caller: RoomCaller, inbox: Inbox, peerId: string, offer: string | undefined) {
    this.#caller = caller;
    this.#inbox = inbox;
    this.from = peerId;
    this.#offer = offer;
    this.#before = new Set(inbox.frames);
  }

  signal(signal: Frame): void {
    const { roomId, person, client } = this.#caller;
    client.send({
      type: 'webrtc-signal',
      room_id: roomId,
      target_user_id: this.from,
      from_user_id: person.session.userId,
      signal,
    });
  }

  sendCandidate(candidate: IceCandidate | null): void {
    this.signal({ type: 'ice-candidate', candidate });
  }

  async nextCandidate(): Promise<unknown> {
    return memberOf(await this.#next('ice-candidate'), 'candidate');
  }

  offerAgain(sdp: string): void {
    this.signal({ type: 'offer', sdp });
  }

  async nextOffer(): Promise<string> {
    return sdpOf(memberOf(await this.#next('offer'), 'sdp'));
  }

  answerAgain(sdp: string): void {
    this.signal({ type: 'answer', sdp });
  }

  async nextAnswer(): Promise<string> {
    return sdpOf(memberOf(await this.#next('answer'), 'sdp'));
  }

  /** It has one word for every answer. */
  answered(): Promise<string> {
    return this.nextAnswer();
  }

  answer(sdp: string): Promise<string> {
    this.answerAgain(sdp);
    return Promise.resolve(this.#offer ?? '');
  }

  async tryToAnswer(sdp: string): Promise<void> {
    await this.answer(sdp);
    await this.#caller.settle();
  }

  decline(): Promise<void> {
    return this.#bye();
  }

  cancel(): Promise<void> {
    return this.#bye();
  }

  /** Its page has no word for it but that it shows itself no longer. */
  end(): Promise<void> {
    this.#caller.client.send({ type: 'broadcast-stopped', room_id: this.#caller.roomId });
    return this.#caller.settle();
  }

  async ended(): Promise<string> {
    await this.#inbox.has('end', (frame) => {
      const [end] = this.#endIn(frame);
      return end === 'broadcast-stopped' || end === 'bye';
    });
    await this.#caller.settle();
    return this.told();
  }

  told(): string {
    return this.#inbox.frames.flatMap((frame) => this.#endIn(frame)).join(', ');
  }

  #endIn(frame: Frame): readonly string[] {
    if (this.#before.has(frame)) return [];
    if (frame['type'] === 'error') return [`error ${String(frame['message'])}`];
    if (frame['type'] === 'broadcast-stopped' && frame['user_id'] === this.from) return ['broadcast-stopped'];
    return this.#isMine(frame, 'bye') ? ['bye'] : [];
  }

  async #next(type: string): Promise<unknown> {
    return (await this.#inbox.next('webrtc-signal', (frame) => this.#isMine(frame, type)))['signal'];
  }

  #isMine({ from_user_id: from, signal }: Frame, type: string): boolean {
    return from === this.from && memberOf(signal, 'type') === type;
  }

  #bye(): Promise<void> {
    this.signal({ type: 'bye' });
    return this.#caller.settle();
  }
}

function isOffer({ signal }: Frame): boolean {
  return memberOf(signal, 'type') === 'offer';
}
