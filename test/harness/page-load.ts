// Many pages at once: profiles in pairs, some of them in calls, and the users of rooms; and messages from each of them, so
// many a second, each with its number. What came of them is in the ledger. It starts no gateway, and judges nothing.

import { WebSocket } from 'ws';

import { LoadLedger, type LedgerFigure } from './load-ledger.ts';
import { until } from './until.ts';

export interface LoadPlan {
  /** An even number: each has a partner. */
  readonly profiles: number;
  readonly rooms: number;
  readonly usersPerRoom: number;
}

export interface PageLoad {
  /** Sends as many as that makes, also if it takes longer: every other one is a profile's, the rest are users'. */
  run(options: { readonly perSecond: number; readonly durationMs: number }): Promise<void>;
  /** Waits for what is still under way. */
  figure(): Promise<LedgerFigure>;
  /** The sockets that were closed, and how. */
  readonly closed: readonly string[];
  close(): void;
}

type Frame = Readonly<Record<string, unknown>>;

/** What a lane of profiles sends: through the relay of calls, past it within a call, and without any call. */
const KINDS = ['ice_candidate', 'call_mode_switched', 'load_note'] as const;
const TICK_MS = 5;
const AT_ONCE = 50;
const LAST_WITHIN_MS = 10_000;
const SDP = 'v=0\r\n';
const CANDIDATE = {
  candidate: 'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.17.1 rport 46154',
  sdpMid: '0',
  sdpMLineIndex: 0,
};

/** @param url of a gateway that takes profiles and users as they come, and relays unknown messages of profiles */
export async function openPageLoad(url: string, plan: LoadPlan): Promise<PageLoad> {
  const ledger = new LoadLedger();
  const closed: string[] = [];
  const pages: LoadPage[] = [];
  const sends: Record<'profiles' | 'users', (() => void)[]> = { profiles: [], users: [] };
  const open = async (path: string, name: string, first: string): Promise<LoadPage> => {
    const page = new LoadPage(`${url.replace(/^http/, 'ws')}${path}`, name, ledger, closed);
    pages.push(page);
    await page.next(first);
    return page;
  };

  await inTurns(plan.profiles / 2, async (pair) => {
    const [one, other] = [2 * pair + 1, 2 * pair + 2];
    const kind = KINDS[pair % KINDS.length] ?? 'load_note';
    const caller = await open(`/ws/${one}/user`, profileName(one), 'connection');
    const callee = await open(`/ws/${other}/user`, profileName(other), 'connection');
    if (kind !== 'load_note') await connectCall(caller, callee, { pair, one, other });
    for (const [page, to] of [
      [caller, other],
      [callee, one],
    ] as const) {
      ledger.addLane(page.name, [profileName(to)]);
      const about = { type: kind, conversation_id: pair, to_profile_id: to, to_profile_type: 'user' };
      sends.profiles.push(() => {
        const load = { number: ledger.send(page.name), atMs: performance.now() };
        page.send(
          kind === 'ice_candidate'
            ? { ...about, candidate: { ...CANDIDATE, load } }
            : { ...about, mode: 'video', load },
        );
      });
    }
  });
  await inTurns(plan.rooms * plan.usersPerRoom, async (n) => {
    const room = n % plan.rooms;
    const name = userName(room, Math.floor(n / plan.rooms));
    const page = await open(`/ws/room-${room}/${name}`, name, 'room_state');
    const members = Array.from({ length: plan.usersPerRoom }, (_, member) => userName(room, member));
    ledger.addLane(name, members);
    sends.users.push(() => {
      const load = { number: ledger.send(name), atMs: performance.now() };
      page.send({ type: 'message', content: JSON.stringify(load) });
    });
  });

  let turn = 0;
  return {
    async run({ perSecond, durationMs }) {
      const startedMs = performance.now();
      const total = (durationMs * perSecond) / 1_000;
      for (let sent = 0; sent < total;) {
        const due = ((performance.now() - startedMs) * perSecond) / 1_000;
        for (; sent < Math.min(due, total); sent += 1, turn += 1) {
          const half = turn % 2 === 0 ? sends.profiles : sends.users;
          half[Math.floor(turn / 2) % half.length]?.();
        }
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    },
    async figure() {
      await until(() => ledger.isComplete, LAST_WITHIN_MS).catch(() => undefined);
      // What was doubled may come behind all that was waited for: once for what was sent, once for what came of it.
      await Promise.all(pages.map((page) => page.settled()));
      await Promise.all(pages.map((page) => page.settled()));
      return ledger.figure();
    },
    closed,
    close() {
      for (const page of pages) page.close();
    },
  };
}

class LoadPage {
  readonly name: string;
  readonly #socket: WebSocket;
  readonly #ledger: LoadLedger;
  readonly #waiting = new Map<string, () => void>();
  readonly #seen = new Set<string>();

  constructor(url: string, name: string, ledger: LoadLedger, closed: string[]) {
    this.name = name;
    this.#ledger = ledger;
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Frame));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', (code, reason) => closed.push(`${name}: ${code} ${reason.toString()}`));
  }

  send(frame: Frame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** The first frame of this type, or the one after the last that was waited for. */
  async next(type: string): Promise<void> {
    if (this.#seen.delete(type)) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(type, resolve);
      this.#socket.once('close', (code) => reject(new Error(`${this.name} was closed with ${code}`)));
    });
  }

  async settled(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.send({ type: 'ping' });
    await this.next('pong');
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }

  #take(frame: Frame): void {
    const type = String(frame['type']);
    const load = loadOf(frame);
    if (load !== undefined) {
      this.#ledger.arrive(this.name, load.sender, load.number, performance.now() - load.atMs);
      return;
    }
    const waits = this.#waiting.get(type);
    if (waits === undefined) this.#seen.add(type);
    else {
      this.#waiting.delete(type);
      waits();
    }
  }
}

interface Load {
  readonly number: number;
  readonly atMs: number;
}

/** The sender is whom the gateway names. */
function loadOf(frame: Frame): (Load & { readonly sender: string }) | undefined {
  switch (frame['type']) {
    case 'message':
      return { ...(JSON.parse(String(frame['content'])) as Load), sender: String(frame['user_id']) };
    case 'ice_candidate': {
      const { load } = frame['candidate'] as { readonly load: Load };
      return { ...load, sender: profileName(frame['from_profile_id']) };
    }
    case 'call_mode_switched':
    case 'load_note':
      return { ...(frame['load'] as Load), sender: profileName(frame['from_profile_id']) };
    default:
      return undefined;
  }
}

async function connectCall(
  caller: LoadPage,
  callee: LoadPage,
  { pair, one, other }: { readonly pair: number; readonly one: number; readonly other: number },
): Promise<void> {
  const about = { conversation_id: pair, call_type: 'video', to_profile_type: 'user' };
  const offer = { type: 'offer', sdp: SDP };
  caller.send({ type: 'call_invitation', ...about, to_profile_id: other, offer });
  await callee.next('call_invitation');
  callee.send({ type: 'call_answer', ...about, to_profile_id: one, answer: { type: 'answer', sdp: SDP } });
  await caller.next('call_answer');
}

/** So many at a time: a listener holds no more in its backlog. */
async function inTurns(count: number, step: (n: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - from);
    await Promise.all(Array.from({ length: size }, (_, n) => step(from + n)));
  }
}

function profileName(profileId: unknown): string {
  return `profile-${String(profileId)}`;
}

function userName(room: number, member: number): string {
  return `user-${room}-${member}`;
}
