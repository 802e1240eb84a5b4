// A gibibyte up and a gibibyte down through a gateway process: byte-exact, with memory flat. Linux only (/proc).

import { createHash, randomBytes, type Hash } from 'node:crypto';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';

import t, { type Test } from 'tap';

import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { eachLane, type LaneUnderTest } from '../harness/lanes/each-lane.ts';

const test = eachLane(t);

const MIB = 1024 * 1024;
const TOTAL_BYTES = 1024 * MIB;
const PIECE = randomBytes(MIB);
const WARM_UP_BYTES = 512 * MIB;
const MAX_GROWTH_BYTES = {
  spliced: 16 * MIB,
  /** Here Node makes a buffer of each read; some 50 MiB of them, done with, pile up before V8 collects, now more, now less. */
  'by the HTTP server': 64 * MIB,
};
/** A small young generation, swept at once, keeps that pile low and nearly even. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--no-concurrent-array-buffer-sweeping'];

t.setTimeout(300_000);

await test('1 GiB up and 1 GiB down leave memory flat', async (t, lane) => {
  const { url: synapseUrl, received } = await startMeasuringOrigin(t);
  const gateway = await spawnGateway(
    t,
    { ...lane.environment, PORTICO_SYNAPSE_URL: synapseUrl, PORTICO_SYNAPSE_MAX_UPLOAD: '2GiB' },
    NODE_OPTIONS,
  );
  const expected = pieceDigest(TOTAL_BYTES);

  await download(gateway, WARM_UP_BYTES);
  await growsLittle(t, lane, gateway, 'download', async () => {
    t.equal(await download(gateway, TOTAL_BYTES), expected, 'downloaded byte for byte');
  });
  await upload(gateway, WARM_UP_BYTES);
  await growsLittle(t, lane, gateway, 'upload', async () => {
    await upload(gateway, TOTAL_BYTES);
    t.equal(received.at(-1), expected, 'uploaded byte for byte');
  });
});

/** A gateway that kept what it passes on would take 512 MiB more for twice the warm-up. */
async function growsLittle(
  t: Test,
  lane: LaneUnderTest,
  gateway: GatewayProcess,
  name: string,
  transfer: () => Promise<void>,
): Promise<void> {
  const beforeBytes = gateway.peakRssBytes();
  await transfer();
  const grownBytes = gateway.peakRssBytes() - beforeBytes;
  const told = `${name} of 1 GiB: the highest RSS rose by ${(grownBytes / MIB).toFixed(1)} MiB`;
  t.ok(grownBytes <= MAX_GROWTH_BYTES[lane.name], told);
  t.comment(told);
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
