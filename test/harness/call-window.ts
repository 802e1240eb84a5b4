// One window of a real Chromium in which an application uses the client library: pages/caller.js. What a test asks of it
// and what it waits for; it decides nothing about calls.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import type { Session } from '../../src/cli/demo/accounts.ts';
import type { TestBrowser } from './browser.ts';
import { until } from './until.ts';

const SOURCE = readFileSync(join(import.meta.dirname, 'pages', 'caller.js'), 'utf8');
const WITHIN_MS = 30_000;

export interface CallView {
  readonly state: string;
  readonly endReason: string | undefined;
  readonly recordedBy: readonly string[];
  readonly isSharing: boolean;
  readonly participants: readonly {
    readonly userId: string;
    readonly connection: string;
    readonly hasScreen: boolean;
    readonly isVideoEnabled: boolean;
    readonly quality: string | undefined;
  }[];
  readonly states: readonly string[];
  readonly errors: readonly string[];
  readonly recordings: readonly (readonly string[])[];
}

/** What has come in from one other participant. */
export interface PeerMedia {
  readonly audioPackets: number;
  readonly framesDecoded: number;
  /** Video tracks of which a frame was decoded. */
  readonly videos: number;
  /** Types of the local and the remote candidate: `relay host`. */
  readonly pair: string;
}

export interface WindowOptions {
  readonly iceTransportPolicy?: 'relay';
}

export class CallWindow {
  readonly page: Page;
  readonly #session: Session;
  readonly #options: WindowOptions;

  private constructor(page: Page, session: Session, options: WindowOptions) {
    this.page = page;
    this.#session = session;
    this.#options = options;
  }

  /** @param url of the gateway, or of what stands in front of it */
  static async open(
    browser: TestBrowser,
    url: string,
    session: Session,
    options: WindowOptions = {},
  ): Promise<CallWindow> {
    const window = new CallWindow(await browser.open(`${url}/health`), session, options);
    await window.#start();
    return window;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#start();
  }

  async place(roomId: string, options: { readonly video: boolean }): Promise<string> {
    return await this.#ask<string>('place', roomId, options);
  }

  /** The call that comes in. */
  async incoming(): Promise<{ readonly id: string; readonly ringsUntil: number }> {
    type Incoming = { readonly id: string; readonly ringsUntil: number };
    const list = async (): Promise<readonly Incoming[]> => await this.#ask('incoming');
    await until(async () => (await list()).length > 0, WITHIN_MS);
    const last = (await list()).at(-1);
    if (last === undefined) throw new Error('nobody calls');
    return last;
  }

  async act(id: string, method: string, ...args: readonly unknown[]): Promise<void> {
    await this.#ask('act', id, method, ...args);
  }

  view(id: string): Promise<CallView> {
    return this.#ask('view', id);
  }

  state(): Promise<string> {
    return this.#ask('state');
  }

  async waitForState(state: string): Promise<void> {
    await until(async () => (await this.state()) === state, WITHIN_MS);
  }

  /** Waits until that call has come in. */
  async waitForCall(id: string): Promise<void> {
    await until(async () => (await this.incoming()).id === id, WITHIN_MS);
  }

  /** Microphones, cameras and screens that are on. */
  liveTracks(): Promise<number> {
    return this.#ask('liveTracks');
  }

  /** All states so far, with the problem's code. */
  states(): Promise<readonly string[]> {
    return this.#ask('states');
  }

  media(): Promise<readonly PeerMedia[]> {
    return this.#ask('media');
  }

  /** One text for each peer connection, another one after each of its negotiations. */
  negotiations(): Promise<readonly string[]> {
    return this.#ask('negotiations');
  }

  async waitFor(id: string, isSo: (view: CallView) => boolean, limitMs = WITHIN_MS): Promise<CallView> {
    let view = await this.view(id);
    try {
      await until(async () => isSo((view = await this.view(id))), limitMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(view)}`, { cause: error });
    }
    return view;
  }

  /** Waits until more has come from each of `others` than now: sound, and pictures if it is a video call. */
  async mediaFlows(others: number, video: boolean, limitMs = WITHIN_MS): Promise<void> {
    const before = await this.media();
    let now = before;
    const flows = ({ audioPackets, framesDecoded }: PeerMedia, i: number): boolean =>
      audioPackets >= (before[i]?.audioPackets ?? 0) + 20 &&
      (!video || framesDecoded >= (before[i]?.framesDecoded ?? 0) + 5);
    try {
      await until(async () => {
        now = await this.media();
        return now.filter(flows).length >= others;
      }, limitMs);
    } catch (error) {
      throw new Error(`no media: ${JSON.stringify(before)}, then ${JSON.stringify(now)}`, { cause: error });
    }
  }

  async #start(): Promise<void> {
    const { accessToken, deviceId } = this.#session;
    const given = JSON.stringify({ accessToken, deviceId, ...this.#options });
    await this.page.evaluate(SOURCE);
    await this.page.evaluate(`window.startCaller(${given})`);
    await until(async () => (await this.state()) === 'online', WITHIN_MS);
  }

  async #ask<T>(what: string, ...args: readonly unknown[]): Promise<T> {
    const list = args.map((arg) => JSON.stringify(arg)).join(', ');
    return (await this.page.evaluate(`window.caller.${what}(${list})`)) as T;
  }
}
