// Every dialect keeps the contract of all.

import t from 'tap';

import { openWorld } from '../harness/callers/world.ts';
import { strangerContract } from './dialect-strangers.contract.ts';
import { dialectContract } from './dialect.contract.ts';
import { DIALECTS_UNDER_TEST } from './dialects.ts';

t.setTimeout(120_000);

const world = await openWorld(t);
for (const dialect of DIALECTS_UNDER_TEST)
  await t.test(dialect.name, async (t) => {
    await dialectContract(t, world, dialect);
    await strangerContract(t, world, dialect);
  });
