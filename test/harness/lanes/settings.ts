// The configurations in which both lanes are compared, each made to bring other decisions of the gateway into play.

import type { ConfigDocument } from '../gateway.ts';

export interface SettingParts {
  /** URL of the lane's own upstream. */
  readonly upstream: string;
  /** A path for a Unix socket. */
  readonly socketPath: string;
}

/** Enough for a client that is only slow because the machine is. */
const PATIENT = { header_timeout: '30s', drain_timeout: '1s' };

const plain = ({ upstream }: SettingParts): ConfigDocument => ({
  synapse: { url: upstream },
  limits: PATIENT,
});

export const SETTINGS = {
  plain,
  /** The client is a trusted proxy, and may speak of others. */
  proxied: (parts: SettingParts): ConfigDocument => ({
    ...plain(parts),
    trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
  }),
  /** Limits that a short request reaches. */
  narrow: ({ upstream }: SettingParts): ConfigDocument => ({
    synapse: { url: upstream, max_upload: '64' },
    limits: { ...PATIENT, header_size: '1KiB' },
  }),
  /** Other services and the admin API on the same origin. */
  services: ({ upstream }: SettingParts): ConfigDocument => ({
    synapse: { url: upstream, admin_allow: ['127.0.0.0/8'] },
    routes: [
      { path: '/r/', to: `${upstream}/base/`, max_body: 100 },
      { path: '/_matrix/media/v3/own/', to: upstream },
    ],
    tunnels: [{ path: '/xmpp-websocket', to: `${upstream.replace('http', 'ws')}/xmpp-websocket` }],
    public_url: 'https://chat.test',
    limits: PATIENT,
  }),
  /** The client comes by a Unix socket. */
  unix: (parts: SettingParts): ConfigDocument => ({
    ...plain(parts),
    listen: ['127.0.0.1:0', `unix:${parts.socketPath}`],
    trusted_proxies: ['unix'],
  }),
} as const satisfies Record<string, (parts: SettingParts) => ConfigDocument>;

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];
