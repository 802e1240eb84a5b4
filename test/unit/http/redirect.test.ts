// Where plain HTTP is sent to: the same resource by https, of names that are ours, and nowhere else.

import t from 'tap';

import { redirectTarget } from '../../../src/http/redirect.ts';

const isOurs = (host: string): boolean => ['chat.test', '127.0.0.1', '2001:db8::1'].includes(host);

await t.test('the name and the target are kept, the port is that of TLS', async (t) => {
  const rows: readonly [host: string, target: string, httpsPort: number, location: string | undefined][] = [
    ['chat.test', '/', 443, 'https://chat.test/'],
    ['chat.test', '/a%2Fb?c=%zz', 443, 'https://chat.test/a%2Fb?c=%zz'],
    ['chat.test:8080', '/a', 8443, 'https://chat.test:8443/a'],
    ['chat.test:8080', '/a', 443, 'https://chat.test/a'],
    ['127.0.0.1:80', '/a', 443, 'https://127.0.0.1/a'],
    ['[2001:db8::1]:80', '/a', 443, 'https://[2001:db8::1]/a'],
    ['chat.test', '//elsewhere.test/', 443, 'https://chat.test//elsewhere.test/'],
    ['elsewhere.test', '/', 443, undefined],
    ['chat.test.elsewhere.test', '/', 443, undefined],
    ['', '/', 443, undefined],
    ['chat.test', '*', 443, undefined],
  ];
  for (const [host, target, httpsPort, location] of rows)
    t.equal(redirectTarget({ host, target, httpsPort, isOurs }), location, `${host} ${target}`);
});
