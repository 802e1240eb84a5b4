// The call API: each route reads its request, learns who asks, sends one command or one question, and writes the view.
// Rules of calls are in model/, texts and shapes in requests.ts and views.ts.

import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Clock } from '../clock.ts';
import { GatewayError, type ErrorCode } from '../errors.ts';
import { bearerOf } from '../http/auth.ts';
import { exchangeOf } from '../http/exchange.ts';
import type { Caller, Callers } from '../http/own-api.ts';
import type { IceServer, IceServers } from '../ice/ice.ts';
import { parseCallId, type CallId, type DeviceId, type UserId } from '../matrix/ids.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import { watchLookups } from './lookups.ts';
import { findInvitees } from './membership.ts';
import type { Call, UserDevice } from './model/call.ts';
import type { CallCommand } from './model/commands.ts';
import { isPending, legOf } from './model/legs.ts';
import { verdict } from './model/verdict.ts';
import { rejectStatus, sessionStatus } from './model/words.ts';
import {
  readEnabled,
  readHistoryQuery,
  readIdempotencyKey,
  readInitiate,
  readClaim,
  readRelayed,
  readShown,
  readStats,
  type Parsed,
  type Relayed,
} from './requests.ts';
import type { CallResult, CallService } from './service.ts';
import { foldStats, readSummary, statsView } from './stats.ts';
import { activeView, cursorAfter, eventView, historyView, statusView } from './views.ts';

/**
 * Relays a description or candidate to other participants, as one that came on a socket of the caller's.
 * @returns why it is refused: CALL_NOT_FOUND for an unknown call and for a stranger alike
 */
export type Negotiate = (
  caller: { readonly userId: UserId; readonly deviceId: DeviceId | undefined },
  offered: Relayed & { readonly callId: CallId },
) => ErrorCode | undefined | Promise<ErrorCode | undefined>;

export interface CallRoutesParts {
  readonly callers: Callers;
  readonly service: CallService;
  readonly store: Pick<
    Store,
    'findLiveCalls' | 'listCalls' | 'listMissed' | 'markMissedRead' | 'readEvents' | 'putStats' | 'readStats'
  >;
  readonly homeserver: Pick<Homeserver, 'joinedMembers'>;
  readonly ice: IceServers;
  readonly clock: Clock;
  readonly negotiate: Negotiate;
  /** Which device a caller counts as, also one whose device nobody knows (a script with a user id only). */
  readonly deviceOf: (caller: Caller) => DeviceId;
  /** The same in a call that goes on; undefined where no device of the user can be told from another. */
  readonly deviceIn: (callId: CallId, caller: Caller) => DeviceId | undefined;
}

const MAX_TIMELINE_EVENTS = 1_000;
const MAX_MISSED = 100;

const RELAY_PATHS = { offer: 'offer', answer: 'answer-sdp', candidate: 'ice-candidate' } as const;

type CallRequest = FastifyRequest<{ Params: { id: string } }>;

