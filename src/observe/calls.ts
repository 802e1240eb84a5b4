// What a change of a call counts as. Reads what was committed; it changes no call.

import type { Committed } from '../call/service.ts';
import type { Metrics } from './metrics.ts';

export function countCall(metrics: Metrics, { call, events, atMs }: Committed): void {
  for (const event of events) {
    if (event.type === 'initiated') metrics.callsStarted.inc({ type: call.callType });
    if (event.type === 'answered' && !event.isLateJoin)
      metrics.ringSeconds.observe((atMs - call.createdAtMs) / 1_000);
    if (event.type === 'ended' && call.state === 'ended') {
      const answered = call.answeredAtMs === undefined ? 'no' : 'yes';
      metrics.callsEnded.inc({ reason: event.reason, answered });
    }
  }
}
