// Who records the call is told to everybody in it, and stands in its timeline. What is recorded, for how long and how
// large, is not known here: a call is the same with a recording and without.

import type { UserId } from '../../matrix/ids.ts';
import type { LiveCall } from './call.ts';
import { refused, step, type Outcome } from './decision.ts';
import { isPresent, legOf } from './legs.ts';

/** That it has stopped is noted of everybody, also of those who have left since. */
export function noteRecording(call: LiveCall, userId: UserId, isOn: boolean): Outcome {
  if (!isOn) return step(call, { type: 'recording-stopped', userId });
  if (call.state !== 'active') return refused('CALL_NOT_ACTIVE');
  const leg = legOf(call, userId);
  if (leg === undefined || !isPresent(leg)) return refused('CALL_NOT_JOINED');
  return step(call, { type: 'recording-started', userId });
}
