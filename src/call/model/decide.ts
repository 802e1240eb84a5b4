// The only way a call changes. Pure: a call, a command and the time give the next call with its events, nothing, or a
// refusal; the value that came in stays as it was. Each rule is in the file of its concern, this one only assigns.

import type { UserId } from '../../matrix/ids.ts';
import { answer, reject } from './answer.ts';
import type { Call, EndedCall, LiveCall } from './call.ts';
import type { CallCommand } from './commands.ts';
import { judgeOverdue } from './deadlines.ts';
import { refused, step, type Decision, type Limits, type Outcome } from './decision.ts';
import { finish } from './finish.ts';
import { invite } from './invite.ts';
import { end, leave, replace } from './leaving.ts';
import { legOf } from './legs.ts';
import { noteDisconnected, noteReconnected, removeUser, resume, revokeDevice, toggle } from './presence.ts';
import { noteRecording } from './recording.ts';
import { noteBusy, noteNotified, noteOffline, noteRinging, silence } from './ring.ts';
import { canCallMove } from './transitions.ts';

export function decide(call: Call, command: CallCommand, nowMs: number, limits: Limits): Decision {
  if (!isConcerned(call, command)) return refused('CALL_NOT_FOUND');

  // A late timer must not let an answer win against a deadline that has passed. If the command is refused for it, the
  // deadline stays to be judged by that timer.
  const judged =
    command.type === 'resume' ? step(call) : judgeOverdue(call, nowMs, { areGracesSpared: false });
  const outcome =
    judged.call.state === 'ended'
      ? applyToEnded(judged.call, command)
      : applyToLive(judged.call, command, nowMs, limits);
  if (outcome.kind === 'refused') return outcome;

  const [first, ...rest] = [...judged.events, ...outcome.events];
  if (first === undefined) return { kind: 'unchanged' };
  // A move outside the table is a defect of ours: thrown, so that it cannot be committed.
  if (!canCallMove(call.state, outcome.call.state))
    throw new TypeError(`A call cannot go from ${call.state} to ${outcome.call.state}`);
  return { kind: 'changed', call: { ...outcome.call, version: call.version + 1 }, events: [first, ...rest] };
}

function applyToLive(call: LiveCall, command: CallCommand, nowMs: number, limits: Limits): Outcome {
  switch (command.type) {
    case 'note-notified':
      return noteNotified(call, command.devices, nowMs);
    case 'note-ringing':
      return noteRinging(call, command, nowMs);
    case 'silence':
      return silence(call, command, nowMs);
    case 'note-offline':
      return noteOffline(call, command.userIds);
    case 'note-busy':
      return noteBusy(call, command.userIds, nowMs);
    case 'invite':
      return invite(call, command, nowMs, limits);
    case 'answer':
      return answer(call, command, nowMs, limits);
    case 'reject':
      return reject(call, command, nowMs);
    case 'end':
      return end(call, command, nowMs);
    case 'leave':
      return leave(call, command, nowMs);
    case 'replace':
      return replace(call, command, nowMs);
    case 'toggle':
      return toggle(call, command.userId, command.medium, command.isEnabled);
    case 'note-recording':
      return noteRecording(call, command.userId, command.isOn);
    case 'note-disconnected':
      return noteDisconnected(call, command, nowMs, limits);
    case 'note-reconnected':
      return noteReconnected(call, command);
    case 'remove-user':
      return removeUser(call, command.userId, nowMs);
    case 'revoke-device':
      return revokeDevice(call, command, nowMs);
    case 'terminate':
      return finish(call, command.reason, 'system', nowMs);
    case 'resume':
      return resume(call, nowMs, limits);
    case 'judge-deadlines':
      return step(call);
    default:
      return command satisfies never;
  }
}

/** An ended call never changes. What asked for its end has it; what asked for more learns that it is over. */
function applyToEnded(call: EndedCall, command: CallCommand): Outcome {
  switch (command.type) {
    case 'invite':
    case 'answer':
    case 'toggle':
    case 'note-recording':
    case 'note-notified':
    case 'note-ringing':
    case 'silence':
    case 'note-reconnected':
      return refused('CALL_ENDED');
    case 'note-offline':
    case 'note-busy':
    case 'reject':
    case 'end':
    case 'leave':
    case 'replace':
    case 'note-disconnected':
    case 'remove-user':
    case 'revoke-device':
    case 'terminate':
    case 'resume':
    case 'judge-deadlines':
      return step(call);
    default:
      return command satisfies never;
  }
}

/** Whether any user that the command names has a leg; what names none comes from the gateway itself. */
function isConcerned(call: Call, command: CallCommand): boolean {
  const named = usersOf(command);
  return named === undefined || named.some((userId) => legOf(call, userId) !== undefined);
}

function usersOf(command: CallCommand): readonly UserId[] | undefined {
  switch (command.type) {
    case 'note-notified':
      return command.devices.map(({ userId }) => userId);
    case 'note-offline':
    case 'note-busy':
      return command.userIds;
    case 'terminate':
    case 'resume':
    case 'judge-deadlines':
      return undefined;
    default:
      return [command.userId];
  }
}
