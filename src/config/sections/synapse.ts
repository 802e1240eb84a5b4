// `synapse`: the homeserver behind Portico, what may reach it and how long it may take.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { duration } from '../kinds/duration.ts';
import { network } from '../kinds/network.ts';
import { size } from '../kinds/size.ts';
import { upstreamUrl } from '../kinds/url.ts';

export const synapseSection = section('synapse', 'The Matrix server behind Portico.', {
  url: key('url', upstreamUrl, 'http://127.0.0.1:8008', 'Where Synapse listens for clients.'),
  adminAllow: key(
    'admin_allow',
    listOf(network),
    [],
    'The client addresses that may reach /_synapse/admin. For all others, and for everybody when empty, it is not found.',
  ),
  maxUploadBytes: key(
    'max_upload',
    size(),
    '50MiB',
    'A larger request body is answered with 413 M_TOO_LARGE. At least the max_upload_size of Synapse.',
  ),
  connectTimeoutMs: key(
    'connect_timeout',
    duration(),
    '5s',
    'How long a connection to Synapse may take to open.',
  ),
  responseTimeoutMs: key(
    'response_timeout',
    duration(),
    '180s',
    'How long Synapse may take to begin an answer. A /sync waits its own timeout parameter on top of it.',
  ),
});

export type SynapseConfig = ConfigOf<typeof synapseSection.entries>;
