// The application behind the pages of profiles, for one test: answers who its profiles are, and remembers what it was
// asked. It judges no call.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Test } from 'tap';

export interface ProfileApplication {
  readonly url: string;
  /** The headers of every question, oldest first. */
  readonly asked: IncomingHttpHeaders[];
  /** By key; whoever is not here is answered with 404, and a number is the status of the answer. */
  readonly profiles: Map<string, Readonly<Record<string, unknown>> | number>;
}

export async function startProfileApplication(t: Test): Promise<ProfileApplication> {
  const asked: IncomingHttpHeaders[] = [];
  const profiles: ProfileApplication['profiles'] = new Map();
  const server = createServer((request, response) => {
    const { headers } = request;
    asked.push(headers);
    const profile = profiles.get(
      `${String(headers['x-portico-profile-type'])}_${String(headers['x-portico-profile-id'])}`,
    );
    response.writeHead(typeof profile === 'number' ? profile : profile === undefined ? 404 : 200, {
      'Content-Type': 'application/json',
    });
    response.end(JSON.stringify(typeof profile === 'object' ? profile : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`, asked, profiles };
}
