// xmpp.js, the XMPP library of Node programs: an anonymous user who joins rooms through Node's own WebSocket. What is
// said and expected is the test's.

import { createRequire } from 'node:module';

import type { Test } from 'tap';

import { until } from './until.ts';

/** As far as it is used here: its published types bring thirty packages. */
interface XmppJs {
  readonly client: (options: { readonly service: string; readonly domain: string }) => XmppClient;
  readonly xml: (
    name: string,
    attrs: Readonly<Record<string, string>>,
    ...children: (Stanza | string)[]
  ) => Stanza;
}

interface Stanza {
  readonly attrs: Readonly<Record<string, string | undefined>>;
  is(name: string): boolean;
  getChild(name: string, xmlns?: string): Stanza | undefined;
  getChildren(name: string): Stanza[];
  getChildText(name: string): string | null;
}

interface XmppClient {
  readonly reconnect: { stop(): void };
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'stanza', listener: (stanza: Stanza) => void): void;
  /** @returns the address that the server has given */
  start(): Promise<{ toString(): string }>;
  stop(): Promise<unknown>;
  send(stanza: Stanza): Promise<void>;
}

const { client, xml } = createRequire(import.meta.url)('@xmpp/client') as XmppJs;

const MUC = 'http://jabber.org/protocol/muc';
const MUC_USER = 'http://jabber.org/protocol/muc#user';
const ANSWER_MS = 15_000;

export interface XmppJsClient {
  /** Its full address, given by the server. */
  readonly jid: string;
  /** Bodies of the groupchat messages that have come, with the sender's nickname: `bob: hello`. */
  readonly heard: readonly string[];
  /** Resolves when the room has let it in. */
  join(room: string, nickname: string): Promise<void>;
  say(room: string, body: string): Promise<void>;
  /** Resolves when the stream is closed in order. */
  leave(): Promise<void>;
}

/** @throws when the connection is refused or lost before the log-in */
export async function connectXmppJs(t: Test, url: string, domain: string): Promise<XmppJsClient> {
  const xmpp = client({ service: url, domain });
  xmpp.reconnect.stop();
  const heard: string[] = [];
  const entered = new Set<string>();
  xmpp.on('error', () => undefined);
  xmpp.on('stanza', (stanza) => {
    const from = stanza.attrs['from'] ?? '';
    const body = stanza.getChildText('body');
    if (stanza.is('message') && stanza.attrs['type'] === 'groupchat' && body !== null)
      heard.push(`${from.split('/')[1] ?? ''}: ${body}`);
    const states = stanza.getChild('x', MUC_USER)?.getChildren('status') ?? [];
    if (stanza.is('presence') && states.some(({ attrs }) => attrs['code'] === '110')) entered.add(from);
  });
  t.teardown(() => xmpp.stop().catch(() => undefined));
  const jid = await xmpp.start();

  return {
    jid: jid.toString(),
    heard,
    async join(room, nickname) {
      const to = `${room}/${nickname}`;
      await xmpp.send(xml('presence', { to }, xml('x', { xmlns: MUC })));
      await until(() => entered.has(to), ANSWER_MS);
    },
    say: (room, body) => xmpp.send(xml('message', { to: room, type: 'groupchat' }, xml('body', {}, body))),
    async leave() {
      await xmpp.stop();
    },
  };
}
