// The refusals of the operator's page, and what a device is told that an operator disconnects.

import type { ErrorEntry } from './entry.ts';

export const OPERATOR_ERRORS = {
  OPERATOR_HOST_REFUSED: {
    status: 421,
    errcode: 'M_UNKNOWN',
    text: 'This page is opened by an IP address, as localhost, or by the name in observe.host',
    blame: 'refused',
    logLevel: 'warn',
  },
  OPERATOR_HEADER_MISSING: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Actions need the header X-Portico-Operator, with any value',
    blame: 'client',
    logLevel: 'info',
  },
  OPERATOR_STREAMS_EXCEEDED: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: "The operator's page is open as often as it can be",
    blame: 'refused',
    retryAfterSeconds: 5,
    logLevel: 'info',
  },
  OPERATOR_SOCKET_NOT_FOUND: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'No such socket: it is gone already',
    blame: 'client',
    logLevel: 'info',
  },
  OPERATOR_DISCONNECTED: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'Disconnected by the operator: connect again',
    blame: 'refused',
    retryAfterSeconds: 2,
    closeCode: 1012,
    logLevel: 'info',
  },
} as const satisfies Record<string, ErrorEntry>;
