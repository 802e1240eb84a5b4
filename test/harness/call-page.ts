// The call page in a window of a real Chromium, as a person uses it: by what is written on it. Also what only a test
// looks for: pictures that were decoded, sound that came, lines in the console, and what axe-core has against it.

import { join } from 'node:path';

import type { ConsoleMessage, Page } from 'playwright-core';
import type { Test } from 'tap';

import type { Account } from '../../src/cli/demo/accounts.ts';
import { isAccessible } from './axe.ts';
import type { TestBrowser } from './browser.ts';
import { REPOSITORY_DIR } from './places.ts';
import { until } from './until.ts';

const WITHIN_MS = 20_000;

export const DESKTOP = { width: 1280, height: 800 };
/** The narrowest phones. */
export const PHONE = { width: 320, height: 640 };

/** `npm run pictures` sets it: where the pictures of the documentation go. */
const PICTURES_DIR = process.env['PORTICO_PICTURES_DIR'];

/** What has come in so far, from everybody. */
export interface Received {
  readonly framesDecoded: number;
  readonly audioPackets: number;
}

/** In the page: the connections are kept where a test finds them, because the page itself shows only what they bring. */
function keepConnections(): void {
  const kept: RTCPeerConnectionLike[] = [];
  const place = globalThis as unknown as Record<string, unknown>;
  const Native = place['RTCPeerConnection'] as new (...all: unknown[]) => RTCPeerConnectionLike;
  place['keptConnections'] = kept;
  place['RTCPeerConnection'] = class extends Native {
    constructor(...all: unknown[]) {
      super(...all);
      kept.push(this);
    }
  };
}

interface RTCPeerConnectionLike {
  getStats(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
}

export class CallPage {
  readonly page: Page;
  readonly #t: Test;
  #mayFail = false;

  private constructor(t: Test, page: Page) {
    this.#t = t;
    this.page = page;
  }

  /** @param url of the gateway. Lines in the console that tell of an error fail the test. */
  static async open(t: Test, browser: TestBrowser, url: string): Promise<CallPage> {
    const page = await browser.open('about:blank');
    const opened = new CallPage(t, page);
    page.setDefaultTimeout(WITHIN_MS);
    page.on('console', (line) => opened.#heard(line));
    await page.addInitScript(keepConnections);
    await page.setViewportSize(DESKTOP);
    await page.goto(`${url}/call/`);
    return opened;
  }

  /** Browsers write down each request that fails, whatever the page makes of it. */
  async whileRequestsFail(work: () => Promise<void>): Promise<void> {
    this.#mayFail = true;
    await work();
    this.#mayFail = false;
  }

  #heard(line: ConsoleMessage): void {
    if (line.type() !== 'error') return;
    const isRequest = /^Failed to load resource|^WebSocket connection to /.test(line.text());
    if (this.#mayFail && isRequest) return;
    this.#t.fail(`the console says: ${line.text()} (${line.location().url})`);
  }

  async logIn({ user, password }: Account): Promise<void> {
    await this.page.getByLabel('User name').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('list', { name: 'Rooms' }).waitFor();
    await this.isConnected();
  }

  async isConnected(): Promise<void> {
    await this.page.getByRole('img', { name: 'Connected', exact: true }).waitFor();
  }

  async call(roomName: string, kind: 'Voice' | 'Video' = 'Video'): Promise<void> {
    await this.page.getByRole('button', { name: `${kind} call with ${roomName}` }).click();
  }

  async rings(): Promise<void> {
    await this.page.getByRole('dialog').getByRole('button', { name: 'Decline' }).waitFor();
  }

  async isQuiet(): Promise<void> {
    await this.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  /** @param name the whole of it, unless it is a pattern */
  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  async showsList(): Promise<void> {
    await this.page.getByRole('list', { name: 'Rooms' }).waitFor();
  }

  async received(): Promise<Received> {
    return this.page.evaluate(async () => {
      let [framesDecoded, audioPackets] = [0, 0];
      const place = globalThis as unknown as { keptConnections: readonly RTCPeerConnectionLike[] };
      for (const connection of place.keptConnections) {
        for (const report of (await connection.getStats()).values()) {
          if (report['type'] !== 'inbound-rtp') continue;
          if (report['kind'] === 'video') framesDecoded += Number(report['framesDecoded'] ?? 0);
          else audioPackets += Number(report['packetsReceived'] ?? 0);
        }
      }
      return { framesDecoded, audioPackets };
    });
  }

  /** Until this many more have come. */
  async receives({ framesDecoded, audioPackets }: Received): Promise<void> {
    const before = await this.received();
    await until(async () => {
      const now = await this.received();
      return (
        now.framesDecoded >= before.framesDecoded + framesDecoded &&
        now.audioPackets >= before.audioPackets + audioPackets
      );
    }, WITHIN_MS);
  }

  /** Whether a video element shows what it is given: its size is known only then. */
  async shows(label: string): Promise<void> {
    const video = this.page.getByLabel(label, { exact: true });
    await until(
      () => video.evaluate((element) => (element as unknown as { videoWidth: number }).videoWidth > 0),
      WITHIN_MS,
    );
  }

  /** For the documentation, if it is asked for. */
  async picture(name: string): Promise<void> {
    if (PICTURES_DIR !== undefined)
      await this.page.screenshot({ path: join(REPOSITORY_DIR, PICTURES_DIR, `${name}.png`) });
  }

  async isAccessible(what: string): Promise<void> {
    await isAccessible(this.#t, this.page, what);
  }

  /** Nothing is cut off at the narrowest width, and nothing has to be scrolled sideways. */
  async fitsPhone(what: string): Promise<void> {
    await this.page.setViewportSize(PHONE);
    const overflow = await this.page.evaluate(() => {
      const place = globalThis as unknown as {
        document: { documentElement: { scrollWidth: number; clientWidth: number } };
      };
      const { scrollWidth, clientWidth } = place.document.documentElement;
      return scrollWidth - clientWidth;
    });
    this.#t.equal(overflow, 0, `${what} fits a phone`);
    await this.page.setViewportSize(DESKTOP);
  }
}
