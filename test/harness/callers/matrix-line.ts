// A call as clients of the native and Socket.IO dialects have it: the same messages, told apart by the id of the call.
// How requests travel is the adapters'.

import { sdpOf, type IceCandidate, type Inbox, type Incoming, type Outgoing } from './caller.ts';
import type { Frame } from './shapes.ts';

/** What is different. */
export interface MatrixEnd {
  /** Of the socket that rings. */
  readonly inbox: Inbox;
  /** Of the socket of the call screen, if that is another, and has joined. */
  readonly screen: Inbox | undefined;
  readonly send: (type: string, members: Frame) => void;
  readonly act: (what: 'answer' | 'reject' | 'end') => Promise<void>;
  /** Opens the call screen. */
  readonly enter: () => Promise<void>;
  readonly settle: () => Promise<void>;
}

export class MatrixLine implements Outgoing, Incoming {
  readonly callId: string;
  readonly from: unknown;
  readonly #end: MatrixEnd;
  #peer = 'all';

  constructor(callId: string, from: unknown, end: MatrixEnd) {
    this.callId = callId;
    this.from = from;
    this.#end = end;
  }

  sendCandidate(candidate: IceCandidate | null): void {
    this.#end.send('ice-candidate', { candidate, targetUserId: this.#peer });
  }

  async nextCandidate(): Promise<unknown> {
    return (await this.#negotiation('ice-candidate'))['candidate'];
  }

  offerAgain(sdp: string): void {
    this.#end.send('webrtc-offer', { offer: { type: 'offer', sdp }, targetUserId: this.#peer });
  }

  async nextOffer(): Promise<string> {
    return sdpOf((await this.#negotiation('webrtc-offer'))['offer']);
  }

  answerAgain(sdp: string): void {
    this.#end.send('webrtc-answer', { answer: { type: 'answer', sdp }, targetUserId: this.#peer });
  }

  async nextAnswer(): Promise<string> {
    return sdpOf((await this.#negotiation('webrtc-answer'))['answer']);
  }

  async answered(): Promise<string> {
    const { answeredBy } = await this.#end.inbox.next('call-answered', (frame) => this.#isMine(frame));
    const { answer, fromUserId } = await this.#negotiation('webrtc-answer');
    if (answeredBy !== fromUserId) throw new Error(`${String(answeredBy)} answered`);
    this.#peer = String(fromUserId);
    return sdpOf(answer);
  }

  async answer(sdp: string): Promise<string> {
    await this.#end.act('answer');
    await this.#end.enter();
    const { offer, fromUserId } = await this.#negotiation('webrtc-offer');
    this.#peer = String(fromUserId);
    this.answerAgain(sdp);
    return sdpOf(offer);
  }

  tryToAnswer(): Promise<void> {
    return this.#end.act('answer').catch(() => undefined);
  }

  decline(): Promise<void> {
    return this.#end.act('reject');
  }

  cancel(): Promise<void> {
    return this.#end.act('end');
  }

  end(): Promise<void> {
    return this.#end.act('end');
  }

  async ended(): Promise<string> {
    const { inbox, screen, settle } = this.#end;
    await inbox.next('call-ended', (frame) => this.#isMine(frame));
    await screen?.next('call-ended', (frame) => this.#isMine(frame));
    await settle();
    const onScreen = this.#endsIn(screen);
    if (screen !== undefined && onScreen.length !== 1) throw new Error(`the call screen: ${onScreen.join()}`);
    return this.told();
  }

  told(): string {
    return this.#endsIn(this.#end.inbox).join(', ');
  }

  #endsIn(inbox: Inbox | undefined): readonly string[] {
    const ends = ['call-rejected', 'call-ended'];
    return (inbox?.frames ?? [])
      .filter((frame) => this.#isMine(frame) && ends.includes(String(frame['type'])))
      .map(({ type, reason }) => [type, ...(reason === undefined ? [] : [reason])].join(' '));
  }

  #negotiation(type: string): Promise<Frame> {
    const { inbox, screen } = this.#end;
    return (screen ?? inbox).next(type, (frame) => this.#isMine(frame));
  }

  #isMine({ callId }: Frame): boolean {
    return callId === this.callId;
  }
}
