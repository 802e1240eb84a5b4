// The least that a WebSocket relay can do: the text of one socket of a pair goes to the other. With `parse` as argument
// it reads and writes the JSON in between, as one that overwrites the sender has to.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocketServer, type WebSocket } from 'ws';

const parses = process.argv[2] === 'parse';
const waiting = new Map<string, WebSocket>();
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 64 * 1024 });
sockets.on('connection', (socket, request) => {
  const pair = request.url ?? '/';
  const other = waiting.get(pair);
  if (other === undefined) {
    waiting.set(pair, socket);
    return;
  }
  waiting.delete(pair);
  connect(socket, other);
  connect(other, socket);
});

function connect(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    if (!parses) to.send(text);
    else to.send(JSON.stringify({ ...(JSON.parse(text) as object), fromUserId: '@caller:localhost' }));
  });
}

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
