// What an application is asked about a handshake, as a raw header list: the page's own headers, and whom its path
// names. Pure. Nothing that a page sends may look like something that we say.

import { requestHeaders } from '../proxy/headers.ts';
import type { Handshake, Subject } from './application.ts';

/**
 * Those of the handshake that are about its connection or its frames, and those by which the answer would be another
 * one than the JSON that is read; and what a proxy says of the original request.
 */
const DROPPED = new Set([
  'accept',
  'accept-encoding',
  'host',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]);
const DROPPED_PREFIXES = ['content-', 'sec-websocket-', 'x-portico-'];

/** What cannot stand in a header, and the sign by which it is encoded instead. */
const UNSAFE = /[^\x21-\x24\x26-\x7e]+/g;

/** Without Host, which is that of the application's own URL. */
export function questionHeaders({ requestHead, client, requestId }: Handshake, subject: Subject): string[] {
  const headers: string[] = [];
  const forwarded = requestHeaders(requestHead, client, requestId);
  for (let i = 0; i < forwarded.length; i += 2) {
    const name = forwarded[i] ?? '';
    if (!isDropped(name)) headers.push(name, forwarded[i + 1] ?? '');
  }
  headers.push('Accept', 'application/json');
  headers.push('X-Forwarded-Uri', requestHead.target, 'X-Original-URI', requestHead.target);
  if (subject.kind === 'profile') {
    headers.push('X-Portico-Profile-Id', String(subject.profileId));
    headers.push('X-Portico-Profile-Type', encoded(subject.profileType));
  } else {
    headers.push('X-Portico-Room', encoded(subject.roomId), 'X-Portico-User', encoded(subject.userId));
  }
  return headers;
}

function isDropped(name: string): boolean {
  // WSGI and CGI servers read `X_Portico_Room` as `X-Portico-Room`, some `.` as well.
  const spelled = name.toLowerCase().replaceAll(/[_.]/g, '-');
  return DROPPED.has(spelled) || DROPPED_PREFIXES.some((prefix) => spelled.startsWith(prefix));
}

function encoded(text: string): string {
  return text.toWellFormed().replaceAll(UNSAFE, (unsafe) => encodeURIComponent(unsafe));
}
