// Who may be behind a client address: the tokens that were forwarded from it lately, and the users whom the homeserver
// says they are. For clients that name themselves and show no token. Tokens stay in memory here and leave it only as
// questions to the homeserver. Which addresses stand for one client is decided by the caller (http/auth.ts).

import type { Clock } from '../clock.ts';
import type { DeviceId, RoomId, UserId } from './ids.ts';
import type { Homeserver, JoinedMembers, KnownToken } from './matrix.ts';

export interface VouchLimits {
  /** A held `/sync` comes again every 30 s or so; a client that has not asked for this long is gone. */
  readonly rememberedMs: number;
  readonly maxTokensPerAddress: number;
  readonly maxAddresses: number;
  readonly maxTokens: number;
  /** Longer tokens vouch for nobody: together with `maxTokens` this bounds the bytes. */
  readonly maxTokenCharacters: number;
}

const DEFAULT_LIMITS: VouchLimits = {
  rememberedMs: 300_000,
  maxTokensPerAddress: 32,
  maxAddresses: 20_000,
  maxTokens: 100_000,
  maxTokenCharacters: 1_024,
};

/** With a Synapse that does not answer, a claim would otherwise wait for the deadline of 32 questions. */
const MAX_FAILED_QUESTIONS = 2;

interface Voucher {
  readonly usedAtMs: number;
  readonly isConfirmed: boolean;
}

/** Pure but for what it remembers; times are given, on one clock that never goes back. */
export class VouchTable {
  readonly #limits: VouchLimits;
  /** Both levels in the order of use, oldest first: a map keeps the order of insertion, and every use inserts anew. */
  readonly #addresses = new Map<string, Map<string, Voucher>>();
  #tokens = 0;

  constructor(limits: Partial<VouchLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  get addresses(): number {
    return this.#addresses.size;
  }

  get tokens(): number {
    return this.#tokens;
  }

  noteUse(clientAddress: string, token: string, nowMs: number): void {
    this.#dropExpired(nowMs);
    if (token.length > this.#limits.maxTokenCharacters) return;
    const vouchers = this.#addresses.get(clientAddress) ?? new Map<string, Voucher>();
    this.#addresses.delete(clientAddress);
    this.#addresses.set(clientAddress, vouchers);
    const isConfirmed = vouchers.get(token)?.isConfirmed ?? false;
    this.#take(vouchers, token);
    this.#takeExpired(vouchers, nowMs);
    if (vouchers.size >= this.#limits.maxTokensPerAddress) this.#take(vouchers, leastWorth(vouchers));
    vouchers.set(token, { usedAtMs: nowMs, isConfirmed });
    this.#tokens += 1;
    while (this.#addresses.size > this.#limits.maxAddresses || this.#tokens > this.#limits.maxTokens) {
      this.#dropOldestAddress();
    }
  }

  /** The tokens in use from this address, newest first. */
  vouchersFor(clientAddress: string, nowMs: number): readonly string[] {
    this.#dropExpired(nowMs);
    const vouchers = this.#addresses.get(clientAddress);
    if (vouchers === undefined) return [];
    this.#takeExpired(vouchers, nowMs);
    return [...vouchers.keys()].toReversed();
  }

  confirm(clientAddress: string, token: string): void {
    const vouchers = this.#addresses.get(clientAddress);
    const voucher = vouchers?.get(token);
    // Setting an existing key leaves the order as it is: only a use makes a token young again.
    if (voucher !== undefined) vouchers?.set(token, { ...voucher, isConfirmed: true });
  }

  drop(clientAddress: string, token: string): void {
    const vouchers = this.#addresses.get(clientAddress);
    if (vouchers === undefined) return;
    this.#take(vouchers, token);
    if (vouchers.size === 0) this.#addresses.delete(clientAddress);
  }

  /** Addresses stand in the order of their newest use: what comes first is the first to expire. */
  #dropExpired(nowMs: number): void {
    for (const vouchers of this.#addresses.values()) {
      const newest = [...vouchers.values()].at(-1);
      if (newest !== undefined && !this.#isExpired(newest, nowMs)) return;
      this.#dropOldestAddress();
    }
  }

  #takeExpired(vouchers: Map<string, Voucher>, nowMs: number): void {
    for (const [token, voucher] of vouchers) {
      if (!this.#isExpired(voucher, nowMs)) return;
      this.#take(vouchers, token);
    }
  }

  #isExpired(voucher: Voucher, nowMs: number): boolean {
    return nowMs - voucher.usedAtMs > this.#limits.rememberedMs;
  }

  #dropOldestAddress(): void {
    const [oldest] = this.#addresses;
    if (oldest === undefined) return;
    this.#tokens -= oldest[1].size;
    this.#addresses.delete(oldest[0]);
  }

  #take(vouchers: Map<string, Voucher>, token: string): void {
    if (vouchers.delete(token)) this.#tokens -= 1;
  }
}

