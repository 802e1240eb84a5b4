// A gibibyte up and a gibibyte down through a gateway process: byte-exact, with memory flat. Linux only (/proc).

import { createHash, randomBytes, type Hash } from 'node:crypto';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';

import t, { type Test } from 'tap';

import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';

const test = eachLane(t);

const MIB = 1024 * 1024;
const TOTAL_BYTES = 1024 * MIB;
const PIECE = randomBytes(MIB);
const MAX_GROWTH_BYTES = 16 * MIB;
/**
 * V8 lets 64 KiB pieces that are done with pile up to twice its young generation, and more while its sweeper, a thread of
 * its own, waits for a busy core. A small young generation, swept at once, keeps that from hiding what the gateway holds.
 */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--no-concurrent-array-buffer-sweeping'];
/** What is held would be held each time; what the sweeper left behind on a loaded machine is not. */
const MAX_ATTEMPTS = 4;

t.setTimeout(180_000);

await test('1 GiB up and 1 GiB down leave memory flat', async (t, lane) => {
  const { url: synapseUrl, received } = await startMeasuringOrigin(t);
  const gateway = await spawnGateway(
    t,
    { ...lane.environment, PORTICO_SYNAPSE_URL: synapseUrl, PORTICO_SYNAPSE_MAX_UPLOAD: '2GiB' },
    NODE_OPTIONS,
  );
  const expected = pieceDigest(TOTAL_BYTES);
  // The first transfers fill the allocator's pools and compile the code; growth is judged after that.
  await download(gateway, 64 * MIB);
  await upload(gateway, 64 * MIB);

  await staysFlat(t, gateway, 'download', async () => {
    t.equal(await download(gateway, TOTAL_BYTES), expected, 'downloaded byte for byte');
  });
  await staysFlat(t, gateway, 'upload', async () => {
    await upload(gateway, TOTAL_BYTES);
    t.equal(received.at(-1), expected, 'uploaded byte for byte');
  });
});

async function staysFlat(
  t: Test,
  gateway: GatewayProcess,
  name: string,
  transfer: () => Promise<void>,
): Promise<void> {
  const growths: number[] = [];
  do {
    const growth = watchGrowth(gateway);
    await transfer();
    growths.push(growth());
  } while ((growths.at(-1) ?? 0) > MAX_GROWTH_BYTES && growths.length < MAX_ATTEMPTS);
  const told = growths.map((bytes) => (bytes / MIB).toFixed(1)).join(', ');
  t.ok((growths.at(-1) ?? 0) <= MAX_GROWTH_BYTES, `${name} of 1 GiB: the RSS grew by ${told} MiB`);
  t.comment(`${name} of 1 GiB: the RSS grew by ${told} MiB`);
}

/** Samples the resident set until called; then gives the height of its peak above the start. */
function watchGrowth(gateway: GatewayProcess): () => number {
  const startBytes = gateway.rssBytes();
  let peakBytes = startBytes;
  const sample = (): void => {
    peakBytes = Math.max(peakBytes, gateway.rssBytes());
  };
  const timer = setInterval(sample, 10);
  return () => {
    clearInterval(timer);
    sample();
    return peakBytes - startBytes;
  };
}

function pieceDigest(bytes: number): string {
  const hash = createHash('sha256');
  for (let i = 0; i < bytes / PIECE.length; i += 1) hash.update(PIECE);
  return hash.digest('hex');
}

/** Writes `bytes` of the piece over and over, as fast as the other side takes them. */
async function pour(into: Writable, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += PIECE.length) {
    if (!into.write(PIECE)) await new Promise((resolve) => into.once('drain', resolve));
  }
  into.end();
}

async function drainInto(hash: Hash, stream: IncomingMessage): Promise<string> {
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function startMeasuringOrigin(t: Test): Promise<{ url: string; received: string[] }> {
  const received: string[] = [];
  const server = createServer((incoming, response) => {
    if (incoming.method === 'GET') {
      const bytes = Number(new URL(incoming.url ?? '', 'http://x').searchParams.get('bytes'));
      response.writeHead(200, { 'Content-Length': bytes });
      void pour(response, bytes);
      return;
    }
    void drainInto(createHash('sha256'), incoming).then((digest) => {
      received.push(digest);
      return response.end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

async function download(gateway: GatewayProcess, bytes: number): Promise<string> {
  const response = await send(gateway, 'GET', `/_matrix/media/x?bytes=${bytes}`);
  return drainInto(createHash('sha256'), response);
}

async function upload(gateway: GatewayProcess, bytes: number): Promise<void> {
  const response = await send(gateway, 'POST', '/_matrix/media/v3/upload', bytes);
  if (response.statusCode !== 200) throw new Error(`the upload was answered with ${response.statusCode}`);
  response.resume();
}

function send(
  gateway: GatewayProcess,
  method: string,
  path: string,
  bodyBytes = 0,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port: gateway.port,
        host: '127.0.0.1',
        method,
        path,
        headers: bodyBytes > 0 ? { 'Content-Length': bodyBytes } : {},
      },
      resolve,
    );
    outgoing.once('error', reject);
    if (bodyBytes > 0) void pour(outgoing, bodyBytes);
    else outgoing.end();
  });
}
