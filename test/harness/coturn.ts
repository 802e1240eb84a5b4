// A real coturn for one test: config/turnserver.conf with another secret, on loopback and a free port, gone after the
// test. Owns its start and stop; what is asked of it is turn-client.ts.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';

import { REPOSITORY_DIR } from './places.ts';
import { TurnClient } from './turn-client.ts';
import { until } from './until.ts';

export interface TestCoturn {
  readonly port: number;
  readonly secret: string;
  /** Everything that it has logged so far. */
  readonly log: () => string;
  /** Nothing that comes is read or passed on, until mend(). */
  stall(): void;
  mend(): void;
}

export const hasIpv6Loopback = Object.values(networkInterfaces())
  .flat()
  .some((entry) => entry?.address === '::1');

/** The sample denies them, as it must; two browsers on one machine have no others. */
const LOOPBACK_PEERS = ['--allow-loopback-peers', '--allowed-peer-ip=127.0.0.1', '--allowed-peer-ip=::1'];

export interface CoturnOptions {
  /** Lines of the sample whose value is another one in this test, such as `user-quota`. */
  readonly changes?: Readonly<Record<string, string>>;
  readonly hasLoopbackPeers?: boolean;
}

/** A start of 4.6.1 has been seen that opens its port and answers nothing on it, ever. */
const STARTS = 3;

export async function startCoturn(t: Test, options: CoturnOptions = {}): Promise<TestCoturn> {
  const silent: string[] = [];
  while (silent.length < STARTS) {
    const coturn = await startOnce(t, options);
    if (await doesAnswer(t, coturn.port)) return coturn;
    silent.push(coturn.log());
  }
  throw new Error(`turnserver answers nothing, after ${STARTS} starts:\n${silent.join('\n\n')}`);
}

async function startOnce(
  t: Test,
  { changes = {}, hasLoopbackPeers = false }: CoturnOptions,
): Promise<TestCoturn> {
  const secret = 'a-secret-of-this-test-only';
  const port = await freeUdpPort();
  const directory = mkdtempSync(join(tmpdir(), 'portico-coturn-'));
  const configuration = join(directory, 'turnserver.conf');
  writeFileSync(
    configuration,
    sampleWith({ ...changes, 'static-auth-secret': secret, 'listening-port': String(port) }),
  );
  const relays = ['--relay-ip=127.0.0.1', ...(hasIpv6Loopback ? ['--relay-ip=::1'] : [])];
  const peers = hasLoopbackPeers ? LOOPBACK_PEERS : [];
  const ours = [...peers, '-c', configuration, '--listening-ip=127.0.0.1', ...relays];
  const quiet = ['--no-tls', '--no-dtls', '--log-file=stdout', '--simple-log', '--verbose'];
  const files = [`--pidfile=${join(directory, 'pid')}`, `--userdb=${join(directory, 'users')}`];
  const child = spawn('turnserver', [...ours, ...quiet, ...files], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(directory, { recursive: true });
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (log += piece.toString()));
  const isListening = (): boolean => {
    if (child.exitCode !== null) throw new Error(`turnserver ended:\n${log}`);
    // The thread that starts last: what comes before those that judge credentials is never answered, nor sent again.
    return log.includes('UDP listener opened on') && log.includes('IO method (admin thread)');
  };
  await Promise.race([until(isListening, 20_000), failed]);
  return {
    port,
    secret,
    log: () => log,
    stall: () => void child.kill('SIGSTOP'),
    mend: () => void child.kill('SIGCONT'),
  };
}

/** Wrong credentials are judged by the same threads as right ones, and leave nothing behind. */
async function doesAnswer(t: Test, port: number): Promise<boolean> {
  const stranger = await TurnClient.open(t, port, { username: 'stranger', credential: 'of this start' });
  return stranger.allocate().then(
    ({ status }) => status === 401,
    () => false,
  );
}

/** @throws if a line is not in the sample: the test would then show nothing about it */
function sampleWith(changes: Readonly<Record<string, string>>): string {
  let sample = readFileSync(join(REPOSITORY_DIR, 'config', 'turnserver.conf'), 'utf8');
  for (const [name, value] of Object.entries(changes)) {
    const line = new RegExp(`^${name}=.*$`, 'm');
    if (!line.test(sample)) throw new Error(`the sample has no line ${name}=`);
    sample = sample.replace(line, `${name}=${value}`);
  }
  return sample;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
