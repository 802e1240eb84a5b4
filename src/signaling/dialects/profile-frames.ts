// What pages of the profile dialect are told: the frames, as text. Pure. What is worth telling is decided by the channel
// (profiles/channel.ts).

import type { CallType } from '../../call/model/call.ts';
import { keyOf, type ProfileName } from './profile-key.ts';
import { passedOnInCalls, type VoiceWord } from './profile.ts';

type Members = Readonly<Record<string, unknown>>;

/** Somebody as a page is told of: a profile, or a user without one, whose id stands in its place. */
export interface Shown {
  readonly profileId: number | string;
  readonly profileType: string;
  readonly name: string | undefined;
  readonly avatar: string | undefined;
}

export type ConversationId = string | number;

export interface MissedCall {
  readonly id: string;
  readonly caller: Shown;
  /** ISO 8601. */
  readonly initiatedAt: string;
}

/** Lists of profiles are written once for all who ask. */
export type ListText = string & { readonly isList: unique symbol };

export const PONG = JSON.stringify({ type: 'pong' });

export function connected(name: ProfileName): string {
  return frame({ type: 'connection', status: 'connected', connection_key: keyOf(name) });
}

export function missedCalls(calls: readonly MissedCall[]): string {
  return frame({
    type: 'missed_calls_notification',
    count: calls.length,
    calls: calls.map(({ id, caller, initiatedAt }) => ({
      id,
      caller_profile_id: caller.profileId,
      caller_profile_type: caller.profileType,
      caller_name: caller.name ?? null,
      caller_avatar: caller.avatar ?? null,
      status: 'missed',
      initiated_at: initiatedAt,
    })),
  });
}

export function presence(
  type: 'user_online' | 'user_offline',
  { profileId, profileType }: ProfileName,
  timestamp: string,
): string {
  return frame({ type, profile_type: profileType, [`${profileType}_profile_id`]: profileId, timestamp });
}

export function listOf(profiles: readonly Shown[]): ListText {
  return JSON.stringify(
    profiles.map(({ profileId, profileType, name, avatar }) => ({
      profile_type: profileType,
      profile_id: profileId,
      name: name ?? null,
      avatar: avatar ?? null,
      is_online: true,
    })),
  ) as ListText;
}

export function onlineUsers(users: ListText, count: number, timestamp: string): string {
  return `{"type":"online_users_list","users":${users},"count":${count},"timestamp":"${timestamp}"}`;
}

export function callInvitation(
  from: Shown,
  invitation: {
    readonly callType: CallType;
    readonly voiceWord: VoiceWord;
    readonly conversationId: ConversationId;
    readonly offer: unknown;
    readonly isGroup: boolean;
    readonly timestamp: string;
  },
): string {
  const { callType, voiceWord, conversationId, offer, isGroup, timestamp } = invitation;
  return frame({
    type: 'call_invitation',
    call_type: callTypeOf(callType, voiceWord),
    conversation_id: conversationId,
    ...whole(from),
    // A page that rings without one is told again when it has come.
    offer: offer ?? null,
    timestamp,
    ...(isGroup ? { group_call: true } : {}),
  });
}

export function callAnswer(from: Shown, conversationId: ConversationId, answer: unknown): string {
  return frame({ type: 'call_answer', conversation_id: conversationId, ...origin(from), answer });
}

export function iceCandidate(from: Shown, conversationId: ConversationId, candidate: unknown): string {
  return frame({ type: 'ice_candidate', candidate, conversation_id: conversationId, ...origin(from) });
}

export function callDeclined(conversationId: ConversationId, reason: string | undefined): string {
  return frame({
    type: 'call_declined',
    conversation_id: conversationId,
    ...(reason === undefined ? {} : { reason }),
  });
}

export function callCancelled(
  conversationId: ConversationId,
  callType: CallType,
  voiceWord: VoiceWord,
): string {
  return frame({
    type: 'call_cancelled',
    conversation_id: conversationId,
    call_type: callTypeOf(callType, voiceWord),
  });
}

export function callEnded(conversationId: ConversationId): string {
  return frame({ type: 'call_ended', conversation_id: conversationId });
}

/**
 * What is passed on whole in a call.
 * @param sent what the sender put beside what is ours, made up or not
 * @param body the description, if it has one
 */
export function passedInCall(
  type: 'webrtc_offer' | 'webrtc_answer' | 'call_offer' | 'call_invite' | 'call_mode_switched',
  { from, to, conversationId }: Between,
  sent: Members,
  body: Members = {},
): string {
  const extra = passedOnInCalls(sent);
  return frame({
    ...extra,
    type,
    conversation_id: conversationId,
    ...whole(from),
    ...addressed(to),
    ...body,
  });
}

export interface Between {
  readonly from: Shown;
  readonly to: ProfileName;
  readonly conversationId: ConversationId;
}

/** A type of the application's own. */
export function passedOutside(type: string, from: Shown, to: ProfileName, extra: Members): string {
  return frame({ ...extra, type, ...whole(from), ...addressed(to) });
}

/** @param code a word of the dialect, or that of an error registry entry */
export function failed(code: string, message: string): string {
  return frame({ type: 'error', code: code.toLowerCase(), message });
}

function callTypeOf(callType: CallType, voiceWord: VoiceWord): string {
  return callType === 'voice' ? voiceWord : callType;
}

function whole(from: Shown): Members {
  return { ...origin(from), from_name: from.name ?? null, from_avatar: from.avatar ?? null };
}

function origin({ profileId, profileType }: Shown): Members {
  return { from_profile_id: profileId, from_profile_type: profileType };
}

function addressed({ profileId, profileType }: ProfileName): Members {
  return { to_profile_id: profileId, to_profile_type: profileType };
}

function frame(members: Members): string {
  return JSON.stringify(members);
}
