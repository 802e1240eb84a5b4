// `discovery`: what the operator adds to the well-known documents.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey, section } from '../keys.ts';
import { jsonObject } from '../kinds/collection.ts';

export const discoverySection = section('discovery', 'The documents under /.well-known/matrix.', {
  client: key('client', jsonObject, {}, 'Further members of /.well-known/matrix/client.'),
  server: key('server', jsonObject, {}, 'Further members of /.well-known/matrix/server.'),
  support: optionalKey(
    'support',
    jsonObject,
    { contacts: [{ matrix_id: '@admin:example.org', role: 'm.role.admin' }] },
    'The document /.well-known/matrix/support. Without it, there is none.',
  ),
});

export type DiscoveryConfig = ConfigOf<typeof discoverySection.entries>;
