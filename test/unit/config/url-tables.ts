// For the kinds of URLs that name one resource or relay, and of paths: what they make of good input, and what they
// have to refuse. Asserts nothing itself; the other kinds are in kind-tables.ts.

import { endpointUrl } from '../../../src/config/kinds/endpoint-url.ts';
import { turnUrl } from '../../../src/config/kinds/turn-url.ts';
import { urlPath } from '../../../src/config/kinds/url-path.ts';
import type { Table } from './kind-tables.ts';

export const urlTables: Readonly<Record<string, Table>> = {
  'TURN URL': {
    kind: turnUrl,
    good: [
      'turn:turn.example.org',
      'turn:192.0.2.1:3478?transport=udp',
      'turns:[2001:db8::1]:5349?transport=tcp',
      'turns:turn.example.org:443',
    ].map((url) => [url, url] as const),
    bad: [
      '',
      'turn:',
      'turn://a',
      'stun:a',
      'TURN:a',
      'turn:a:',
      'turn:a:0',
      'turn:a:99999',
      'turn:a?',
      'turn:a?transport=sctp',
      'turn:a?transport=udp&x=1',
      'turn:a?transport=udp\n',
      'turn:user:secret@a',
      'turn:a/b',
      'turn:a b',
      'turn:::1',
      5,
    ],
  },
  'URL of an endpoint': {
    kind: endpointUrl,
    good: [
      ['https://push.example.org', 'https://push.example.org/'],
      ['https://push.example.org/a/b?c=d', 'https://push.example.org/a/b?c=d'],
      ['http://127.0.0.1:8080/hook', 'http://127.0.0.1:8080/hook'],
      ['http://[::1]:8080/', 'http://[::1]:8080/'],
    ],
    bad: [
      '',
      'push.example.org/a',
      'ftp://push.example.org/',
      'https://',
      'https://user@push.example.org/',
      'https://user:secret@push.example.org/',
      'https://push.example.org:0/',
      'https://push.example.org:/',
      'https://push.example.org/a#b',
      'https://push.example.org/a b',
      'https:\\\\push.example.org',
      'https://push.example.org\\a',
      'https://[::1/',
      5,
      null,
    ],
  },
  path: {
    kind: urlPath(),
    good: ['/', '/calls', '/calls/', "/a.b/~c-d_e/!$&'()*+,;=:@", '/...', `/${'x'.repeat(254)}`].map(
      (path) => [path, path],
    ),
    bad: [
      '',
      'calls',
      '//',
      '//calls',
      '/a//b',
      '/./a',
      '/a/..',
      '/..',
      '/a b',
      '/a?b',
      '/a#b',
      '/%61',
      '/é',
      '/a\\b',
      '/a\n',
      'https://example.org/',
      `/${'x'.repeat(255)}`,
      5,
      null,
      ['/'],
    ],
  },
  'path with a slash at its end': {
    kind: urlPath({ endsInSlash: true }),
    good: ['/', '/socket.io/', '/a/b/'].map((path) => [path, path]),
    bad: ['/socket.io', 'socket.io/', '/a//', '/a/../'],
  },
};
