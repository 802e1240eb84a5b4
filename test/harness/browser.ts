// A real Chromium for one test: its processes, and a profile folder of its own, all gone after the test. What its pages
// do is in pages/, and where they come from is page-server.ts.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const COMMAND = 'chromium';
/** It asks nothing of the Internet, and no person for anything. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Pictures and sounds that are made up; and peers on this machine meet, without multicast, where it has no network. */
const CALL_FLAGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

export interface TestBrowser {
  /** A new tab, when its page is loaded. A script of it that throws fails the test. */
  open(url: string): Promise<Page>;
}

export async function startBrowser(t: Test): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-chromium-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: chromiumOnPath(),
    args: [...FLAGS, ...CALL_FLAGS],
    // What it keeps beside its profile goes there too.
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
  });
  t.teardown(() => context.close());
  return {
    async open(url) {
      const page = await context.newPage();
      page.on('pageerror', ({ message }) => t.fail(`a page failed: ${message}`));
      await page.goto(url);
      return page;
    },
  };
}

function chromiumOnPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, COMMAND)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no ${COMMAND} on PATH: test/harness/prepare.ts installs it`);
  return found;
}
