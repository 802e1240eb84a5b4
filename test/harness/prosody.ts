// A real Prosody for one test: anonymous users, WebSocket and BOSH, rooms; on loopback and a free port, gone after the
// test. Owns its config, its start and its stop; what is said to it is the test's.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';

import { freePort } from './gateway-process.ts';
import { until } from './until.ts';

export interface TestProsody {
  readonly port: number;
  /** Its users' domain. */
  readonly domain: string;
  readonly rooms: string;
  /** Everything that it has logged so far. */
  readonly log: () => string;
}

const DOMAIN = 'meet.test';

/** @param origin with it, WebSockets of other pages than its own are refused with 403 */
export async function startProsody(t: Test, origin?: string): Promise<TestProsody> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-prosody-'));
  const port = await freePort();
  const rooms = `conference.${DOMAIN}`;
  const file = join(folder, 'prosody.cfg.lua');
  writeFileSync(file, config({ folder, port, rooms, origin }));
  writeFileSync(join(folder, 'mod_page_origin.lua'), PAGE_ORIGIN);
  const child = spawn('prosody', ['--config', file, '-F'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (log += piece.toString()));
  t.teardown(async () => {
    if (child.exitCode === null && child.pid !== undefined) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const isServing = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`prosody ended:\n${log}`);
    return fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  };
  await Promise.race([until(isServing, 20_000), failed]);
  return { port, domain: DOMAIN, rooms, log: () => log };
}

interface ProsodyPlace {
  readonly folder: string;
  readonly port: number;
  readonly rooms: string;
  readonly origin: string | undefined;
}

function config({ folder, port, rooms, origin }: ProsodyPlace): string {
  return `run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "127.0.0.1" }
plugin_paths = { "${folder}" }
modules_enabled = { "saslauth", "disco", "websocket", "bosh", "http_errors" }
modules_disabled = { "s2s", "tls", "offline" }
c2s_ports = {}
c2s_direct_tls_ports = {}
legacy_ssl_ports = {}
s2s_ports = {}
http_interfaces = { "127.0.0.1" }
http_ports = { ${port} }
https_ports = {}
trusted_proxies = { "127.0.0.1" }
consider_websocket_secure = true
consider_bosh_secure = true
VirtualHost "${DOMAIN}"
  authentication = "anonymous"
${origin === undefined ? '' : `  modules_enabled = { "page_origin" }\n  page_origin = "${origin}"`}
Component "${rooms}" "muc"
  restrict_room_creation = false
  muc_room_locking = false
`;
}

/** A module as an operator writes it: since 0.12 Prosody leaves the check of a page's origin to them. */
const PAGE_ORIGIN = `
local allowed = module:get_option_string("page_origin");
require "net.http.server".add_handler("GET /xmpp-websocket", function (event)
  if event.request.headers.origin ~= allowed then return 403 end
end, 100);
`;
