// What one socket asks and is told, in order although some of it has to wait.

import t from 'tap';

import { InTurn } from '../../../../src/signaling/profiles/in-turn.ts';

void t.test('what has nothing to wait for is done at once', async (t) => {
  const turn = new InTurn(() => t.fail());
  const done: number[] = [];
  t.equal(
    turn.take(() => void done.push(1), 1),
    true,
  );
  t.same(done, [1]);
});

void t.test('what comes later does not overtake what waits, also if that fails', async (t) => {
  const failures: unknown[] = [];
  const turn = new InTurn((error) => void failures.push(error));
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  turn.take(() => first.promise.then(() => void done.push('first')), 1);
  turn.take(() => Promise.reject(new Error('second')), 1);
  turn.take(() => {
    done.push('third');
    turn.take(() => void done.push('fifth'), 1);
    return undefined;
  }, 1);
  turn.take(() => void done.push('fourth'), 1);
  t.same(done, []);
  first.resolve();
  await new Promise(setImmediate);
  t.same(done, ['first', 'third', 'fourth', 'fifth']);
  t.match(failures, [{ message: 'second' }]);
});

void t.test('what waits is bounded in number and in bytes', async (t) => {
  const many = new InTurn(() => t.fail());
  many.take(() => Promise.withResolvers<void>().promise, 1);
  const taken = Array.from({ length: 130 }, () => many.take(() => undefined, 1));
  t.equal(taken.filter((isTaken) => isTaken).length, 128);
  const large = new InTurn(() => t.fail());
  const first = Promise.withResolvers<void>();
  large.take(() => first.promise, 1);
  t.equal(
    large.take(() => undefined, 512 * 1024),
    true,
  );
  t.equal(
    large.take(() => undefined, 1),
    false,
  );
  first.resolve();
  await new Promise(setImmediate);
  t.equal(
    large.take(() => undefined, 1),
    true,
    'there is room again',
  );
});
