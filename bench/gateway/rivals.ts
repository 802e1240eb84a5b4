// Who runs against whom: each rival with its configuration, as short as its documentation has it for this purpose, on one
// core and without a log of requests. Writes configurations; starts nothing.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { BenchCertificate } from './certificate.ts';
import type { Command } from './pinned-process.ts';

export interface Place {
  readonly port: number;
  readonly targetPort: number;
  /** Its own, empty, gone after it. */
  readonly folder: string;
  /** Clients come by TLS and are shown this; by plain HTTP without it. */
  readonly certificate: BenchCertificate | undefined;
}

export interface Rival {
  readonly name: string;
  /** How it is set up, for the report. */
  readonly setup: string;
  /** @throws where it is not installed */
  version(): string;
  /** Writes what it reads at its start into its folder. */
  command(place: Place): Command;
}

export const NGINX_DOCUMENTED = 'nginx, as Synapse documents it';
export const NGINX_TUNED = 'nginx, tuned';
export const FASTIFY_HTTP_PROXY = '@fastify/http-proxy';
export const PORTICO = 'Portico';

/** As the container image and `npm start` start it. */
const YOUNG_GENERATION = '--max-semi-space-size=16';

/** Both ends of 8,000 held requests, and some. */
const MAX_CONNECTIONS = 19_000;

const nginxVersion = (): string => versionIn('nginx', ['-v']);

export const RIVALS: readonly Rival[] = [
  {
    name: NGINX_DOCUMENTED,
    setup:
      'the server of docs/reverse_proxy.md of Synapse, but for HTTP/2; a connection to Synapse for each request',
    version: nginxVersion,
    command: (place) =>
      nginx(place, '', `proxy_pass http://127.0.0.1:${place.targetPort}; proxy_http_version 1.1;`),
  },
  {
    name: NGINX_TUNED,
    setup:
      'the same with `keepalive 64` in an upstream block and an empty `Connection`, uploads not stored first',
    version: nginxVersion,
    command: (place) =>
      nginx(
        place,
        `upstream synapse { server 127.0.0.1:${place.targetPort}; keepalive 64; }`,
        `proxy_pass http://synapse; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;`,
      ),
  },
  {
    name: 'HAProxy',
    setup: 'frontend and backend of docs/reverse_proxy.md of Synapse, but for HTTP/2',
    version: () => /version (\S+)/.exec(versionIn('haproxy', ['-v']))?.[1] ?? 'unknown',
    command({ port, targetPort, folder, certificate }) {
      const file = join(folder, 'haproxy.cfg');
      const tls = certificate === undefined ? '' : ` ssl crt ${certificate.both} alpn http/1.1`;
      writeFileSync(
        file,
        `global
  maxconn ${Math.floor(MAX_CONNECTIONS / 2)}
defaults
  mode http
  timeout connect 5s
  timeout client 200s
  timeout server 200s
frontend matrix-clients
  bind 127.0.0.1:${port}${tls}
  http-request set-header X-Forwarded-Proto http${tls === '' ? '' : 's'}
  http-request set-header X-Forwarded-For %[src]
  acl matrix-path path_beg /_matrix
  acl matrix-path path_beg /_synapse/client
  use_backend matrix if matrix-path
backend matrix
  server matrix 127.0.0.1:${targetPort}
`,
      );
      return { command: 'haproxy', args: ['-db', '-f', file] };
    },
  },
  {
    name: 'Caddy',
    setup: 'the two lines of docs/reverse_proxy.md of Synapse',
    version: () => versionIn('caddy', ['version']).split(' ', 1)[0] ?? 'unknown',
    command({ port, targetPort, folder, certificate }) {
      const file = join(folder, 'Caddyfile');
      const [site, tls] =
        certificate === undefined
          ? [`http://:${port}`, '']
          : [`https://localhost:${port}`, `tls ${certificate.certificate} ${certificate.key}`];
      writeFileSync(
        file,
        `{
	admin off
	auto_https off
}
${site} {
	bind 127.0.0.1
	${tls}
	reverse_proxy /_matrix/* 127.0.0.1:${targetPort}
	reverse_proxy /_synapse/client/* 127.0.0.1:${targetPort}
}
`,
      );
      const args = ['run', '--config', file, '--adapter', 'caddyfile'];
      return { command: 'caddy', args, env: { HOME: folder } };
    },
  },
  fromNpm(
    'http-proxy',
    'http-proxy.ts',
    'with an agent that keeps connections; connections of clients kept for 75 s, as nginx does',
  ),
  fromNpm(
    'http-proxy-3',
    'http-proxy.ts',
    'with an agent that keeps connections; connections of clients kept for 75 s, as nginx does',
  ),
  fromNpm(
    '@fastify/http-proxy',
    'fastify-http-proxy.ts',
    'with undici, as many connections as clients; connections of clients kept for 75 s',
  ),
  fromNpm(
    'fast-proxy',
    'fast-proxy.ts',
    'with undici, as many connections as clients; connections of clients kept for 75 s',
  ),
  {
    name: PORTICO,
    setup:
      'every default but the number of connections and the level of the log; the certificate where it speaks TLS',
    version: () => packageVersion('../../package.json'),
    command({ port, targetPort, folder, certificate }) {
      const file = join(folder, 'portico.yaml');
      const tls =
        certificate === undefined
          ? ''
          : `tls: { certificate: '${certificate.certificate}', key: '${certificate.key}' }`;
      writeFileSync(
        file,
        `listen: ['127.0.0.1:${port}']
synapse: { url: 'http://127.0.0.1:${targetPort}' }
limits: { connections: ${MAX_CONNECTIONS}, connections_per_address: ${MAX_CONNECTIONS} }
store: { url: 'sqlite:${join(folder, 'portico.db')}' }
observe: { listen: '127.0.0.1:0' }
log: { level: warn }
${tls}
`,
      );
      return {
        command: process.execPath,
        args: [YOUNG_GENERATION, pathOf('../../src/main.ts'), '--config', file],
      };
    },
  },
];

