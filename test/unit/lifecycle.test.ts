// Stopping: in reverse, all of it, once, and also what began too late.

import t from 'tap';

import { Lifecycle } from '../../src/lifecycle.ts';

await t.test('what was started last is stopped first, each after the one before has stopped', async (t) => {
  const lifecycle = new Lifecycle();
  const done: string[] = [];
  lifecycle.onStop(() => void done.push('first'));
  lifecycle.onStop(async () => {
    done.push('second begins');
    await Promise.resolve();
    done.push('second ends');
  });
  lifecycle.onStop(() => void done.push('third'));
  await lifecycle.stop();
  t.same(done, ['third', 'second begins', 'second ends', 'first']);
});

await t.test('stopping twice, or meanwhile, stops once', async (t) => {
  const lifecycle = new Lifecycle();
  let stops = 0;
  lifecycle.onStop(async () => {
    await Promise.resolve();
    stops += 1;
  });
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  t.equal(stops, 1);
});

await t.test('a step that cannot be undone does not keep the others from it', async (t) => {
  const lifecycle = new Lifecycle();
  const done: string[] = [];
  lifecycle.onStop(() => void done.push('first'));
  lifecycle.onStop(() => Promise.reject(new Error('rejects')));
  lifecycle.onStop(() => void done.push('third'));
  lifecycle.onStop(() => {
    throw new Error('throws');
  });
  const error: unknown = await lifecycle.stop().catch((reason: unknown) => reason);
  t.ok(error instanceof AggregateError, 'the failures are told');
  const messages = error instanceof AggregateError ? error.errors.map(String) : [];
  t.same(messages, ['Error: throws', 'Error: rejects'], 'all of them');
  t.same(done, ['third', 'first'], 'and the others were undone');
  await t.rejects(lifecycle.stop(), 'a second call tells the same');
  t.same(done, ['third', 'first'], 'and undoes nothing again');
});

await t.test('a step taken once a stop has begun is refused: nobody would undo it', async (t) => {
  const lifecycle = new Lifecycle();
  const stopping = lifecycle.stop();
  t.throws(() => lifecycle.onStop(() => undefined), /after the stop had begun/);
  await stopping;
  t.throws(() => lifecycle.onStop(() => undefined));
});

await t.test('stopping what never started is harmless', async (t) => {
  await t.resolves(new Lifecycle().stop());
});
