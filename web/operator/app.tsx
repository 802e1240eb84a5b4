// The operator's page as a whole: one screen, in the order in which an operator looks. What is shown comes from stream.ts;
// every action is confirmed first.

import { useEffect, useState } from 'preact/hooks';

import { Confirmation, type Asked } from './parts/confirmation.tsx';
import { Calls } from './parts/calls.tsx';
import { Charts } from './parts/charts.tsx';
import { Devices } from './parts/devices.tsx';
import { Failures } from './parts/failures.tsx';
import { Header } from './parts/header.tsx';
import { Loops } from './parts/loops.tsx';
import { Tiles } from './parts/tiles.tsx';
import { follow, type Received } from './stream.ts';

export function App() {
  const [received, setReceived] = useState<Received>({ connection: 'connecting', state: undefined });
  const [asked, ask] = useState<Asked | undefined>(undefined);
  useEffect(() => follow(setReceived), []);
  const { state } = received;

  return (
    <>
      <Header received={received} ask={ask} />
      <main>
        {state === undefined ? (
          <p class="waiting" role="status">
            {received.connection === 'lost'
              ? 'The gateway cannot be reached. Trying again…'
              : 'Waiting for the gateway…'}
          </p>
        ) : (
          <>
            <Tiles state={state} />
            {state.loops.length > 0 && <Loops loops={state.loops} />}
            <Calls calls={state.calls} nowMs={state.atMs} ask={ask} />
            <Charts history={state.history} upstream={state.upstream} />
            <Failures history={state.history} nowMs={state.atMs} />
            <Devices devices={state.devices} ask={ask} />
            {state.loops.length === 0 && <Loops loops={state.loops} />}
          </>
        )}
      </main>
      {asked !== undefined && <Confirmation asked={asked} close={() => ask(undefined)} />}
    </>
  );
}
