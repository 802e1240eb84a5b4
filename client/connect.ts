// The public entry: one connection for each page, homeserver and user, however often it is asked for. What it is made of
// is compose.ts's to put together.

import { Calls } from './calls/calls.ts';
import { composePortico } from './compose.ts';
import { readUrl } from './connection/call-config.ts';
import { browserEnvironment } from './environment.ts';
import { PorticoError } from './error.ts';
import { browserMedia } from './media/environment.ts';
import type { ConnectOptions, Portico } from './portico.ts';

interface Opened {
  readonly homeserver: string;
  readonly source: ConnectOptions['accessToken'] | ConnectOptions['getToken'];
  readonly portico: Portico;
}

const opened = new Set<Opened>();

/**
 * Connects, and stays connected: the state is told by events. With the same homeserver and the same `accessToken` (or the
 * same `getToken` function) it gives the same object again, until that is closed.
 * @throws PorticoError `HOMESERVER_INVALID` at once, if it is no http or https URL; whatever else goes wrong is a problem
 */
export function connect(options: ConnectOptions): Portico {
  const homeserver = readUrl(options.homeserver, 'http')?.replace(/\/*(\?.*)?$/, '');
  if (homeserver === undefined)
    throw new PorticoError('HOMESERVER_INVALID', `homeserver is no http URL: ${options.homeserver}`);
  const source = options.getToken ?? options.accessToken;
  for (const entry of opened)
    if (entry.homeserver === homeserver && entry.source === source) return entry.portico;
  const environment = browserEnvironment();
  const { iceTransportPolicy } = options;
  const portico = composePortico(
    { ...options, homeserver },
    {
      environment,
      makeCalls: (parts) =>
        new Calls({
          ...parts,
          environment,
          media: browserMedia(),
          iceTransportPolicy,
          loadRecording: () => import('./recording/entry.ts'),
        }),
      onClosed: () => void opened.delete(entry),
    },
  );
  const entry = { homeserver, source, portico };
  opened.add(entry);
  return portico;
}
