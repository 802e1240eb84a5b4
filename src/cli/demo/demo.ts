// The demo command: a Synapse of its own, two accounts with a shared room, the gateway in front, one block of text.
// Owns the order of start and stop; how the gateway is built is handed in, every other step is a file beside this one.

import { join, resolve as resolvePath } from 'node:path';

import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import {
  ensureSharedRoom,
  keptAccounts,
  loginUser,
  logoutUser,
  registerUser,
  type Account,
  type RegistrationAccess,
  type SharedRoom,
} from './accounts.ts';
import { DemoFailure } from './failure.ts';
import { lockHolderPid, tryLock } from './lock.ts';
import type { Out } from './progress.ts';
import { installSynapse } from './synapse-install.ts';
import { describeExit, startSynapse, type SynapseExit } from './synapse-process.ts';

const SERVER_NAME = 'localhost';
const USERS = ['alice', 'bob'];
const ROOM_ALIAS_NAME = 'portico-demo';

/** `off`: the configuration says so. `not built`: it is to be served, but the web build is missing. */
export type CallPageState = 'served' | 'not built' | 'off';

export interface DemoGateway {
  url: string;
  callPage: CallPageState;
  /** Resolves when the operator's page has asked for a stop. */
  drainAsked: Promise<void>;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** A server that already runs: nothing is installed, no account is made. */
  synapseUrl?: string;
  /** Holds the installed Synapse, its data and the passwords; kept between runs. */
  stateDir: string;
  startGateway: (options: { synapseUrl: string }) => Promise<DemoGateway>;
  out: Out;
  /** Aborted by Ctrl-C: everything is stopped, in reverse order. */
  signal: AbortSignal;
  clock: Clock;
  random: Random;
  env?: NodeJS.ProcessEnv;
}

/** Runs until the signal is aborted. The exit code: 0 when it was stopped, 1 when it could not start or go on. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { out, signal } = options;
  const undo = new AsyncDisposableStack();
  let exitCode = 0;
  try {
    await run(options, undo);
  } catch (error) {
    if (!signal.aborted) {
      if (!(error instanceof DemoFailure)) throw error;
      out.write(`\n${error.message}\n`);
      exitCode = 1;
    }
  } finally {
    await undo.disposeAsync();
  }
  if (signal.aborted) out.write('Stopped.\n');
  return exitCode;
}

async function run(options: DemoOptions, undo: AsyncDisposableStack): Promise<void> {
  const { out, signal, startGateway } = options;
  if (options.synapseUrl !== undefined) {
    const gateway = await startGateway({ synapseUrl: options.synapseUrl });
    undo.defer(() => gateway.stop());
    const { url: gatewayUrl, callPage } = gateway;
    out.write(describeDemo({ gatewayUrl, callPage, synapseUrl: options.synapseUrl }));
    await Promise.race([aborted(signal), gateway.drainAsked]);
    return;
  }
  const { synapse, accounts, room } = await startOwnSynapse(options, undo);
  const gateway = await startGateway({ synapseUrl: synapse.url });
  undo.defer(() => gateway.stop());
  const { url: gatewayUrl, callPage } = gateway;
  out.write(describeDemo({ gatewayUrl, callPage, synapseUrl: synapse.url, accounts, room }));
  const exit = await Promise.race([
    synapse.exited,
    aborted(signal),
    gateway.drainAsked.then(() => undefined),
  ]);
  if (exit !== undefined) throw new DemoFailure(explainExit(exit, synapse.logFile));
}

interface OwnSynapse {
  synapse: { url: string; exited: Promise<SynapseExit>; logFile: string };
  accounts: Account[];
  room: SharedRoom;
}

async function startOwnSynapse(options: DemoOptions, undo: AsyncDisposableStack): Promise<OwnSynapse> {
  const { out, signal, clock, random, env } = options;
  const stateDir = resolvePath(options.stateDir);
  const venv = await installSynapse({ stateDir, out, clock, signal, ...(env === undefined ? {} : { env }) });
  const dataDir = join(stateDir, 'demo');
  const lockFile = `${dataDir}.lock`;
  const lock = await tryLock(lockFile);
  if (lock === undefined) {
    const pid = await lockHolderPid(lockFile);
    throw new DemoFailure(
      `The demo already runs here${pid === undefined ? '' : ` (process ${pid})`}. Stop it first (Ctrl-C there).`,
    );
  }
  undo.defer(() => lock.release());
  out.write('Starting Synapse ...\n');
  const synapse = await startSynapse({ venv, dataDir, serverName: SERVER_NAME, clock, random, signal });
  undo.defer(() => synapse.stop());
  const accounts = await keptAccounts(join(dataDir, 'accounts.json'), SERVER_NAME, USERS, random);
  const { registrationSharedSecret } = synapse;
  try {
    const room = await furnish({ synapseUrl: synapse.url, registrationSharedSecret, signal }, accounts);
    return { synapse, accounts, room };
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    const remedy = `Remove the folder ${dataDir}; the next start makes a new one.`;
    throw new DemoFailure(`${error.message}\n${remedy}`, { cause: error });
  }
}

/** Every step leaves a finished one alone, so that an interrupted first run is completed by the next. */
async function furnish(access: RegistrationAccess, accounts: readonly Account[]): Promise<SharedRoom> {
  const [alice, bob] = accounts;
  if (alice === undefined || bob === undefined) throw new Error('the demo has two accounts');
  for (const account of accounts) await registerUser(access, account);
  const aliceSession = await loginUser(access, alice);
  const bobSession = await loginUser(access, bob);
  const room = await ensureSharedRoom(access, aliceSession, bobSession, ROOM_ALIAS_NAME);
  // Every start would leave two more devices in the lists that people see.
  await logoutUser(access, aliceSession);
  await logoutUser(access, bobSession);
  return room;
}

export interface DemoFacts {
  gatewayUrl: string;
  callPage: CallPageState;
  synapseUrl: string;
  accounts?: readonly Account[];
  room?: SharedRoom;
}

/** The block that the user reads and copies from. */
export function describeDemo(facts: DemoFacts): string {
  const gatewayUrl = facts.gatewayUrl.replace(/\/$/, '');
  const rows: [string, string][] = [
    ...callPageRow(facts.callPage, gatewayUrl),
    ['Homeserver URL', gatewayUrl],
    ['Call config', `${gatewayUrl}/call-config.json`],
    ['Synapse behind', facts.synapseUrl],
    ...(facts.accounts ?? []).map(({ userId, password }): [string, string] => [
      userId,
      `password ${password}`,
    ]),
    ...(facts.room === undefined ? [] : [['Shared room', facts.room.alias] satisfies [string, string]]),
  ];
  const widthChars = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => `  ${name.padEnd(widthChars)}${value}`);
  return ['', 'Portico is up.', '', ...lines, '', 'Ctrl-C stops everything.', ''].join('\n');
}

function callPageRow(state: CallPageState, gatewayUrl: string): [string, string][] {
  if (state === 'off') return [];
  return [['Call page', state === 'served' ? `${gatewayUrl}/call/` : 'not built; run: npm run build:web']];
}

function explainExit(exit: SynapseExit, logFile: string): string {
  return `Synapse ${describeExit(exit)}, so the demo stops. Its log: ${logFile}`;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
