// `portico explain METHOD URL`: what would happen to a request, decided by the same pure functions as when it comes,
// with nothing sent. It decides nothing itself.

import { formatFaults } from '../config/faults.ts';
import type { UpstreamAddress } from '../config/kinds/url.ts';
import { loadConfig, type LoadOptions } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import { errorEntry } from '../errors.ts';
import { addressRanges } from '../http/address.ts';
import { readClient, requestOrigin } from '../http/client.ts';
import { readHead, type RequestHead } from '../http/head.ts';
import { responseDeadlineMs } from '../proxy/deadlines.ts';
import { isTransactional } from '../proxy/retry.ts';
import { routeRequest } from '../proxy/route.ts';
import { routedPath, servicePathOf, serviceTarget } from '../proxy/service-path.ts';

export interface ExplainOptions extends LoadOptions {
  readonly method: string;
  /** A target (`/_matrix/…`) or a whole URL, whose authority is then the Host. */
  readonly url: string;
  /** Lines `name: value`, as the client would send them. */
  readonly headers: readonly string[];
  /** The address that the request comes from; this machine's own unless told otherwise. */
  readonly from: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** @returns the exit code: 0 when the request would be served or forwarded, 1 when it would be refused */
export function explain({ method, url, headers, from, out, err, ...options }: ExplainOptions): number {
  const loaded = loadConfig(options);
  if ('faults' in loaded) {
    err(formatFaults(loaded.faults));
    return 1;
  }
  const { rows, isServed } = explainRequest(loaded.config, { method, url, headers, from });
  const width = Math.max(...rows.map(([name]) => name.length));
  out(rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join(''));
  return isServed ? 0 : 1;
}

interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly from: string;
}

type Row = readonly [string, string];

function explainRequest(config: Config, asked: AskedRequest): { rows: Row[]; isServed: boolean } {
  const rows: Row[] = [['request', `${asked.method} ${asked.url}`]];
  const verdict = readHead({
    method: asked.method,
    target: asked.url,
    httpVersion: '1.1',
    rawHeaders: rawHeaders(asked),
  });
  if ('refused' in verdict) return { rows: [...rows, ...refusal(verdict.refused)], isServed: false };

  const { head } = verdict;
  const peer = { address: asked.from, isUnix: false, isTls: false, localAuthority: 'localhost' };
  const client = readClient(head, peer, addressRanges(config.trustedProxies));
  rows.push(['client', `${client.address}, by ${requestOrigin(client, config.publicUrl)}`]);
  const isAdminClient = addressRanges(config.synapse.adminAllow).has(client.address);
  const services = {
    tunnels: config.tunnels.map(({ path }) => path),
    routes: config.routes.map(({ path }) => path),
  };
  const route = routeRequest(head, isAdminClient, services);
  rows.push(['route', route.route]);
  if (route.to === 'nowhere') return { rows: [...rows, ...refusal(route.code)], isServed: false };
  if (route.to === 'synapse') return { rows: [...rows, ...forwarding(head, config)], isServed: true };
  if (route.to === 'tunnel') {
    const path = servicePathOf(head.path, services.tunnels);
    const tunnel = config.tunnels.find((candidate) => candidate.path === path);
    return { rows: [...rows, ['upstream', tunnel?.to.authority ?? '']], isServed: true };
  }
  if (route.to === 'route') {
    const path = servicePathOf(head.path, services.routes);
    const service = config.routes.find((candidate) => candidate.path === path);
    return { rows: [...rows, ...(service === undefined ? [] : routing(head, service))], isServed: true };
  }
  const answer =
    route.to === 'preflight' ? '204 with the CORS headers of the Matrix specification' : 'a page, or a 404';
  return { rows: [...rows, ['answer', `${answer}, from Portico itself`]], isServed: true };
}

function forwarding(head: RequestHead, config: Config): Row[] {
  const waitSeconds = responseDeadlineMs(head, config.synapse.responseTimeoutMs) / 1000;
  const isRepeated = head.method === 'GET' || head.method === 'HEAD' || isTransactional(head);
  return [
    ['upstream', nameOf(config.synapse.url)],
    ['target', head.target],
    ['waits', `${waitSeconds} s for the answer to begin`],
    ['retry', isRepeated ? 'once, if a kept-alive connection breaks under it' : 'never after it was sent'],
    ['body', `at most ${config.synapse.maxUploadBytes} bytes`],
  ];
}

function routing(head: RequestHead, route: Config['routes'][number]): Row[] {
  const service = routedPath(route);
  return [
    ['rule', `routes: ${route.path}`],
    ['upstream', `http${route.to.isTls ? 's' : ''}://${route.to.authority}`],
    ['host', service.upstreamHost],
    ['target', serviceTarget(service, head.target)],
    ['body', `at most ${route.maxBodyBytes} bytes`],
  ];
}

function refusal(code: Parameters<typeof errorEntry>[0]): Row[] {
  const { status, text } = errorEntry(code);
  return [['refused', `${status} ${code}: ${text}`]];
}

function rawHeaders({ url, headers }: AskedRequest): string[] {
  const raw = headers.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const hasHost = raw.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  if (hasHost) return raw;
  return ['Host', /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? 'localhost', ...raw];
}

function nameOf(address: UpstreamAddress): string {
  return address.kind === 'unix' ? `unix:${address.path}` : address.origin;
}
