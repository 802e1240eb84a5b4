// docs/errors.md: every code that reaches the wire, from the registry, and what an operator can do about it.
// Only the advice is written here; status, errcode and text are the registry's.

import { ERRORS, errorEntry, type ErrorCode } from '../../src/errors.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# Errors

<!-- Generated from src/errors.ts by docs/generate/errors.ts. -->

Every answer that Portico makes itself, rather than Synapse, has a code of this table. The code stands in the access log
(\`code\`) and in the metric \`portico_errors_total\`. Under \`/_matrix\` and \`/_synapse\` the body is
\`{"errcode": …, "error": …}\`, elsewhere \`{"error": …, "code": …}\`; a path that nothing serves outside of them is answered
with \`{"error": "Not Found", "message": …}\`. Inner messages never reach the wire.

- **Whose fault** is also \`ended_by\` in the log and in the metric \`portico_requests_total\`: \`client\` asked wrongly or
  left, \`refused\` is a limit or rule of ours, \`upstream\` is Synapse, \`gateway\` is a defect of Portico.
- **Retry-After** is in seconds; without it, asking again does not help.
- **Closes** means that the connection ends with the answer, because what follows on it cannot be trusted.
- **Close code** is what a WebSocket is closed with for the same reason.
`;

const ADVICE: Readonly<Record<ErrorCode, string>> = {
  REQUEST_MALFORMED:
    'Nothing, when it is rare: scanners send it. From a proxy of yours, look for one that rewrites requests.',
  REQUEST_FRAMING_AMBIGUOUS:
    'Treat it as an attempt at request smuggling, unless it comes from a proxy of yours: then update that proxy.',
  REQUEST_TARGET_INVALID:
    'Find the client that does not percent-encode its paths; a proxy in front must pass targets on unchanged.',
  REQUEST_HOST_INVALID: 'Have the proxy in front send one Host, the name that clients use.',
  REQUEST_TRAILER_FORBIDDEN: 'Nothing: no Matrix client sends such trailers.',
  REQUEST_HEADERS_TOO_LARGE:
    'Look for cookies or proxies that pile up fields; `limits.header_size` raises the limit.',
  REQUEST_TIMEOUT:
    'Nothing, when it is rare: a client went out of reach. `limits.header_timeout` and `limits.body_idle_timeout` are the limits.',
  REQUEST_METHOD_REFUSED: 'Nothing: CONNECT and TRACE have no use here.',
  REQUEST_VERSION_UNSUPPORTED: 'Have the proxy in front speak HTTP/1.1 to Portico.',
  METHOD_NOT_ALLOWED: 'Correct the client: the documents served here are only read.',
  BODY_TOO_LARGE:
    'Raise `synapse.max_upload` together with `max_upload_size` of Synapse, if such uploads are wanted.',
  ROUTE_NOT_FOUND: 'Check the URL that the client was given.',
  ROUTE_DENIED: 'Nothing, unless it is your own admin tool: then list its address in `synapse.admin_allow`.',
  CONNECTIONS_EXCEEDED:
    'See who holds the connections (`portico_connections`); raise `limits.connections` and the open-files limit together.',
  ADDRESS_CONNECTIONS_EXCEEDED:
    'If the address is a proxy of yours, list it in `trusted_proxies`; else `limits.connections_per_address` is the limit.',
  GATEWAY_DRAINING: 'Nothing: Portico is about to stop, and clients come back by themselves.',
  UPSTREAM_UNREACHABLE:
    'Start Synapse, or correct `synapse.url`; `GET /ready` shows when it is back. With the route `tunnel` or `route`, the same for the service of `tunnels` or `routes`.',
  UPSTREAM_FAILED: 'Look into the log of Synapse at this time: it was restarted, or it crashed.',
  UPSTREAM_TIMEOUT:
    'Look for an overloaded Synapse or database; `synapse.response_timeout` is how long is waited.',
  IDENTITY_REQUIRED:
    'Have the client send its access token. If a user ID alone is to do, its own `/sync` has to come through here, from an address of its own: list your proxies in `trusted_proxies`.',
  IDENTITY_UNKNOWN_TOKEN:
    'Nothing: the user logged out, or the session expired. The client has to log in again.',
  IDENTITY_MISMATCH: 'Correct the client, unless somebody tries to be another user: see who, by the address.',
  IDENTITY_UNAVAILABLE:
    'Start Synapse, or look for what makes it slow; clients try again by themselves, and nobody is logged out.',
  BODY_NOT_JSON: 'Correct the client: our own API takes JSON, with the Content-Type application/json.',
  CALL_REQUEST_INCOMPLETE: 'Correct the client: the text of the answer names what is missing.',
  CALL_NOT_FOUND: 'Nothing: the call is unknown, or does not concern who asked.',
  CALL_NOT_RINGING: 'Nothing: the ring was over when the answer came.',
  CALL_ANSWERED_ELSEWHERE: 'Nothing: another device of the same user was quicker.',
  CALL_ENDED: 'Nothing: the call was over when the request came.',
  CALL_NOT_ACTIVE: 'Nothing: others can be invited once somebody has answered.',
  CALL_NOT_JOINED: 'Nothing: only who is in a call can change it.',
  CALL_OTHER_DEVICE: 'Nothing: only the device that is in the call can change it.',
  CALL_TARGET_UNKNOWN: 'Nothing: the participant has left, or never was in the call.',
  CALL_NEGOTIATION_EXCEEDED:
    'Nothing, when it is rare: the other side is out of reach. Else look for a client that goes on sending before anybody has answered.',
  CALL_GLARE: 'Nothing: the other side called first, and that call goes on ringing.',
  CALL_FULL: 'Call fewer people: a call rings at most fifty.',
  CALL_NOBODY_TO_CALL: 'Invite somebody into the room, and wait until they have joined it.',
  CALL_NOT_IN_ROOM: 'Nothing: only who is in a room can call there.',
  CALL_RATE_EXCEEDED: 'Look for a client that dials in a loop.',
  API_RATE_EXCEEDED:
    'Look for a client that asks in a loop; `limits.api_rate` is how much one user may ask in a minute.',
  FRAME_MALFORMED: 'Correct the client: the text says what was wrong. `docs/protocol/` has every message.',
  REGISTER_TIMEOUT: 'Correct the client: its first frame has to say who it is.',
  SIGNALING_RATE_EXCEEDED:
    'Look for a client that sends in a loop; `limits.signaling_rate` is how much one socket may send.',
  SESSION_REPLACED: 'Nothing: the same client has opened a newer socket, or its user has opened too many.',
  READER_TOO_SLOW:
    'Nothing, when it is rare: a client on a slow network. It comes back, and gets what it missed.',
  ROOM_NOT_FOUND: 'Correct the link or the page: the room in its path does not exist, or no longer.',
  ROOM_USER_NOT_FOUND: 'Correct the page: the user in its path does not exist; a registry forgets its users.',
  PAGE_REFUSED:
    'Nothing, when it is rare: who opened the page is logged out of the application, or not whom the path names. Else look at what the application answers, or at the claims of its tokens.',
  APPLICATION_UNAVAILABLE:
    'See the line of the log that says what came instead: start the application, or correct `forward.url` or `jwt.jwks_url` of `signaling.profile` or `signaling.room`. Pages try again by themselves.',
  RESUME_REJOIN:
    'Nothing: the client was away for too long, or Portico was restarted. It joins its call again.',
  REGISTRY_REQUEST_INVALID: 'Correct the page: the text of the answer names what is wrong.',
  REGISTRY_FULL:
    'See who fills the room registry: nobody is identified there. What is not in use is forgotten after `store.keep_calls`.',
  RECORDING_DISABLED: 'If calls are to be recorded, set `recordings.enabled`.',
  RECORDING_NOT_FOUND:
    'Nothing: it was deleted, or its time was over (`recordings.keep`). If its file is missing, somebody has removed it from `recordings.dir`.',
  RECORDING_NOT_ALLOWED:
    'Nothing: only who records may add to a recording, only who was in the call may hear it, and only who recorded or called may delete it.',
  RECORDING_REQUEST_INVALID: 'Correct the client: the text of the answer names what is wrong.',
  RECORDING_TYPE_REFUSED:
    'Correct the client: it names the type in the member `filetype` of `Upload-Metadata`.',
  RECORDING_RUNNING: 'Nothing: it can be recorded again once the other recording has stopped.',
  RECORDING_OFFSET_WRONG: 'Nothing: the client asks how much has arrived, and goes on there.',
  RECORDING_STOPPED:
    'Nothing, when it is rare: the call is over, or nothing came for half a minute. The client begins another recording.',
  RECORDING_TOO_LARGE:
    'Raise `recordings.max_size` if such recordings are wanted; one request adds at most 16 MiB.',
  RECORDING_RANGE_UNSATISFIABLE: 'Nothing: the client asks for what is not there.',
  RECORDING_FULL:
    'See what fills `recordings.dir`: raise `recordings.max_total`, shorten `recordings.keep`, or delete recordings. One call keeps at most a hundred.',
  RECORDING_NOT_WRITTEN: 'Look at the disk of `recordings.dir`: full, read-only, or gone.',
  OPERATOR_HOST_REFUSED:
    'If the name is yours, put it into `observe.host`. Else somebody has pointed a name of theirs at this address, to reach the page from their own (DNS rebinding).',
  OPERATOR_HEADER_MISSING: 'Correct the script: the page sends the header by itself.',
  OPERATOR_STREAMS_EXCEEDED: "Close the operator's page somewhere else: eight can be open at a time.",
  OPERATOR_SOCKET_NOT_FOUND: 'Nothing: the client went away before it was disconnected.',
  OPERATOR_DISCONNECTED:
    'Nothing: an operator did it on the page of `observe.listen`. The client comes back by itself.',
  STORE_UNAVAILABLE: 'Look at the disk of `store.url`: full, read-only, or locked by another program.',
  ORIGIN_REFUSED:
    'If it is a page of yours, list its origin in `signaling.origins`. If it is our own, set `public_url`, or list the proxy in front in `trusted_proxies`.',
  GATEWAY_FAILED: 'Report it, with the line of the log that has the same request id.',
};

export function renderErrors(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const rows = codes.map((code) => {
    const entry = errorEntry(code);
    return [
      `\`${code}\``,
      String(entry.status),
      `\`${entry.errcode}\``,
      entry.text,
      entry.blame,
      entry.retryAfterSeconds === undefined ? '' : String(entry.retryAfterSeconds),
      entry.closes === true ? 'yes' : '',
      entry.closeCode === undefined ? '' : String(entry.closeCode),
      ADVICE[code],
    ];
  });
  const head = [
    'Code',
    'Status',
    'errcode',
    'Text',
    'Whose fault',
    'Retry-After',
    'Closes',
    'Close code',
    'What to do',
  ];
  return `${INTRODUCTION}\n${renderTable([head, ...rows])}\n`;
}
