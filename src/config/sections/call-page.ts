// `call_page`: a page of our own on which people log in and call each other.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { boolean } from '../kinds/scalar.ts';

export const callPageSection = section('call_page', 'A page on which people log in and call each other.', {
  enabled: key(
    'enabled',
    boolean,
    false,
    'Whether the page is served at /call/. The client library at /portico/client.js always is.',
  ),
});

export type CallPageConfig = ConfigOf<typeof callPageSection.entries>;
