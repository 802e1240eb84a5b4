// Brings a recording to the server while it grows: tus 1.0.0 with a length that is said last. What was not confirmed is
// kept and sent again from where the server is. What is recorded is none of its business.

import type { Environment } from '../environment.ts';
import type { PorticoError as PorticoErrorClass } from '../error.ts';

export interface UploadParts {
  /** Where it is created: `/api/calls/:id/recordings`. */
  readonly url: string;
  /** A MIME type without parameters. */
  readonly type: string;
  readonly host: Pick<Environment, 'after' | 'fetch'>;
  readonly token: () => Promise<string>;
  readonly PorticoError: typeof PorticoErrorClass;
  /** It cannot go on: nothing more is taken. */
  readonly onFailed: (error: PorticoErrorClass) => void;
}

/** Of one request: it has to be through within the time that the server gives a body. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** About a minute of what a browser records: a network that is behind so far does not catch up. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** The server gives a recorder up that says nothing for 30 s. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 8_000];
const REQUEST_TIMEOUT_MS = 20_000;
/** Of a status that may be another one the next time: a lock, a lost race, too many requests. */
const PASSING = [401, 408, 409, 423, 429];

/** Of those, what stays as it is. */
const FINAL_CODES = ['RECORDING_FULL', 'RECORDING_RUNNING'];

export class Upload {
  readonly #parts: UploadParts;
  #location = '';
  /** What the server has not confirmed; it begins at */
  #waiting = new Blob();
  #offset = 0;
  #failures = 0;
  #isFinishing = false;
  #isFinished = false;
  #failure: PorticoErrorClass | undefined;
  #sending: Promise<void> | undefined;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  /** @throws PorticoError with the server's code, or `OFFLINE` */
  async begin(): Promise<void> {
    const { url, type } = this.#parts;
    const headers = { 'Upload-Defer-Length': '1', 'Upload-Metadata': `filetype ${btoa(type)}` };
    const response = await this.#request(url, { method: 'POST', headers });
    this.#location = new URL(response.headers.get('Location') ?? '', url).href;
  }

  push(piece: Blob): void {
    if (this.#failure !== undefined || this.#isFinishing) return;
    this.#waiting = new Blob([this.#waiting, piece]);
    if (this.#waiting.size <= MAX_WAITING_BYTES) return this.#send();
    const { PorticoError } = this.#parts;
    this.#fail(new PorticoError('RECORDING_TOO_SLOW', 'The network is too slow for this recording'));
  }

  /** Resolves when the server has all of it. @throws PorticoError why it has not */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    while (!this.#isDone) {
      this.#send();
      await this.#sending;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  get #isDone(): boolean {
    return (
      this.#failure !== undefined || this.#isFinished || (this.#waiting.size === 0 && !this.#isFinishing)
    );
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (!this.#isDone) {
      try {
        if (this.#failures > 0) await this.#locate();
        await this.#sendNext();
        this.#failures = 0;
      } catch (error) {
        const pauseMs = PAUSES_MS[this.#failures];
        this.#failures += 1;
        const failure = error as PorticoErrorClass;
        if (pauseMs === undefined || failure.code !== 'OFFLINE') this.#fail(failure);
        else await this.#pause(pauseMs);
      }
    }
  }

  async #sendNext(): Promise<void> {
    const body = this.#waiting.slice(0, MAX_REQUEST_BYTES);
    const isLast = this.#isFinishing && body.size === this.#waiting.size;
    const end = this.#offset + body.size;
    const headers = {
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(this.#offset),
      ...(isLast ? { 'Upload-Length': String(end) } : {}),
    };
    this.#confirm(await this.#request(this.#location, { method: 'PATCH', headers, body }));
    this.#isFinished = isLast && this.#offset === end;
  }

  /** After a failure nobody knows how much of it arrived. */
  async #locate(): Promise<void> {
    this.#confirm(await this.#request(this.#location, { method: 'HEAD' }));
  }

  #confirm(response: Response): void {
    const text = response.headers.get('Upload-Offset');
    const offset = text === null ? Number.NaN : Number(text);
    const confirmed = offset - this.#offset;
    if (!(confirmed >= 0 && confirmed <= this.#waiting.size))
      throw new this.#parts.PorticoError('RECORDING_LOST', 'The server has not what it had confirmed');
    this.#waiting = this.#waiting.slice(confirmed);
    this.#offset = offset;
  }

  /** @throws PorticoError `OFFLINE` where it may work the next time, else the server's code */
  async #request(url: string, options: RequestInit): Promise<Response> {
    const { host, token, PorticoError } = this.#parts;
    const headers = {
      ...(options.headers as Record<string, string> | undefined),
      'Tus-Resumable': '1.0.0',
      Authorization: `Bearer ${await token()}`,
    };
    const abort = new AbortController();
    const cancel = host.after(REQUEST_TIMEOUT_MS, () => abort.abort());
    let failure;
    try {
      const response = await host.fetch(url, { ...options, headers, signal: abort.signal });
      if (response.ok) return response;
      failure = await this.#refusalIn(response);
    } catch (error) {
      failure = new PorticoError('OFFLINE', `The recording could not be sent: ${String(error)}`);
    } finally {
      cancel();
    }
    throw failure;
  }

  async #refusalIn(response: Response): Promise<PorticoErrorClass> {
    const { PorticoError } = this.#parts;
    const { status } = response;
    const said = (await response.json().catch(() => ({}))) as { code?: unknown; error?: unknown } | null;
    const code = typeof said?.code === 'string' ? said.code : 'RECORDING_UNAVAILABLE';
    const isPassing = status >= 500 || PASSING.includes(status);
    if (isPassing && !FINAL_CODES.includes(code))
      return new PorticoError('OFFLINE', `The server cannot take the recording now (${status})`);
    const text = typeof said?.error === 'string' ? said.error : `The server takes no recording (${status})`;
    return new PorticoError(code, text);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.host.after(ms, resolve);
    });
  }

  #fail(failure: PorticoErrorClass): void {
    this.#failure = failure;
    this.#waiting = new Blob();
    this.#parts.onFailed(failure);
  }
}
