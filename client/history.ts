// Past calls as the HTTP API tells them, written as those of the library. Pure. The server is ours: docs/openapi.json says
// what it answers, and a test that it does.

import type { PastCall } from './portico.ts';

interface Entry {
  readonly call_id: string;
  readonly room_id: string;
  readonly call_type: 'voice' | 'video';
  readonly status: string;
  readonly reason: string | null;
  readonly initiator_id: string;
  readonly created_at: string;
  readonly duration_ms: number | null;
  readonly participants: readonly { readonly matrix_user_id: string }[];
}

/** What `GET /api/calls` and `GET /api/calls/missed` answer, as far as it is read. */
export interface PastCallsAnswer {
  readonly calls: readonly Entry[];
}

export function readPastCalls({ calls }: PastCallsAnswer): readonly PastCall[] {
  return calls.map((call) => {
    const createdAt = Date.parse(call.created_at);
    const past = {
      callId: call.call_id,
      roomId: call.room_id,
      callType: call.call_type,
      state: call.status,
      endReason: call.reason ?? undefined,
      initiatorId: call.initiator_id,
      createdAt,
      durationMs: call.duration_ms ?? 0,
      participants: call.participants.map(({ matrix_user_id }) => matrix_user_id),
      // As the server names the place after it: what it says of the last of a page can be said of each.
      cursor: `${createdAt}.${call.call_id}`,
    };
    return past;
  });
}
