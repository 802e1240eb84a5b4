// Every way by which files are replaced is noticed, once, and not before they rest.

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { WatchedFiles } from '../../../src/tls/watched-files.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';

async function watchIn(t: Test) {
  const folder = t.testdir({});
  const clock = new TestClock();
  let changes = 0;
  const paths = [join(folder, 'live', 'a.pem'), join(folder, 'live', 'a.key')];
  mkdirSync(join(folder, 'one'));
  for (const name of ['a.pem', 'a.key']) writeFileSync(join(folder, 'one', name), 'one');
  symlinkSync('one', join(folder, 'live'));
  const watched = new WatchedFiles(paths, clock, () => (changes += 1));
  t.teardown(() => watched.close());
  await watched.open();
  /** Time goes on until the change is told. */
  const told = (count: number): Promise<void> =>
    until(() => {
      clock.advance(100);
      return changes === count;
    });
  return { folder, clock, told, changes: () => changes, watched };
}

await t.test('a file that is renamed over, written in place, or gone and back', async (t) => {
  const { folder, told } = await watchIn(t);
  writeFileSync(join(folder, 'one', 'new'), 'other');
  renameSync(join(folder, 'one', 'new'), join(folder, 'one', 'a.pem'));
  await told(1);
  writeFileSync(join(folder, 'one', 'a.key'), 'longer than before');
  await told(2);
  rmSync(join(folder, 'one', 'a.key'));
  await told(3);
  writeFileSync(join(folder, 'one', 'a.key'), 'back');
  await told(4);
});

await t.test('a link to a folder that leads elsewhere', async (t) => {
  const { folder, told } = await watchIn(t);
  mkdirSync(join(folder, 'two'));
  for (const name of ['a.pem', 'a.key']) writeFileSync(join(folder, 'two', name), 'two');
  symlinkSync('two', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'live'));
  await told(1);
});

await t.test('nothing is told of files that stay as they are, nor after the end', async (t) => {
  const { folder, clock, changes, watched } = await watchIn(t);
  writeFileSync(join(folder, 'one', 'neighbour'), 'x');
  clock.advance(60_000);
  watched.close();
  writeFileSync(join(folder, 'one', 'a.key'), 'other');
  clock.advance(60_000);
  t.equal(clock.pending, 0, 'no timer is left');
  t.equal(changes(), 0);
});
