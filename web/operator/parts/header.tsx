// The head of the page: how the gateway is, whether the page still hears of it, and the button that drains it.

import { drain } from '../actions.ts';
import type { Received } from '../stream.ts';
import { duration, timeOfDay } from '../words.ts';
import type { Ask } from './confirmation.tsx';

export function Header({ received, ask }: { readonly received: Received; readonly ask: Ask }) {
  const { connection, state } = received;
  const isDraining = state?.gateway.state === 'draining';
  const word = connection === 'live' ? (isDraining ? 'Draining' : 'Serving') : 'No connection';
  const tone = connection === 'live' ? (isDraining ? 'warn' : 'good') : 'bad';
  return (
    <header>
      <div class="bar">
        <h1>Portico</h1>
        <span class={`state ${tone}`} role="status">
          {connection === 'connecting' ? 'Connecting' : word}
        </span>
        {state !== undefined && (
          <span class="muted since">up for {duration(state.atMs - state.gateway.startedAtMs)}</span>
        )}
        <button
          type="button"
          class="danger"
          disabled={connection !== 'live' || isDraining}
          onClick={() =>
            ask({
              title: 'Drain and stop this gateway?',
              text: 'It takes no new requests or calls, tells every client to come back, lets what runs end, and then stops. Calls that go on keep their media; they go on when the gateway runs again. Whatever supervises it has to start it again.',
              action: 'Drain',
              run: drain,
            })
          }
        >
          Drain…
        </button>
      </div>
      {connection === 'lost' && state !== undefined && (
        <p class="banner" role="alert">
          The connection to the gateway is lost. What is shown is from {timeOfDay(state.atMs)}. Trying again…
        </p>
      )}
    </header>
  );
}
