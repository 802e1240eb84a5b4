// Puts together what the operator's page shows: from the live calls and sockets, the store, the samples and the loops.
// It cuts the lists, and decides nothing about calls.

import type { Leg, LiveCall } from '../call/model/call.ts';
import { isPresent } from '../call/model/legs.ts';
import type { Clock } from '../clock.ts';
import type { ConnectedSocket } from '../signaling/operator-view.ts';
import type { CallHistory } from './call-history.ts';
import type { Health } from './health.ts';
import type { TimedSample } from './latency-samples.ts';
import type { Loop } from './loops.ts';
import type {
  CutList,
  GatewayState,
  LiveCallState,
  OperatorState,
  ParticipantState,
  SocketCount,
} from './operator-state.ts';

export interface OperatorViewParts {
  readonly calls: () => Iterable<LiveCall>;
  readonly sockets: () => Iterable<ConnectedSocket>;
  readonly history: Pick<CallHistory, 'read'>;
  readonly health: Health;
  readonly samples: () => readonly TimedSample[];
  readonly loops: () => readonly Loop[];
  readonly load: () => Pick<GatewayState, 'connections' | 'heldPolls' | 'tunnels'>;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
}

const MAX_CALLS = 100;
const MAX_PARTICIPANTS = 51;
const MAX_DEVICES = 200;

/** @returns what makes the state anew each time that it is called; what cannot be known now is left out */
export function createOperatorView(parts: OperatorViewParts): () => Promise<OperatorState> {
  const { clock, health } = parts;
  const startedAtMs = clock.nowMs();

  return async () => {
    const [{ synapse, store }, history] = await Promise.all([health.readiness(), parts.history.read()]);
    const sockets = [...parts.sockets()];
    return {
      atMs: clock.nowMs(),
      gateway: {
        state: parts.isDraining() ? 'draining' : 'serving',
        startedAtMs,
        isStoreWritable: store,
        ...parts.load(),
      },
      calls: liveCalls([...parts.calls()], sockets),
      sockets: countSockets(sockets),
      devices: cut(sockets, MAX_DEVICES),
      history,
      upstream: { isReachable: synapse, samples: parts.samples() },
      loops: parts.loops(),
    };
  };
}

/** The oldest first: what goes on for long is what an operator looks for. */
function liveCalls(calls: readonly LiveCall[], sockets: readonly ConnectedSocket[]): CutList<LiveCallState> {
  const oldest = calls.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  const { total, shown } = cut(oldest, MAX_CALLS);
  const dialects = new Map(
    sockets.map(({ userId, deviceId, dialect }) => [deviceKey(userId, deviceId), dialect]),
  );
  return {
    total,
    shown: shown.map((call) => ({
      callId: call.callId,
      roomId: call.roomId,
      type: call.callType,
      state: call.state,
      createdAtMs: call.createdAtMs,
      answeredAtMs: call.state === 'active' ? call.answeredAtMs : undefined,
      participants: call.legs.slice(0, MAX_PARTICIPANTS).map((leg) => participant(leg, dialects)),
    })),
  };
}

function participant(leg: Leg, dialects: ReadonlyMap<string, string>): ParticipantState {
  const { userId, state } = leg;
  const dialect = isPresent(leg) ? dialects.get(deviceKey(userId, leg.deviceId)) : undefined;
  return { userId, state, dialect };
}

function deviceKey(userId: string | undefined, deviceId: string | undefined): string {
  return `${userId} ${deviceId}`;
}

function countSockets(sockets: readonly ConnectedSocket[]): readonly SocketCount[] {
  const counts = new Map<string, SocketCount>();
  for (const { dialect, trust } of sockets) {
    const key = `${dialect} ${trust}`;
    counts.set(key, { dialect, trust, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count);
}

function cut<T>(list: readonly T[], limit: number): CutList<T> {
  return { total: list.length, shown: list.slice(0, limit) };
}