function nginx({ port, folder, certificate }: Place, upstream: string, pass: string): Command {
  const tls =
    certificate === undefined
      ? ''
      : `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key}; ssl_protocols TLSv1.2 TLSv1.3;`;
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; worker_rlimit_nofile ${MAX_CONNECTIONS};
pid ${folder}/pid; error_log stderr; user ${userInfo().username};
events { worker_connections ${MAX_CONNECTIONS}; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  ${upstream}
  server {
    listen 127.0.0.1:${port}${tls === '' ? '' : ' ssl'}; ${tls}
    location ~ ^(/_matrix|/_synapse/client) {
      ${pass}
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Host $host:$server_port;
      client_max_body_size 50M;
    }
  }
}
`,
  );
  return { command: 'nginx', args: ['-c', file, '-p', folder, '-e', 'stderr'] };
}

function fromNpm(name: string, script: string, setup: string): Rival {
  return {
    name,
    setup,
    version: () => packageVersion(`../node_modules/${name}/package.json`),
    command: ({ port, targetPort, certificate }) => ({
      command: process.execPath,
      args: [
        pathOf(`rivals/${script}`),
        name,
        String(port),
        String(targetPort),
        ...(certificate === undefined ? [] : [certificate.certificate, certificate.key]),
      ],
    }),
  };
}

function packageVersion(path: string): string {
  return (JSON.parse(readFileSync(pathOf(path), 'utf8')) as { readonly version: string }).version;
}

/** Some say it on standard output, some on standard error. */
function versionIn(command: string, args: readonly string[]): string {
  const said = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], { encoding: 'utf8' });
  return (said.split('\n', 1)[0] ?? '').replace(/^nginx version: nginx\//, '');
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
