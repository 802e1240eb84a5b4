// Downloads side by side through the splice lane, which reads all of them into one buffer: every client gets its own
// bytes, in order, whether it reads fast, slowly or with pauses.

import { once } from 'node:events';
import { connect } from 'node:net';

import t from 'tap';

import { BODY_BYTES, bodyOf, pausesOf, startBefore, twiceSideBySide } from '../harness/lanes/side-by-side.ts';

interface Download {
  readonly body: Buffer;
  readonly head: string;
}

/** @param pauses how often the reading stops for a moment; never for 0 */
async function download(port: number, client: number, pauses: number): Promise<Download> {
  const socket = connect({ port, host: '127.0.0.1' });
  const pieces: Buffer[] = [];
  let receivedBytes = 0;
  let sincePause = 0;
  socket.on('data', (piece) => {
    pieces.push(piece);
    receivedBytes += piece.length;
    sincePause += piece.length;
    if (pauses === 0 || sincePause < BODY_BYTES / pauses) return;
    sincePause = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
  socket.write(`GET /_matrix/media/${client} HTTP/1.1\r\nHost: h\r\n\r\n`);
  const isWhole = (): boolean => receivedBytes >= BODY_BYTES + 100;
  while (!isWhole()) await once(socket, 'data');
  // The last piece may lie behind what is counted as whole by some bytes of chunk framing.
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  const received = Buffer.concat(pieces);
  const end = received.indexOf('\r\n\r\n');
  const head = received.toString('latin1', 0, end);
  const rest = received.subarray(end + 4);
  return { head, body: /transfer-encoding: chunked/i.test(head) ? unchunked(rest) : rest };
}

function unchunked(bytes: Buffer): Buffer {
  const data: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) break;
    data.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(data);
}

t.setTimeout(120_000);

await t.test('every client gets its own bytes, in order', async (t) => {
  const port = await startBefore(t, (request, response) => {
    const client = Number(request.url?.split('/').at(-1));
    const body = bodyOf(client);
    // Every third is chunked, and every fourth has a head that comes in two parts.
    if (client % 3 !== 0) response.setHeader('Content-Length', body.length);
    response.setHeader('X-Client', client);
    if (client % 4 === 0) response.flushHeaders();
    response.end(body);
  });
  await twiceSideBySide(
    (client) => download(port, client, pausesOf(client)),
    ({ head, body }, client) => {
      t.match(head, new RegExp(`x-client: ${client}\\b`, 'i'), `client ${client}: its head`);
      t.ok(body.equals(bodyOf(client)), `client ${client}: its body`);
    },
  );
});
