// The syntax of `host`, `host:port` and socket paths, shared by the kinds that hold an address.
// Resolves nothing: whether a name exists is found out when it is used.

import { isIPv4, isIPv6 } from 'node:net';

/** The kernel's `sun_path` has 108 bytes with the closing NUL; a longer path is cut or refused far from its cause. */
const MAX_SOCKET_PATH_BYTES = 107;

const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:[\]]*)(?::([0-9]+))?$/;

export interface HostAndPort {
  /** Without the brackets of an IPv6 address, as the socket functions want it. */
  readonly host: string;
  readonly port: number | undefined;
}

/** `undefined` when the text is no `host` or `host:port`. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const match = HOST_AND_PORT.exec(text);
  if (match === null) return undefined;
  const written = match[1] ?? '';
  const isBracketed = written.startsWith('[');
  const host = isBracketed ? written.slice(1, -1) : written;
  if (isBracketed ? !isIPv6(host) : !isIPv4(host) && !isName(host)) return undefined;
  if (match[2] === undefined) return { host, port: undefined };
  const port = parsePort(match[2]);
  return port === undefined ? undefined : { host, port };
}

export function parsePort(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,4})$/.test(text)) return undefined;
  return Number(text) <= 65_535 ? Number(text) : undefined;
}

export function showHostAndPort({ host, port }: HostAndPort): string {
  const written = isIPv6(host) ? `[${host}]` : host;
  return port === undefined ? written : `${written}:${port}`;
}

/** What is wrong with the path of a unix socket, if anything. */
export function findSocketPathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'has a socket path that does not start with /';
  if (path.endsWith('/')) return 'names a folder, not a socket';
  if (path.includes('\0')) return 'holds a NUL character';
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    return `has a socket path longer than the ${MAX_SOCKET_PATH_BYTES} bytes that the system can take`;
  }
  return undefined;
}

/** A last label of digits only would make 127.0.0.999 a name, to be looked up for ever. */
function isName(text: string): boolean {
  return text.length <= 253 && NAME.test(text) && !/^[0-9]+$/.test(text.split('.').at(-1) ?? '');
}
