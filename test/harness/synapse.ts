// A real Synapse for one test: a copy of a template that is migrated once, on a free port, gone after the test. Owns
// the template and the copies; how Synapse is installed and started is the demo's code, so that tests prove it too.

import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import {
  keptAccounts,
  loginUser,
  registerUser,
  type Account,
  type Session,
} from '../../src/cli/demo/accounts.ts';
import { takeLock } from '../../src/cli/demo/lock.ts';
import { pause } from '../../src/cli/demo/pause.ts';
import { synapseFiles } from '../../src/cli/demo/synapse-config.ts';
import { installSynapse, SYNAPSE_VERSION } from '../../src/cli/demo/synapse-install.ts';
import {
  startSynapse,
  type RunningSynapse,
  type SynapseOptions,
} from '../../src/cli/demo/synapse-process.ts';
import type { Venv } from '../../src/cli/demo/venv.ts';
import { systemClock } from '../../src/clock.ts';
import { systemRandom } from '../../src/random.ts';
import { STATE_DIR } from './places.ts';

/** To be raised when what the template holds changes. */
const TEMPLATE_EDITION = 1;
const SERVER_NAME = 'localhost';
const USERS = ['alice', 'bob'];
const ACCOUNTS_FILE = 'accounts.json';
const LOG_POLL_MS = 25;
const DEFAULT_LOG_WAIT_MS = 20_000;

export interface TestSynapseOptions {
  publicBaseUrl?: string;
  extraConfig?: Readonly<Record<string, unknown>>;
}

/** One request as Synapse saw it, from its access log. */
export interface AccessLine {
  clientAddress: string;
  /** `@alice:localhost`, or `None`. */
  requester: string;
  status: number;
  method: string;
  /** As it reached Synapse, byte for byte, with access tokens redacted. */
  target: string;
  userAgent: string;
}

export interface TestSynapse {
  /** The same before and after a restart. */
  url: string;
  port: number;
  serverName: string;
  alice: Account;
  bob: Account;
  registrationSharedSecret: string;
  dataDir: string;
  pid(): number;
  /** Orderly stop; the port is then closed. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  login(account: Account): Promise<Session>;
  log(): Promise<string>;
  /** Resolves with the match when the log has it; rejects with the log's end after `timeoutMs`. */
  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** The requests so far. Synapse logs a request after its answer is sent: wait with waitForAccess. */
  accessLines(): Promise<AccessLine[]>;
  waitForAccess(matches: (line: AccessLine) => boolean, timeoutMs?: number): Promise<AccessLine>;
}

/** The part of tap's `t` that is used here. */
export interface HasTeardown {
  teardown(action: () => Promise<unknown>): unknown;
}

