// The keys outside of every section: where Portico listens and under which name it is reached.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { listenAddress } from '../kinds/listen-address.ts';
import { proxyPeer } from '../kinds/network.ts';
import { originUrl } from '../kinds/url.ts';

export const topLevelKeys = {
  listen: key(
    'listen',
    listOf(listenAddress, { isNonEmpty: true }),
    ['3000'],
    'Where clients connect. All listeners serve the same routes.',
  ),
  publicUrl: optionalKey(
    'public_url',
    originUrl,
    'https://matrix.example.org',
    "The origin that clients use, for every URL that Portico hands out. Without it, URLs follow each request's own origin.",
  ),
  trustedProxies: key(
    'trusted_proxies',
    listOf(proxyPeer),
    [],
    'The proxies in front whose X-Forwarded-* and Forwarded headers are believed. From anybody else they are dropped.',
  ),
};

export type TopLevelConfig = ConfigOf<typeof topLevelKeys>;
