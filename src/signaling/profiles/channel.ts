// One socket of a web page that is a profile, for the hub and for the other pages: texts in become what the page asks
// (requests.ts), what the hub says of calls becomes frames (view.ts), both in order. What a peer may do to its socket is
// guarded-channel.ts.

import type { ServerMessage } from '../../protocol/messages.ts';
import type { CallId } from '../../matrix/ids.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Channel, ChannelOwner } from '../channel.ts';
import type { Reply } from '../dialects/dialect.ts';
import { failed } from '../dialects/profile-frames.ts';
import { deviceOfKey, type ProfileName } from '../dialects/profile-key.ts';
import { readProfileFrame } from '../dialects/profile.ts';
import { GuardedChannel, type ChannelParts } from '../guarded-channel.ts';
import type { LiveCalls } from '../live-calls.ts';
import { PageCalls } from '../pages/page-calls.ts';
import type { Page } from '../pages/page.ts';
import type { Occupant } from '../session.ts';
import type { SignalSocket } from '../transport.ts';
import type { ProfileDirectory } from './directory.ts';
import { InTurn } from './in-turn.ts';
import type { ProfileLobby } from './lobby.ts';
import type { Profile } from './profile.ts';
import { ProfileRequests, type ProfileSocket } from './requests.ts';
import { ProfileView, type Frames } from './view.ts';

export interface ProfileChannelParts extends ChannelParts {
  readonly live: Pick<LiveCalls, 'get' | 'ofUser'>;
  readonly lobby: ProfileLobby<ProfileSocket>;
  readonly directory: ProfileDirectory;
  /** In lower case. */
  readonly types: readonly string[];
  readonly relaysUnknown: boolean;
  readonly onFailed: (error: unknown) => void;
}

/** About what a frame takes that is made only when it is its turn. */
const FRAME_BYTES = 512;

export class ProfileChannel extends GuardedChannel<string, string> implements Channel, ProfileSocket {
  readonly dialect = 'profile';
  readonly registersFirst = false;
  readonly isResumable = false;
  readonly name: ProfileName;
  readonly #parts: ProfileChannelParts;
  readonly #own: Profile;
  readonly #calls: PageCalls;
  readonly #view: ProfileView;
  readonly #requests: ProfileRequests;
  readonly #asked: InTurn;
  readonly #told: InTurn;
  #owner: ChannelOwner | undefined;
  #isDrained = false;

  /** @param own with the device that deviceOfKey() makes of its key */
  constructor(
    socket: SignalSocket<string, string>,
    own: Profile,
    { deviceId }: Pick<Occupant, 'deviceId'>,
    parts: ProfileChannelParts,
  ) {
    super(socket, parts);
    const { live, directory, clock, lobby, relaysUnknown, onFailed } = parts;
    this.#parts = parts;
    this.#own = own;
    this.name = own;
    this.#asked = new InTurn(onFailed);
    this.#told = new InTurn(onFailed);
    const view = new ProfileView({ own, live, directory, clock, tell: (make) => this.#tell(make) });
    const { userId } = own;
    const calls = new PageCalls({ userId, deviceId, live, clock, view, ringsLast: false, showsOne: true });
    this.#view = view;
    this.#calls = calls;
    const requests = { own, self: this, calls, view, live, lobby, directory, relaysUnknown, onFailed };
    this.#requests = new ProfileRequests(requests);
  }

  get page(): Page {
    return this.#calls;
  }

  /** Neither closed nor being closed. */
  get isThere(): boolean {
    return this.isOpen;
  }

  own(owner: ChannelOwner): void {
    this.#owner = owner;
    this.#calls.own(owner);
  }

  send(message: ServerMessage): boolean {
    if (!this.isOpen) return false;
    this.#calls.message(message);
    return true;
  }

  reply(reply: Reply): void {
    if (reply.kind === 'refused') this.tell(failed(reply.code, reply.text));
  }

  tell(frame: string): void {
    this.#take(() => void this.write(frame), frame.length);
  }

  shows(callId: CallId): boolean {
    return this.#calls.all.some((call) => call.callId === callId);
  }

  invitedBeside(callId: CallId, frame: string): void {
    const shown = this.#calls.all.find((call) => call.callId === callId);
    this.#view.invitedBeside(shown, { callId, frame });
  }

  override close(code: ErrorCode): void {
    if (code === 'GATEWAY_DRAINING') this.#isDrained = true;
    super.close(code);
  }

  protected received(text: string): void {
    const frame = readProfileFrame(text, this.#parts.types);
    if ('problem' in frame) {
      this.refuseFrame(failed('FRAME_MALFORMED', frame.problem));
      return;
    }
    this.acceptFrame();
    if (!this.#asked.take(() => this.#requests.handle(frame), text.length))
      this.close('SIGNALING_RATE_EXCEEDED');
  }

  protected ended(): void {
    this.#calls.stop();
    this.#parts.lobby.leave(this.#own.key, this, !this.#isDrained);
    this.#owner?.closed();
  }

  #tell(make: () => Frames | Promise<Frames>): void {
    const writeAll = (frames: Frames): void => {
      for (const frame of frames) this.write(frame);
    };
    this.#take(() => {
      const frames = make();
      if (frames instanceof Promise) return frames.then(writeAll);
      writeAll(frames);
      return undefined;
    }, FRAME_BYTES);
  }

  #take(step: () => Promise<void> | undefined | void, bytes: number): void {
    // The store does not answer: the page comes back, and its calls with it.
    if (!this.#told.take(() => step() ?? undefined, bytes)) this.close('STORE_UNAVAILABLE');
  }
}

/** @param expiresAtMs when the page has to show itself anew; undefined: never */
export function occupantOf(
  { key, userId }: Profile,
  trust: Occupant['trust'],
  expiresAtMs: number | undefined,
  nowMs: () => number,
): Occupant {
  const deviceId = deviceOfKey(key);
  const occupant = { userId, deviceId, isNamed: true, trust, token: undefined } as const;
  if (expiresAtMs === undefined) return occupant;
  const recheck = (): Promise<'valid' | 'revoked'> =>
    Promise.resolve(nowMs() < expiresAtMs ? 'valid' : 'revoked');
  return { ...occupant, recheck };
}