export async function startTestSynapse(
  t: HasTeardown,
  options: TestSynapseOptions = {},
): Promise<TestSynapse> {
  const { venv, template } = await ensureTemplate();
  const dataDir = await mkdtemp(join(tmpdir(), 'portico-synapse-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  await cp(template, dataDir, { recursive: true });
  const [alice, bob] = await testAccounts(dataDir);
  const settings = { ...synapseOptions(venv, dataDir), ...options };
  let running = await startSynapse(settings);
  const { url, port, logFile, registrationSharedSecret } = running;
  t.teardown(() => running.stop());

  const log = async (): Promise<string> => readFile(logFile, 'utf8');
  const accessLines = async (): Promise<AccessLine[]> => parseAccessLines(await log());
  return {
    url,
    port,
    serverName: SERVER_NAME,
    alice,
    bob,
    registrationSharedSecret,
    dataDir,
    pid: () => running.pid,
    stop: () => running.stop(),
    kill: () => running.kill(),
    start: async () => {
      await running.stop();
      running = await startSynapse({ ...settings, port });
    },
    login: (account) => loginUser({ synapseUrl: url }, account),
    log,
    waitForLog: (pattern, timeoutMs) => waitForLog(log, pattern, timeoutMs),
    accessLines,
    waitForAccess: async (matches, timeoutMs = DEFAULT_LOG_WAIT_MS) => {
      const found = await poll(async () => (await accessLines()).find(matches), timeoutMs);
      if (found !== undefined) return found;
      throw new Error(`no such request in ${timeoutMs} ms; Synapse saw:\n${await lastLines(log)}`);
    },
  };
}

/** Reads `synapse.access.http` lines; anything else in the log is passed over. */
export function parseAccessLines(log: string): AccessLine[] {
  const pattern =
    /- synapse\.access\.\S+ - \w+ - \S+ - (\S+) - \S+ - \{(\S+)\} Processed request: .*?B (\d+)!? "(\S+) (\S+) [^"]*" "(.*)" \[\d+ dbevts\]$/gm;
  return [...log.matchAll(pattern)].map((match) => {
    const [, clientAddress = '', requester = '', status = '', method = '', target = '', userAgent = ''] =
      match;
    return { clientAddress, requester, status: Number(status), method, target, userAgent };
  });
}

interface Template {
  venv: Venv;
  template: string;
}

/** Installs Synapse and builds the template where they are missing; the first test process pays for all. */
export async function ensureTemplate(): Promise<Template> {
  // Standard output belongs to TAP.
  const venv = await installSynapse({ stateDir: STATE_DIR, out: process.stderr, clock: systemClock });
  const template = join(STATE_DIR, `test-template-${SYNAPSE_VERSION}-${TEMPLATE_EDITION}`);
  if (!existsSync(template)) {
    const lock = await takeLock(`${template}.lock`);
    try {
      if (!existsSync(template)) await buildTemplate(venv, template);
    } finally {
      await lock.release();
    }
  }
  return { venv, template };
}

/** Built beside its place and renamed at the end: a template that exists is complete. */
async function buildTemplate(venv: Venv, template: string): Promise<void> {
  const prefix = `${basename(template)}.building-`;
  for (const name of await readdir(dirname(template))) {
    if (name.startsWith(prefix)) await rm(join(dirname(template), name), { recursive: true, force: true });
  }
  const dataDir = await mkdtemp(join(dirname(template), prefix));
  const synapse = await startSynapse(synapseOptions(venv, dataDir));
  try {
    for (const account of await testAccounts(dataDir)) {
      const { registrationSharedSecret } = synapse;
      await registerUser({ synapseUrl: synapse.url, registrationSharedSecret }, account);
    }
    // Left undone, the rest of the migrations would run again in every copy, beside the test.
    await waitForLog(() => readFile(synapse.logFile, 'utf8'), /No more background updates to do/, 60_000);
  } finally {
    await synapse.stop();
  }
  await dropTraces(synapse, dataDir);
  await rename(dataDir, template);
}

async function dropTraces(synapse: RunningSynapse, dataDir: string): Promise<void> {
  const files = synapseFiles(dataDir);
  // The log would show requests that no test made; the others carry this folder's name and are written anew.
  for (const file of [synapse.logFile, files.config, files.logConfig]) await rm(file, { force: true });
}

function synapseOptions(venv: Venv, dataDir: string): SynapseOptions {
  return { venv, dataDir, serverName: SERVER_NAME, clock: systemClock, random: systemRandom };
}

async function testAccounts(dataDir: string): Promise<[Account, Account]> {
  const file = join(dataDir, ACCOUNTS_FILE);
  if (!existsSync(file)) {
    await writeFile(
      file,
      JSON.stringify(Object.fromEntries(USERS.map((user) => [user, `${user}-test-password`]))),
    );
  }
  const [alice, bob] = await keptAccounts(file, SERVER_NAME, USERS, systemRandom);
  if (alice === undefined || bob === undefined) throw new Error('the template has two accounts');
  return [alice, bob];
}

async function waitForLog(
  log: () => Promise<string>,
  pattern: RegExp,
  timeoutMs = DEFAULT_LOG_WAIT_MS,
): Promise<RegExpExecArray> {
  const match = await poll(async () => pattern.exec(await log()) ?? undefined, timeoutMs);
  if (match !== undefined) return match;
  throw new Error(`${pattern} not in Synapse's log after ${timeoutMs} ms; its end:\n${await lastLines(log)}`);
}

async function poll<T>(look: () => Promise<T | undefined>, timeoutMs: number): Promise<T | undefined> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || systemClock.monotonicMs() > deadlineMs) return found;
    await pause(LOG_POLL_MS);
  }
}

async function lastLines(log: () => Promise<string>): Promise<string> {
  return (await log()).trimEnd().split('\n').slice(-20).join('\n');
}
