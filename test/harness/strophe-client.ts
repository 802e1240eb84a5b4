// Strophe, the XMPP library of web clients and of Jitsi Meet: an anonymous user who joins rooms, by WebSocket or by BOSH.
// It is the browser's library with the DOM that it brings for Node; what is said and expected is the test's.

import { createRequire } from 'node:module';

import type { Test } from 'tap';

import { until } from './until.ts';
import { XmlHttpRequest } from './xml-http-request.ts';

/** As far as it is used here: its own types need the names of a browser. */
interface StropheLibrary {
  readonly Strophe: {
    readonly Connection: new (service: string) => Connection;
    readonly LogLevel: { readonly ERROR: number };
    readonly Status: Readonly<
      Record<'ATTACHED' | 'AUTHFAIL' | 'CONNECTED' | 'CONNFAIL' | 'DISCONNECTED', number>
    >;
    setLogLevel(level: number): void;
  };
  readonly $msg: (attrs: Readonly<Record<string, string>>) => Builder;
  readonly $pres: (attrs: Readonly<Record<string, string>>) => Builder;
}

interface Connection {
  readonly jid: string;
  connect(jid: string, password: string, onStatus: (status: number) => void): void;
  /** @param handler is kept as long as it returns true */
  addHandler(
    handler: (stanza: StanzaElement) => boolean,
    namespace: string | null,
    name: string | null,
    type: string | null,
  ): void;
  send(stanza: Builder): void;
  disconnect(reason: string): void;
  reset(): void;
}

interface Builder {
  /** Adds a child and goes on in it. */
  c(name: string, attrs?: Readonly<Record<string, string>>): Builder;
  /** Adds text. */
  t(text: string): Builder;
}

interface StanzaElement {
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
  getElementsByTagName(name: string): Iterable<StanzaElement>;
}

const { $msg, $pres, Strophe } = createRequire(import.meta.url)('strophe.js') as StropheLibrary;
Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
Strophe.setLogLevel(Strophe.LogLevel.ERROR);

const { ATTACHED, AUTHFAIL, CONNECTED, CONNFAIL, DISCONNECTED } = Strophe.Status;
const DECIDED: ReadonlySet<number> = new Set([ATTACHED, AUTHFAIL, CONNECTED, CONNFAIL, DISCONNECTED]);
const MUC = 'http://jabber.org/protocol/muc';
const ANSWER_MS = 15_000;

export interface StropheClient {
  /** Its full address, given by the server. */
  readonly jid: string;
  /** Bodies of the groupchat messages that have come, with the sender's nickname: `bob: hello`. */
  readonly heard: readonly string[];
  /** Resolves when the room has let it in. */
  join(room: string, nickname: string): Promise<void>;
  say(room: string, body: string): void;
  /** Resolves when the server has ended the stream too. */
  leave(): Promise<void>;
}

/** @param url `ws://…` for a WebSocket, `http://…` for BOSH @throws when the log-in fails */
export async function connectStrophe(t: Test, url: string, domain: string): Promise<StropheClient> {
  const connection = new Strophe.Connection(url);
  const heard: string[] = [];
  const entered = new Set<string>();
  let status = -1;
  const onMessage = (stanza: StanzaElement): boolean => {
    const nickname = stanza.getAttribute('from')?.split('/')[1] ?? '';
    for (const body of stanza.getElementsByTagName('body')) heard.push(`${nickname}: ${body.textContent}`);
    return true;
  };
  const onPresence = (stanza: StanzaElement): boolean => {
    const codes = [...stanza.getElementsByTagName('status')].map((state) => state.getAttribute('code'));
    // XEP-0045 section 7.2.2: one's own presence, with which the room has let one in.
    if (codes.includes('110')) entered.add(stanza.getAttribute('from') ?? '');
    return true;
  };
  connection.addHandler(onMessage, null, 'message', 'groupchat');
  connection.addHandler(onPresence, null, 'presence', null);
  t.teardown(() => connection.reset());
  connection.connect(domain, '', (told) => (status = told));
  await until(() => DECIDED.has(status), ANSWER_MS);
  if (status !== CONNECTED && status !== ATTACHED) throw new Error(`not logged in: status ${status}`);

  return {
    jid: connection.jid,
    heard,
    async join(room, nickname) {
      const to = `${room}/${nickname}`;
      connection.send($pres({ to }).c('x', { xmlns: MUC }));
      await until(() => entered.has(to), ANSWER_MS);
    },
    say(room, body) {
      connection.send($msg({ to: room, type: 'groupchat' }).c('body').t(body));
    },
    async leave() {
      connection.disconnect('done');
      await until(() => status === DISCONNECTED, ANSWER_MS);
    },
  };
}
