// A whole client's life through one homeserver URL, by matrix-js-sdk: what Element Web does, without the browser.
// Hands back what it saw and judges nothing beyond "cannot go on". Runs it in a thread of its own: the SDK leaves a
// timer of 110 s behind each sync and prints to the console, and a test would neither end nor be readable.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { Credentials } from '../../src/cli/demo/accounts.ts';

export interface JourneyOptions {
  homeserverUrl: string;
  alice: Credentials;
  bob: Credentials;
  uploadBytes: number;
}

export interface JourneyObservations {
  aliceUserId: string;
  bobUserId: string;
  roomId: string;
  /** Its local part contains `/`: in a path it is `%23…%2F…`. */
  alias: string;
  aliasResolvedTo: string;
  membersSeenByBob: string[];
  heldSync: {
    /** What bob's client asked for, and when the answer came, counted from alice's sending. */
    timeoutMs: number;
    wokenAfterMs: number;
    status: number;
    bodySeenByBob: string;
  };
  media: { sentBytes: number; receivedBytes: number; sentSha256: string; receivedSha256: string };
  thumbnail: { status: number; contentType: string; isPng: boolean };
  /** Of room version 3, with a `/` in it: in a path it is `%2F`. */
  eventWithSlash: { eventId: string; tries: number; fetchedId: string; fetchedBody: string };
  typingSeenByBob: boolean;
  /** What the homeserver says to alice's token after her logout. */
  afterLogout: { status: number; errcode: string };
}

const DEADLINE_MS = 120_000;

/** Always stops its clients, also when it fails. */
export async function journey(options: JourneyOptions): Promise<JourneyObservations> {
  const worker = new Worker(new URL('js-sdk-worker.ts', import.meta.url), {
    workerData: options,
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  try {
    // An error inside the thread rejects this wait with that error.
    const [observations] = (await once(worker, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) })) as [
      JourneyObservations,
    ];
    return observations;
  } finally {
    await worker.terminate();
  }
}
