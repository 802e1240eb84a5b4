// A real nginx for one test, with the server of docs/operations/behind-a-proxy.md in front of one Portico: plain HTTP on
// a free port in place of TLS, everything else as the page has it. Gone after the test.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';

import { freePort } from './gateway-process.ts';
import { REPOSITORY_DIR } from './places.ts';
import { until } from './until.ts';

/** @returns its URL */
export async function startNginx(t: Test, porticoPort: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-nginx-'));
  const port = await freePort();
  const site = documentedSite()
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${porticoPort}`)
    .replace(/^ *listen 443 ssl;$/m, `listen 127.0.0.1:${port};`)
    .replaceAll(/^ *(?:listen \[::\]|ssl_certificate|ssl_certificate_key)[^\n]*$/gm, '');
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;\n` +
      `events { worker_connections 256; }\n` +
      `http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;\n${site}\n}\n`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  t.teardown(async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    return fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }, 10_000);
  return url;
}

function documentedSite(): string {
  const page = readFileSync(join(REPOSITORY_DIR, 'docs/operations/behind-a-proxy.md'), 'utf8');
  const block = /^```nginx\n(.*?)^```$/ms.exec(page)?.[1];
  if (block === undefined) throw new Error('the page has no nginx configuration');
  return block;
}