export function registerCalls(server: FastifyInstance, parts: CallRoutesParts): void {
  const { service, store, homeserver, ice, negotiate } = parts;
  const lookups = watchLookups(parts.callers, parts.clock);
  const { callers } = lookups;

  server.setErrorHandler(async (error, request, reply) => {
    if (error instanceof GatewayError && error.code === 'CALL_NOT_FOUND')
      await lookups.hold(request.raw, reply.raw);
    throw error instanceof StoreUnavailable ? new GatewayError('STORE_UNAVAILABLE', error) : error;
  });

  server.post('/api/calls/initiate', async (request, reply) => {
    const shown = readShown(request.body);
    const { roomId, callType, invitees } = valueOf(
      readInitiate(request.body, hasToken(request, shown.accessToken)),
    );
    const idempotencyKey = valueOf(readIdempotencyKey(request.headers['idempotency-key']));
    const caller = await callers.identify(request.raw, shown);
    if (caller.token === undefined) throw new GatewayError('IDENTITY_REQUIRED');
    const invited = await findInvitees(homeserver, {
      ...caller,
      token: caller.token,
      roomId,
      callerId: caller.userId,
      invitees,
    });
    if ('refused' in invited) throw new GatewayError(invited.refused);
    const initiator = deviceOf(caller);
    const call = callOf(await service.initiate({ roomId, callType, initiator, ...invited }, idempotencyKey));
    return reply.code(201).send({
      callId: call.callId,
      roomId: call.roomId,
      callType: call.callType,
      status: sessionStatus(call),
      iceServers: await iceServersFor(caller),
    });
  });

  server.post('/api/calls/:id/answer', async (request: CallRequest) => {
    const caller = await participant(request, 'userId and accessToken required');
    const call = await run(request, { type: 'answer', ...deviceOf(caller) });
    const { callId, roomId, callType } = call;
    return { callId, status: sessionStatus(call), roomId, callType, iceServers: await iceServersFor(caller) };
  });

  server.post('/api/calls/:id/reject', async (request: CallRequest) => {
    const caller = await participant(request, 'userId and accessToken required');
    const call = await run(request, { type: 'reject', ...deviceOf(caller) });
    return { callId: call.callId, status: rejectStatus(call, caller.userId) };
  });

  server.post('/api/calls/:id/end', async (request: CallRequest) => {
    const caller = await participant(request, 'userId required');
    const deviceId = parts.deviceIn(callIdOf(request), caller);
    const call = await run(request, { type: 'end', userId: caller.userId, deviceId });
    return { callId: call.callId, status: 'ended' };
  });

  for (const medium of ['audio', 'video'] as const) {
    server.post(`/api/calls/:id/toggle-${medium}`, async (request: CallRequest) => {
      const isEnabled = valueOf(readEnabled(request.body));
      const { userId } = await callers.identify(request.raw, readShown(request.body));
      await run(request, { type: 'toggle', userId, medium, isEnabled });
      return { success: true, [`${medium}Enabled`]: isEnabled };
    });
  }

  for (const kind of ['offer', 'answer', 'candidate'] as const) {
    server.post(`/api/calls/:id/${RELAY_PATHS[kind]}`, async (request: CallRequest) => {
      const relayed = valueOf(readRelayed(kind, request.body));
      const caller = await callers.identify(request.raw, readShown(request.body));
      const callId = callIdOf(request);
      const sender = { userId: caller.userId, deviceId: parts.deviceIn(callId, caller) };
      const refused = await negotiate(sender, { callId, ...relayed });
      if (refused !== undefined) throw new GatewayError(refused);
      return { success: true };
    });
  }

  server.get('/api/calls/active', async (request) => {
    const { userId } = readClaim(request.query);
    if (userId === undefined) throw incomplete('userId required');
    const caller = await callers.identify(request.raw, { userId });
    const calls = (await store.findLiveCalls(caller.userId)).filter((call) => isRinging(call, caller));
    return { calls: calls.map(activeView), iceServers: await iceServersFor(caller) };
  });

  server.get('/api/calls/:id/status', async (request: CallRequest) =>
    statusView((await visible(request)).call),
  );

  server.get('/api/calls/:id/timeline', async (request: CallRequest) => {
    const { call } = await visible(request);
    const events = await store.readEvents(call.callId, 0, MAX_TIMELINE_EVENTS);
    const stats = [...(await store.readStats(call.callId))].flatMap(([userId, stored]) => {
      const summary = readSummary(stored);
      return summary === undefined ? [] : [statsView(userId, summary)];
    });
    return { callId: call.callId, verdict: verdict(call, events), events: events.map(eventView), stats };
  });

  server.post('/api/calls/:id/stats', async (request: CallRequest, reply) => {
    const report = valueOf(readStats(request.body));
    const { userId } = await callers.identify(request.raw, readShown(request.body));
    const callId = callIdOf(request);
    // Also after the end: a device sends its last report when it hangs up.
    if ((await service.find(callId, userId)) === undefined) throw new GatewayError('CALL_NOT_FOUND');
    // Two reports of one user at the same moment may count as one: it is a summary, not a ledger.
    const before = readSummary((await store.readStats(callId)).get(userId));
    await store.putStats(callId, userId, JSON.stringify(foldStats(before, report)));
    return reply.code(204).send();
  });

  server.get('/api/calls', async (request) => {
    const query = valueOf(readHistoryQuery(request.query));
    const { userId } = await callers.identify(request.raw, readClaim(request.query));
    const calls = await store.listCalls(userId, query);
    const last = calls.length === query.limit ? calls.at(-1) : undefined;
    return {
      calls: calls.map((call) => historyView(call, userId)),
      next: last === undefined ? null : cursorAfter(last),
    };
  });

  server.get('/api/calls/missed', async (request) => {
    const { userId } = await callers.identify(request.raw, readClaim(request.query));
    const calls = await store.listMissed(userId, MAX_MISSED);
    return { count: calls.length, calls: calls.map((call) => historyView(call, userId)) };
  });

  server.post('/api/calls/missed/read', async (request) => {
    const { userId } = await callers.identify(request.raw, readShown(request.body));
    await store.markMissedRead(userId);
    return { success: true };
  });

  /** Who answers, rejects or ends: with the original's text when the body does not say. */
  async function participant(request: CallRequest, required: string): Promise<Caller> {
    const shown = readShown(request.body);
    const needsToken = required.includes('accessToken');
    if (shown.userId === undefined || (needsToken && !hasToken(request, shown.accessToken)))
      throw incomplete(required);
    return callers.identify(request.raw, shown);
  }

  function deviceOf(caller: Caller): UserDevice {
    return { userId: caller.userId, deviceId: parts.deviceOf(caller) };
  }

  async function run(request: CallRequest, command: CallCommand): Promise<Call> {
    return callOf(await service.command(callIdOf(request), command));
  }

  /** A call and who of those that ask may see it. @throws GatewayError CALL_NOT_FOUND also for strangers */
  async function visible(request: CallRequest): Promise<{ call: Call }> {
    const callId = callIdOf(request);
    for (const { userId } of await callers.identifyEach(request.raw, readClaim(request.query))) {
      const call = await service.find(callId, userId);
      if (call !== undefined) return { call };
    }
    throw new GatewayError('CALL_NOT_FOUND');
  }

  async function iceServersFor({ userId, token, clientAddress }: Caller): Promise<readonly IceServer[]> {
    return (await ice.forUser({ userId, token, clientAddress })).iceServers;
  }
}

function callIdOf({ params }: CallRequest): CallId {
  const callId = parseCallId(params.id);
  if (callId === undefined) throw new GatewayError('CALL_NOT_FOUND');
  return callId;
}

function callOf(result: CallResult): Call {
  if ('call' in result) return result.call;
  const { refused, callId } = result;
  throw new GatewayError(refused, undefined, callId === undefined ? {} : { members: { callId } });
}

function valueOf<T>(parsed: Parsed<T>): T {
  if ('value' in parsed) return parsed.value;
  throw incomplete(parsed.fault);
}

function incomplete(text: string): GatewayError {
  const code: ErrorCode = 'CALL_REQUEST_INCOMPLETE';
  return new GatewayError(code, undefined, { text });
}

function hasToken(request: FastifyRequest, inBody: string | undefined): boolean {
  return inBody !== undefined || bearerOf(exchangeOf(request.raw).head) !== undefined;
}

function isRinging(call: Call, { userId }: Caller): boolean {
  const leg = legOf(call, userId);
  return call.state === 'ringing' && leg !== undefined && !leg.isInitiator && isPending(leg);
}
