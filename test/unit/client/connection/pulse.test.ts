// When the server is asked whether it is there, and when it is given up.

import t from 'tap';

import { Pulse } from '../../../../client/connection/pulse.ts';
import { FakeEnvironment } from './fake-environment.ts';

function start(isInCall = false) {
  const environment = new FakeEnvironment();
  const state = { isInCall, pings: 0, deaths: 0 };
  const pulse = new Pulse({
    environment,
    isInCall: () => state.isInCall,
    ping: () => (state.pings += 1),
    onDead: () => (state.deaths += 1),
  });
  return { pulse, clock: environment.clock, state };
}

await t.test('asks when nothing was heard for 45 s, and gives up 10 s later', async (t) => {
  const { clock, state } = start();
  clock.advance(44_999);
  t.equal(state.pings, 0);
  clock.advance(1);
  t.match(state, { pings: 1, deaths: 0 });
  clock.advance(9_999);
  t.equal(state.deaths, 0);
  clock.advance(1);
  t.match(state, { pings: 1, deaths: 1 });
  t.equal(clock.pending, 0, 'it has stopped');
});

await t.test('any frame is a sign of life', async (t) => {
  const { pulse, clock, state } = start();
  for (let n = 0; n < 10; n += 1) {
    clock.advance(40_000);
    pulse.heard();
  }
  t.match(state, { pings: 0, deaths: 0 });
  clock.advance(45_000);
  t.equal(state.pings, 1);
  pulse.heard();
  clock.advance(54_999);
  t.match(state, { pings: 2, deaths: 0 });
  pulse.stop();
});

await t.test('in a call a cut is noticed within 16 s', async (t) => {
  const { clock, state } = start(true);
  clock.advance(10_000);
  t.match(state, { pings: 1, deaths: 0 });
  clock.advance(6_000);
  t.equal(state.deaths, 1);
});

await t.test('also if the call began meanwhile', async (t) => {
  const { clock, state } = start();
  clock.advance(15_000);
  state.isInCall = true;
  clock.advance(5_000);
  t.equal(state.pings, 1);
  clock.advance(6_000);
  t.equal(state.deaths, 1);
});

await t.test('in a call, what is sent and not answered makes it ask after 3 s', async (t) => {
  const { pulse, clock, state } = start(true);
  pulse.heard();
  pulse.sent();
  clock.advance(1_000);
  pulse.sent();
  clock.advance(1_999);
  t.equal(state.pings, 0);
  clock.advance(1);
  t.equal(state.pings, 1);
  pulse.sent();
  clock.advance(6_000);
  t.equal(state.deaths, 1);
});

await t.test('what is answered does not, and out of a call nothing does', async (t) => {
  const { pulse, clock, state } = start(true);
  pulse.sent();
  clock.advance(1_000);
  pulse.heard();
  clock.advance(9_000);
  t.equal(state.pings, 0);
  state.isInCall = false;
  pulse.sent();
  clock.advance(34_000);
  t.equal(state.pings, 0);
  pulse.stop();
});

await t.test('a sign that the network changed makes it ask at once', async (t) => {
  const { pulse, clock, state } = start();
  pulse.probe();
  t.equal(state.pings, 1);
  clock.advance(4_999);
  pulse.heard();
  clock.advance(1);
  t.equal(state.deaths, 0);
  pulse.probe();
  clock.advance(5_000);
  t.equal(state.deaths, 1);
});

await t.test('once it is stopped it does nothing', async (t) => {
  const { pulse, clock, state } = start();
  pulse.stop();
  pulse.stop();
  clock.advance(1_000_000);
  t.match(state, { pings: 0, deaths: 0 });
});