/** The oldest that nobody confirmed: tokens made up by a neighbour at this address must not push out the real ones. */
function leastWorth(vouchers: ReadonlyMap<string, Voucher>): string {
  const tokens = [...vouchers];
  return (tokens.find(([, { isConfirmed }]) => !isConfirmed) ?? tokens[0])?.[0] ?? '';
}

/** Whether an identity still holds; `unknown` while the homeserver cannot say. */
export type Recheck = () => Promise<'valid' | 'revoked' | 'unknown'>;

/** Who is in a room, asked in the user's own name. */
export type AskJoinedMembers = (roomId: RoomId) => Promise<JoinedMembers>;

export interface VouchedUser {
  readonly userId: UserId;
  /**
   * Asks again about the tokens that vouched, and about those in use at the address by then: a client that refreshes its
   * token is not revoked, nor one that has merely been quiet for a while. Revoked only if the homeserver refuses all.
   */
  readonly recheck: Recheck;
  /** Asked with a token of this user that is in use at the address. */
  readonly joinedMembers: AskJoinedMembers;
  /**
   * Only if it is certain: the one device of this user at the address, or the claimed one among several. A wrong one
   * would make two devices one, and the one would never hear that the other answered.
   */
  readonly deviceId?: DeviceId;
}

export type VouchedUserAnswer =
  | ({ readonly kind: 'vouched' } & VouchedUser)
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' };

export interface Vouching {
  /** To be told of every token that is forwarded with a long poll; undefined for a request without one. */
  noteUse(clientAddress: string, token: string | undefined): void;
  vouchedUser(
    clientAddress: string,
    claimedUserId: UserId,
    claimedDeviceId?: DeviceId,
  ): Promise<VouchedUserAnswer>;
  /** Everybody vouched for at this address, those last seen first. */
  vouchedUsers(clientAddress: string): Promise<readonly VouchedUser[] | 'unavailable'>;
}

/**
 * @param homeserver with a cache: a flood of claims then costs one question for each token of the address and minute,
 *   because those who ask at once share the question, and those who come later its answer
 */
