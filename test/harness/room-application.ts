// The application behind the pages of rooms, for one test: answers whom its users are, and remembers what it was asked.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Test } from 'tap';

export interface RoomApplication {
  readonly url: string;
  /** The headers of every question, oldest first. */
  readonly asked: IncomingHttpHeaders[];
  /** By `room/user`; whoever is not here is answered with 404, and a number is the status of the answer. */
  readonly users: Map<string, Readonly<Record<string, unknown>> | number>;
}

export async function startRoomApplication(t: Test): Promise<RoomApplication> {
  const asked: IncomingHttpHeaders[] = [];
  const users: RoomApplication['users'] = new Map();
  const server = createServer((request, response) => {
    asked.push(request.headers);
    const user = users.get(
      `${one(request.headers['x-portico-room'])}/${one(request.headers['x-portico-user'])}`,
    );
    const status = typeof user === 'number' ? user : user === undefined ? 404 : 200;
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(typeof user === 'object' ? user : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`, asked, users };
}

function one(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
