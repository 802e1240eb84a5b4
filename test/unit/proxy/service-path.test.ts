// Which service a path belongs to, and by what target it is asked: byte for byte what the client sent, less the path that
// is replaced. The fields of the head are tunnel-head.test.ts and headers.test.ts.

import t from 'tap';

import { routedPath, servicePathOf, serviceTarget } from '../../../src/proxy/service-path.ts';

await t.test('a path is that of the longest of the services that it lies on', (t) => {
  const paths = ['/xmpp-websocket', '/lk/', '/lk/rtc/', '/lk/rtc/v1'];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['/xmpp-websocket', '/xmpp-websocket'],
    ['/xmpp-websocket/', undefined],
    ['/xmpp-websockets', undefined],
    ['/XMPP-websocket', undefined],
    ['/xmpp%2Dwebsocket', undefined],
    ['/lk', undefined],
    ['/lk/', '/lk/'],
    ['/lk/a/b', '/lk/'],
    ['/lk/rtc', '/lk/'],
    ['/lk/rtc/', '/lk/rtc/'],
    ['/lk/rtc/v1', '/lk/rtc/v1'],
    ['/lk/rtc/v1/x', '/lk/rtc/'],
    ['/lk/../health', undefined],
    ['/lk/%2e%2e/health', undefined],
    ['/lk/a/../../health', undefined],
    ['/', undefined],
  ];
  for (const [path, expected] of cases) t.equal(servicePathOf(path, paths), expected, path);
  t.equal(servicePathOf('/a', []), undefined, 'no services');
  t.end();
});

await t.test('the path of the service is replaced, and no other byte of the target', (t) => {
  const cases: readonly (readonly [path: string, upstreamPath: string, target: string, expected: string])[] =
    [
      ['/xmpp-websocket', '', '/xmpp-websocket?room=a%2Fb&&x', '/xmpp-websocket?room=a%2Fb&&x'],
      ['/xmpp-websocket', '/ws', '/xmpp-websocket?', '/ws?'],
      ['/lk/', '/', '/lk/rtc?access_token=%7e', '/rtc?access_token=%7e'],
      ['/lk/', '/', '/lk/', '/'],
      ['/lk/', '/', '/lk/?/lk/', '/?/lk/'],
      ['/lk/', '/deep/er/', '/lk/%2F//a?b?c', '/deep/er/%2F//a?b?c'],
      ['/lk/', '', '/lk/rtc', '/lk/rtc'],
      ['/lk/', '', '/lk//rtc', '/lk//rtc'],
      // A target that begins with two slashes names a host to many servers.
      ['/lk/', '/', '/lk//evil.test/x', '/evil.test/x'],
      ['/lk/', '/', '/lk////', '/'],
      ['/lk/', '/deep/', '/lk//a//b', '/deep/a//b'],
    ];
  for (const [path, upstreamPath, target, expected] of cases)
    t.equal(serviceTarget({ path, upstreamPath }, target), expected, `${target} by ${upstreamPath}`);
  t.end();
});

await t.test('a route keeps its path, takes it off, or has another', (t) => {
  const cases: readonly (readonly [
    path: string,
    toPath: string,
    isStripped: boolean,
    target: string,
    expected: string,
  ])[] = [
    ['/http-bind', '/http-bind', false, '/http-bind?room=a', '/http-bind?room=a'],
    ['/http-bind', '/bosh', false, '/http-bind?room=a', '/bosh?room=a'],
    ['/http-bind', '', true, '/http-bind?room=a', '/?room=a'],
    ['/http-bind', '', true, '/http-bind', '/'],
    ['/app/', '', false, '/app/x?y', '/app/x?y'],
    ['/app/', '', true, '/app/x?y', '/x?y'],
    ['/app/', '', true, '/app/', '/'],
    ['/app/', '', true, '/app/%2e/a%2Fb?', '/%2e/a%2Fb?'],
    ['/app/', '/', false, '/app/x', '/x'],
    ['/app/', '/base/', true, '/app/x', '/base/x'],
    ['/app/', '/base/', false, '/app/x', '/base/x'],
  ];
  for (const [path, toPath, isStripped, target, expected] of cases) {
    const to = { isTls: false, host: '127.0.0.1', port: 80, authority: '127.0.0.1', path: toPath };
    const service = routedPath({ path, to, isStripped, host: undefined, maxBodyBytes: 1 });
    t.equal(serviceTarget(service, target), expected, `${target} to ${toPath}, strip ${isStripped}`);
    t.equal(service.upstreamHost, '127.0.0.1');
    const named = routedPath({ path, to, isStripped, host: 'meet.test:81', maxBodyBytes: 1 });
    t.equal(named.upstreamHost, 'meet.test:81');
  }
  t.end();
});
