// A gateway in this process for one test: its config given as it would stand in the file, every port chosen by the
// system, stopped when the test ends. It starts no Synapse (synapse.ts) and no recording upstream (upstream.ts).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';
import { pino } from 'pino';

import { configTree, type Config } from '../../src/config/config.ts';
import { formatFaults } from '../../src/config/faults.ts';
import { resolve } from '../../src/config/resolve.ts';
import { createGateway, type Gateway, type GatewayOverrides } from '../../src/gateway.ts';

export type ConfigDocument = Readonly<Record<string, unknown>>;

export interface TestGateway {
  readonly gateway: Gateway;
  readonly port: number;
  readonly url: string;
  readonly observeUrl: string;
  /** Every line of the log so far, parsed. */
  readonly logged: readonly Record<string, unknown>[];
}

/** @param folder where the store is kept @throws if the document is no valid config */
export function testConfig(document: ConfigDocument, folder: string): Config {
  const resolved = resolve(configTree, {
    document: {
      listen: ['127.0.0.1:0'],
      observe: { listen: '127.0.0.1:0' },
      store: storeAt(folder),
      ...document,
    },
    environment: {},
    readFile: () => {
      throw new Error('tests name no secret files');
    },
  });
  if ('faults' in resolved) throw new Error(formatFaults(resolved.faults));
  return resolved.config;
}

export async function startGateway(
  t: Test,
  document: ConfigDocument,
  overrides: GatewayOverrides = {},
): Promise<TestGateway> {
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const folder = mkdtempSync(join(tmpdir(), 'portico-store-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const gateway = createGateway(testConfig(document, folder), { log, ...overrides });
  t.teardown(async () => {
    await gateway.stop();
    await gateway.stop();
  });
  await gateway.start();
  const port = portOf(gateway.addresses);
  return {
    gateway,
    port,
    url: `http://127.0.0.1:${port}`,
    observeUrl: `http://127.0.0.1:${portOf(gateway.observeAddresses)}`,
    logged,
  };
}

function storeAt(folder: string): ConfigDocument {
  return { url: `sqlite:${join(folder, 'portico.db')}` };
}

function portOf(addresses: Gateway['addresses']): number {
  const tcp = addresses.find((address) => address.kind === 'tcp');
  if (tcp === undefined) throw new Error('no TCP listener');
  return tcp.port;
}
