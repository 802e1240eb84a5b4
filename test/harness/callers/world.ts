// Where the dialects meet in a test: one Synapse with people and rooms, an application that knows the people by their
// profiles, and gateways in front of both.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Test } from 'tap';

import { gatherCast, makeRoom } from '../call-api.ts';
import { startGateway, type ConfigDocument, type TestGateway } from '../gateway.ts';
import { startTestSynapse, type TestSynapse } from '../synapse.ts';
import type { Caller, DialectName, Person } from './caller.ts';
import { openNative } from './native.ts';
import { openProfile, type ProfileCaller } from './profile.ts';
import { openRoom } from './room.ts';
import { openSocketIo } from './socket-io.ts';

export interface World {
  readonly synapse: TestSynapse;
  /** In one room, and each with carol in another. */
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
  /** All three. */
  readonly roomId: string;
  readonly applicationUrl: string;
}

export interface Place extends TestGateway {
  open(dialect: DialectName, person: Person): Promise<Caller>;
  openProfile(person: Person): Promise<ProfileCaller>;
  /** Nothing came to anybody that is not of its table, and nothing failed here. */
  check(t: Test): void;
}

export async function openWorld(t: Test): Promise<World> {
  const synapse = await startTestSynapse(t);
  const cast = await gatherCast(synapse);
  const people = {
    alice: { name: 'alice', session: cast.alice, profile: { id: 2, type: 'student' } },
    bob: { name: 'bob', session: cast.bob, profile: { id: 1, type: 'tutor' } },
    carol: { name: 'carol', session: cast.carol, profile: { id: 3, type: 'parent' } },
  };
  const roomId = await makeRoom(synapse, cast.alice, cast.bob, cast.carol);
  return { synapse, ...people, roomId, applicationUrl: await startApplication(t, Object.values(people)) };
}

/** Knows everybody's profile, and `user_9`, who has no Matrix user. */
async function startApplication(t: Test, people: readonly Person[]): Promise<string> {
  const server = createServer((request, response) => {
    const key = `${header(request, 'x-portico-profile-type')}_${header(request, 'x-portico-profile-id')}`;
    const person = people.find(({ profile }) => `${profile.type}_${profile.id}` === key);
    if (person === undefined && key !== 'user_9') {
      response.writeHead(404).end();
      return;
    }
    const known =
      person === undefined
        ? { name: 'Nobody' }
        : { user_id: person.session.userId, name: shownName(person), avatar: `/${person.name}.png` };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(known));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`;
}

function header({ headers }: IncomingMessage, name: string): string {
  return String(headers[name]);
}

/** What the application calls the person. */
export function shownName({ name }: Person): string {
  return `${name} of the application`;
}

/** A gateway of its own, so that nobody is in a call from before. */
export async function openPlace(
  t: Test,
  { synapse, roomId, applicationUrl }: World,
  document: ConfigDocument = {},
): Promise<Place> {
  const gateway = await startGateway(t, {
    synapse: { url: synapse.url },
    ...document,
    calls: { initiates_per_minute: 100, ...(document['calls'] as object) },
    signaling: {
      profile: { enabled: true, auth: 'forward', forward: { url: applicationUrl } },
      room: { enabled: true, rooms: 'matrix' },
      ...(document['signaling'] as object),
    },
  });
  const { url } = gateway;
  const callers: Caller[] = [];
  const open = (dialect: DialectName, person: Person): Promise<Caller> => {
    switch (dialect) {
      case 'native':
        return openNative(t, url, person, roomId);
      case 'socketio':
        return openSocketIo(t, url, person, roomId);
      case 'profile':
        return openProfile(t, url, person);
      case 'room':
        return openRoom(t, url, person, roomId);
      default:
        return dialect satisfies never;
    }
  };
  return {
    ...gateway,
    async open(dialect, person) {
      const caller = await open(dialect, person);
      callers.push(caller);
      return caller;
    },
    async openProfile(person) {
      const caller = await openProfile(t, url, person);
      callers.push(caller);
      return caller;
    },
    check(t) {
      for (const { dialect, person, problems } of callers)
        t.strictSame(problems, [], `${person.name} by ${dialect} got nothing but its own words`);
      const failures = gateway.logged.filter(({ level }) => Number(level) >= 50);
      t.strictSame(failures, [], 'the gateway logged no failure');
    },
  };
}
