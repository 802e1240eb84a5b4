// Uploads side by side through the splice lane, whose clients' sockets read into one buffer: Synapse gets of each client
// its own bytes, in order, whether it reads fast, slowly or with pauses.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as ask, type IncomingMessage } from 'node:http';

import t from 'tap';

import { BODY_BYTES, bodyOf, pausesOf, startBefore, twiceSideBySide } from '../harness/lanes/side-by-side.ts';

/** Some of them are sent in pieces of odd lengths, small ones among them. */
const PIECES = [65_536, 1, 16_384, 16_385, 40_001];

function sum(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** The hash of a body. @param pauses how often the reading stops for a moment; never for 0 */
async function read(request: IncomingMessage, pauses: number): Promise<string> {
  const hash = createHash('sha256');
  let sincePause = 0;
  for await (const piece of request) {
    hash.update(piece as Buffer);
    sincePause += (piece as Buffer).length;
    if (pauses === 0 || sincePause < BODY_BYTES / pauses) continue;
    sincePause = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return hash.digest('hex');
}

async function upload(port: number, client: number): Promise<string> {
  const sent = ask({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: `/_matrix/media/v3/upload?client=${client}`,
    headers: { 'content-length': BODY_BYTES },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  const body = bodyOf(client);
  const size = PIECES[client % PIECES.length] ?? BODY_BYTES;
  const oddEnd = Math.min(400 * size, BODY_BYTES);
  for (let at = 0; at < oddEnd; at += size) {
    if (!sent.write(body.subarray(at, Math.min(at + size, oddEnd)))) await once(sent, 'drain');
  }
  sent.end(body.subarray(oddEnd));
  const [response] = await answered;
  let text = '';
  for await (const piece of response) text += String(piece);
  return text;
}

t.setTimeout(120_000);

await t.test('Synapse gets the bytes of each client, in order', async (t) => {
  const port = await startBefore(t, (request, response) => {
    const client = Number(/client=([0-9])/.exec(request.url ?? '')?.[1]);
    void read(request, pausesOf(client)).then((hash) => response.end(hash));
  });
  await twiceSideBySide(
    (client) => upload(port, client),
    (got, client) => t.equal(got, sum(bodyOf(client)), `client ${client}`),
  );
});