export function createVouching(
  homeserver: Pick<Homeserver, 'whoami' | 'joinedMembers'>,
  clock: Clock,
  table: VouchTable = new VouchTable(),
): Vouching {
  return {
    noteUse(clientAddress, token) {
      if (token !== undefined) table.noteUse(clientAddress, token, clock.monotonicMs());
    },

    async vouchedUser(clientAddress, claimedUserId, claimedDeviceId) {
      const { users, isComplete } = await confirmed(clientAddress);
      const claimed = users.get(claimedUserId);
      if (claimed === undefined) return { kind: isComplete ? 'refused' : 'unavailable' };
      const recheck = recheckOf(clientAddress, claimedUserId, claimed);
      const user = userWithDevice(claimedUserId, claimed.devices, isComplete, claimedDeviceId);
      const joinedMembers = membersAskedBy(clientAddress, claimed);
      return { kind: 'vouched', ...user, recheck, joinedMembers };
    },

    async vouchedUsers(clientAddress) {
      const { users, isComplete } = await confirmed(clientAddress);
      if (users.size === 0 && !isComplete) return 'unavailable';
      return [...users].map(([userId, found]) => ({
        ...userWithDevice(userId, found.devices, isComplete),
        recheck: recheckOf(clientAddress, userId, found),
        joinedMembers: membersAskedBy(clientAddress, found),
      }));
    },
  };

  function recheckOf(clientAddress: string, userId: UserId, { tokens }: FoundUser): Recheck {
    return async () => {
      const old = await recheckTokens(clientAddress, userId, tokens);
      if (old !== 'revoked') return old;
      const { users, isComplete } = await confirmed(clientAddress);
      const found = users.get(userId);
      if (found === undefined) return isComplete ? 'revoked' : 'unknown';
      for (const token of found.tokens) tokens.add(token);
      return 'valid';
    };
  }

  function membersAskedBy(clientAddress: string, { tokens }: FoundUser): AskJoinedMembers {
    return async (roomId) => {
      let answer: JoinedMembers = { kind: 'unknown-token' };
      for (const token of tokens) {
        answer = await homeserver.joinedMembers(token, roomId, clientAddress);
        if (answer.kind !== 'unknown-token') break;
      }
      return answer;
    };
  }

  /** Takes away what the homeserver refuses: it will not be asked about again. */
  async function recheckTokens(
    clientAddress: string,
    userId: UserId,
    tokens: Set<string>,
  ): Promise<'valid' | 'revoked' | 'unknown'> {
    let failed = 0;
    for (const token of tokens) {
      const answer = await homeserver.whoami(token, clientAddress);
      if (answer.kind === 'known' && answer.userId === userId) return 'valid';
      if (answer.kind === 'unavailable') failed += 1;
      else tokens.delete(token);
      if (failed >= MAX_FAILED_QUESTIONS) break;
    }
    return failed === 0 ? 'revoked' : 'unknown';
  }

  async function confirmed(
    clientAddress: string,
  ): Promise<{ users: Map<UserId, FoundUser>; isComplete: boolean }> {
    const users = new Map<UserId, FoundUser>();
    let failed = 0;
    for (const token of table.vouchersFor(clientAddress, clock.monotonicMs())) {
      const answer = await homeserver.whoami(token, clientAddress);
      switch (answer.kind) {
        case 'known':
          table.confirm(clientAddress, token);
          note(users, answer, token);
          break;
        case 'unknown-token':
          table.drop(clientAddress, token);
          break;
        case 'unavailable':
          failed += 1;
          break;
        default:
      }
      if (failed >= MAX_FAILED_QUESTIONS) break;
    }
    return { users, isComplete: failed === 0 };
  }
}

interface FoundUser {
  readonly devices: Set<DeviceId | undefined>;
  /** At most as many as an address has. */
  readonly tokens: Set<string>;
}

function note(users: Map<UserId, FoundUser>, { userId, deviceId }: KnownToken, token: string): void {
  const found = users.get(userId) ?? { devices: new Set(), tokens: new Set() };
  found.devices.add(deviceId);
  found.tokens.add(token);
  users.set(userId, found);
}

function userWithDevice(
  userId: UserId,
  devices: ReadonlySet<DeviceId | undefined>,
  isComplete: boolean,
  claimedDeviceId?: DeviceId,
): Pick<VouchedUser, 'userId' | 'deviceId'> {
  if (claimedDeviceId !== undefined && devices.has(claimedDeviceId))
    return { userId, deviceId: claimedDeviceId };
  const [only] = devices;
  const isCertain = isComplete && devices.size === 1 && only !== undefined;
  return isCertain && claimedDeviceId === undefined ? { userId, deviceId: only } : { userId };
}
