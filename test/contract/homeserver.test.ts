// Every implementation of the homeserver port, layers included, held to the one contract.

import t from 'tap';

import { systemClock } from '../../src/clock.ts';
import { cached } from '../../src/matrix/cached.ts';
import { homeserverAt } from '../harness/homeserver-at.ts';
import { homeserverContract, type MakeHomeserver } from './homeserver.contract.ts';

t.setTimeout(180_000);

const IMPLEMENTATIONS: Readonly<Record<string, MakeHomeserver>> = {
  'matrix/http.ts': (t, url) => homeserverAt(t, url),
  'matrix/cached.ts around matrix/http.ts': (t, url) => cached(homeserverAt(t, url), { clock: systemClock }),
};

for (const [name, make] of Object.entries(IMPLEMENTATIONS))
  await t.test(`${name} keeps the contract of a homeserver`, (t) => homeserverContract(t, make));
