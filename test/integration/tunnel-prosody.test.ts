// A tunnel to a real Prosody: an XMPP client joins a room through it, and Prosody's own refusals arrive as they are.

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startProsody, type TestProsody } from '../harness/prosody.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { until } from '../harness/until.ts';

const PATH = '/xmpp-websocket';

async function start(t: Test, path = ''): Promise<{ prosody: TestProsody; gateway: TestGateway }> {
  const prosody = await startProsody(t);
  const tunnel = { path: PATH, to: `ws://127.0.0.1:${prosody.port}${path}`, host: prosody.domain };
  return { prosody, gateway: await startGateway(t, { tunnels: [tunnel] }) };
}

/** What a client of RFC 7395 says and hears. */
class XmppClient {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  #read = 0;

  constructor(t: Test, url: string) {
    this.socket = new WebSocket(url, 'xmpp', { origin: 'https://meet.test' });
    this.socket.on('message', (data: Buffer) => this.heard.push(data.toString()));
    this.socket.on('error', () => undefined);
    t.teardown(() => this.socket.terminate());
  }

  say(stanza: string): void {
    this.socket.send(stanza);
  }

  /** The next message that matches; those before it are passed over. */
  async hears(pattern: RegExp): Promise<string> {
    let found: string | undefined;
    await until(() => {
      const at = this.heard.findIndex((text, index) => index >= this.#read && pattern.test(text));
      if (at === -1) return false;
      found = this.heard[at];
      this.#read = at + 1;
      return true;
    }, 10_000).catch((error: unknown) => {
      throw new Error(`not heard: ${pattern.source}\n${this.heard.join('\n')}`, { cause: error });
    });
    return found ?? '';
  }

  open(domain: string): void {
    this.say(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`);
  }
}

async function logIn(t: Test, gateway: TestGateway, prosody: TestProsody): Promise<XmppClient> {
  const client = new XmppClient(t, `ws://127.0.0.1:${gateway.port}${PATH}?room=lobby`);
  await until(() => client.socket.readyState === WebSocket.OPEN, 10_000);
  client.open(prosody.domain);
  await client.hears(/<open\b/);
  await client.hears(/ANONYMOUS/);
  client.say('<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>');
  await client.hears(/<success\b/);
  client.open(prosody.domain);
  await client.hears(/xmpp-bind/);
  client.say(
    '<iq type="set" id="b1" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>',
  );
  await client.hears(/<jid>[^<]+@meet\.test/);
  return client;
}

await t.test('two clients log in, meet in a room, and hear each other', async (t) => {
  const { prosody, gateway } = await start(t);
  const [alice, bob] = [await logIn(t, gateway, prosody), await logIn(t, gateway, prosody)];
  t.equal(alice.socket.protocol, 'xmpp', 'the subprotocol is agreed from end to end');
  t.equal(alice.socket.extensions, '', 'no compression is put in between');

  const room = `lobby@${prosody.rooms}`;
  const join = (name: string): string =>
    `<presence xmlns="jabber:client" to="${room}/${name}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;
  alice.say(join('alice'));
  await alice.hears(/code=['"]110['"]/);
  bob.say(join('bob'));
  await bob.hears(/code=['"]110['"]/);
  await alice.hears(/lobby@conference\.meet\.test\/bob/);
  alice.say(`<message xmlns="jabber:client" type="groupchat" to="${room}"><body>h\u00e9llo</body></message>`);
  t.match(await bob.hears(/<body>/), 'h\u00e9llo');

  alice.socket.close();
  await until(() => alice.socket.readyState === WebSocket.CLOSED);
  await bob.hears(/type=['"]unavailable['"]/);
  t.pass('Prosody knows at once that a client has gone');
});

await t.test('a drain ends tunnels with 1012, and Prosody sees an orderly end', async (t) => {
  const { prosody, gateway } = await start(t);
  const client = await logIn(t, gateway, prosody);
  const closed = new Promise<number>((resolve) => client.socket.once('close', resolve));
  await gateway.gateway.stop();
  t.equal(await closed, 1012);
});

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

await t.test("Prosody's own page and refusals arrive as they are", async (t) => {
  const { prosody, gateway } = await start(t);
  const page = await fetch(`${gateway.url}${PATH}?room=lobby`);
  t.equal(page.status, 200, 'an ordinary request on the path');
  t.match(await page.text(), /WebSocket/i);

  const offer =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
  const ask = (port: number, host: string): ReturnType<typeof sendRaw> =>
    sendRaw(port, `GET ${PATH} HTTP/1.1\r\nHost: ${host}\r\n${offer}\r\n`);
  const direct = await ask(prosody.port, prosody.domain);
  const through = await ask(gateway.port, 'chat.example.org');
  t.ok(direct.status !== undefined && direct.status >= 400, `without the subprotocol: ${direct.status}`);
  t.equal(through.status, direct.status);
  t.equal(bodyOf(through.text), bodyOf(direct.text));
  t.ok(through.isClosed, 'and the connection is closed');
});

interface Refusal {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

/** What a WebSocket client is told that is not let in. */
function refusalOf(t: Test, url: string, origin: string, headers = {}): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(url, 'xmpp', { origin, headers });
    t.teardown(() => client.terminate());
    client.on('error', reject);
    client.once('open', () => reject(new Error('it was let in')));
    client.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString()));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }),
      );
    });
  });
}

await t.test('a page that Prosody does not let in gets its 403, with its text', async (t) => {
  const prosody = await startProsody(t, 'https://meet.test');
  const to = `ws://127.0.0.1:${prosody.port}${PATH}`;
  const gateway = await startGateway(t, { tunnels: [{ path: PATH, to, host: prosody.domain }] });
  const url = `ws://127.0.0.1:${gateway.port}${PATH}?room=lobby`;
  const direct = await refusalOf(t, to, 'https://evil.test', { host: prosody.domain });
  const through = await refusalOf(t, url, 'https://evil.test');
  t.equal(through.status, 403);
  t.match(through.body, /not allowed to do that/);
  t.strictSame(through, direct, 'byte for byte');
  const client = await logIn(t, gateway, prosody);
  t.equal(client.socket.readyState, WebSocket.OPEN, 'its own page is let in');
});

/** The last sentence of Prosody's page is another each time. */
function settled({ body, ...rest }: Refusal): Refusal {
  return { ...rest, body: body.replace(/(?<=is not here\. )[^<]+/, '') };
}

await t.test('what Prosody does not serve is its 404, with its text', async (t) => {
  const prosody = await startProsody(t);
  const nowhere = `ws://127.0.0.1:${prosody.port}/nowhere`;
  const tunnels = [{ path: '/other', to: nowhere, host: prosody.domain }];
  const gateway = await startGateway(t, { tunnels });
  const direct = await refusalOf(t, nowhere, 'https://meet.test', { host: prosody.domain });
  const through = await refusalOf(t, `ws://127.0.0.1:${gateway.port}/other`, 'https://meet.test');
  t.equal(through.status, 404);
  t.match(through.body, /Whatever you were looking for is not here/);
  t.strictSame(settled(through), settled(direct));
});
