// The operator's API, for the listener of `observe.listen` only: what goes on as JSON and as server-sent events, and the
// actions. Each request is judged by operator-guard.ts first; the page itself is page.ts.

import type { FastifyInstance, FastifyRequest } from 'fastify';

import { GatewayError } from '../errors.ts';
import { exchangeOf } from '../http/exchange.ts';
import { parseCallId, type CallId } from '../matrix/ids.ts';
import type { EventStream } from './event-stream.ts';
import { refuseAction, refuseForeign, refuseFrame, refuseHost } from './operator-guard.ts';
import type { OperatorState } from './operator-state.ts';

/** What an operator may do. */
export interface OperatorActions {
  /** @throws GatewayError CALL_NOT_FOUND, STORE_UNAVAILABLE; a call that has ended stays as it is */
  endCall(callId: CallId): Promise<void>;
  /** @returns how many sockets of the device were closed; 0 for an unknown session */
  disconnect(sessionId: string): number;
  /** The gateway stops as if by SIGTERM. Twice is harmless. */
  drain(): void;
}

export interface OperatorRoutesParts {
  /** `observe.host` */
  readonly ownHost: string | undefined;
  readonly state: () => Promise<OperatorState>;
  readonly events: EventStream;
  readonly actions: OperatorActions;
  /** Of every action, for the log. */
  readonly onAction: (action: object, clientAddress: string) => void;
}

type IdRequest = FastifyRequest<{ Params: { id: string } }>;

/** @param server an encapsulated instance without routes */
export function registerOperator(server: FastifyInstance, parts: OperatorRoutesParts): void {
  const { ownHost, state, events, actions } = parts;

  server.addHook('onRequest', (request, reply, done) => {
    const { head } = exchangeOf(request.raw);
    reply.header('Cache-Control', 'no-store');
    const isAction = request.method !== 'GET' && request.method !== 'HEAD';
    const refused = refuseHost(head, ownHost) ?? (isAction ? refuseAction(head) : refuseForeign(head));
    done(refused === undefined ? undefined : new GatewayError(refused));
  });

  server.get('/api/state', () => state());

  server.get('/api/events', { exposeHeadRoute: false }, (request, reply) => {
    const refused = refuseFrame(exchangeOf(request.raw).head);
    if (refused !== undefined) throw new GatewayError(refused);
    if (events.isFull) throw new GatewayError('OPERATOR_STREAMS_EXCEEDED');
    reply.hijack();
    events.add(reply.raw);
  });

  server.post('/api/calls/:id/end', async (request: IdRequest) => {
    const callId = parseCallId(request.params.id);
    if (callId === undefined) throw new GatewayError('CALL_NOT_FOUND');
    await actions.endCall(callId);
    note(request, { action: 'end call', call_id: callId });
    return { callId, state: 'ended' };
  });

  server.post('/api/sockets/:id/disconnect', (request: IdRequest) => {
    const closed = actions.disconnect(request.params.id);
    if (closed === 0) throw new GatewayError('OPERATOR_SOCKET_NOT_FOUND');
    note(request, { action: 'disconnect device', session_id: request.params.id, sockets: closed });
    return { closed };
  });

  server.post('/api/drain', (request, reply) => {
    note(request, { action: 'drain' });
    reply.code(202).send({ state: 'draining' });
    actions.drain();
  });

  function note(request: FastifyRequest, action: object): void {
    parts.onAction(action, exchangeOf(request.raw).client.address);
  }
}
