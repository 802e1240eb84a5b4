// The connection to the server as the calls and the application see it: its state, and why it is not online; one link after
// another, never two. It decides when the next is tried. What a link does is link.ts's, what an end means closing.ts's.

import type { CancelTimer, Environment, NetworkSign } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { Listeners } from '../listeners.ts';
import { textOf } from '../members.ts';
import type { ConnectionProblem, ConnectionState, ConnectOptions, Unsubscribe } from '../portico.ts';
import type { Ack, RequestOptions, ServerMessage, Signaling } from '../signaling.ts';
import { backOffMs, LEAST_BETWEEN_TRIES_MS, OFFLINE_AFTER_MS, STEADY_AFTER_MS } from './back-off.ts';
import { fetchCallConfig, type CallConfig } from './call-config.ts';
import { outcomeOf, type Ending } from './closing.ts';
import { registerFrame } from './frames.ts';
import { askHttp, errorIn } from './http.ts';
import { Link } from './link.ts';
import { Requests } from './requests.ts';
import { SessionMemory } from './session.ts';

export interface ConnectionParts {
  readonly environment: Environment;
  /** `homeserver` without a slash at the end. */
  readonly options: ConnectOptions;
  /** A connection that breaks in a call is noticed sooner. */
  readonly isInCall: () => boolean;
  /** The state or the problem is another one. */
  readonly onStatus: (state: ConnectionState, problem: ConnectionProblem | undefined) => void;
}

/** The server may have moved: it is looked for anew after so many failures in a row. */
const FORGET_CONFIG_AFTER = 3;
const CLOSED = 'The connection was closed.';
const NO_NETWORK: ConnectionProblem = {
  code: 'NETWORK_OFFLINE',
  message: 'There is no network.',
};

export class Connection implements Signaling {
  // Set here only.
  state: ConnectionState = 'idle';
  declare problem: ConnectionProblem | undefined;
  declare userId: string | undefined;
  declare deviceId: string | undefined;
  declare baseUrl: string | undefined;
  iceServers: readonly RTCIceServer[] = [];
  readonly #parts: ConnectionParts;
  readonly #environment: Environment;
  readonly #session = new SessionMemory();
  readonly #requests: Requests;
  readonly #listeners = new Listeners<{
    message: ServerMessage;
    rejoin: undefined;
    state: ConnectionState;
  }>();
  readonly #ignoreNetwork: Unsubscribe;
  #config: Promise<CallConfig> | undefined;
  #link: Link | undefined;
  #cancelRetry: CancelTimer | undefined;
  /** While it waits for the next try. */
  #retryAt: number | undefined;
  /** Why the last link ended. */
  #why: ConnectionProblem | undefined;
  #triedAt = 0;
  /** The server wants nobody back before. */
  #notBefore = 0;
  #failures = 0;
  /** Since when it is online, or is not. */
  #since: number;
  /** Whether the last token was asked for because the one before was refused. */
  #isTokenFresh = false;
  #isResumed = false;

  /** Begins to connect. */
  constructor(parts: ConnectionParts) {
    const { environment, options } = parts;
    this.#parts = parts;
    this.#environment = environment;
    this.#requests = new Requests(environment);
    this.#since = environment.now();
    this.#ignoreNetwork = environment.onNetworkSign((sign) => this.#networkChanged(sign));
    if (options.getToken !== undefined || options.accessToken) this.#try();
    else
      this.#stop('refused', {
        code: 'TOKEN_MISSING',
        message: 'There is no token.',
      });
  }

  async request(
    type: string,
    members: Readonly<Record<string, unknown>>,
    options: RequestOptions = { whenOffline: 'wait' },
  ): Promise<Ack> {
    if (this.#isStopped) throw new PorticoError('OFFLINE', this.problem?.message ?? CLOSED);
    const environment = this.#environment;
    // A request may go out twice; without a key, so might the call.
    const idempotencyKey = type === 'initiate' ? `${environment.random()}${environment.random()}` : undefined;
    return this.#requests.add(type, { idempotencyKey, ...members }, options);
  }

  onMessage(listener: (message: ServerMessage) => void): void {
    this.#listeners.on('message', listener);
  }

  onRejoin(listener: () => void): void {
    this.#listeners.on('rejoin', listener);
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#listeners.on('state', listener);
  }

  async api<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const token = await this.token();
    const { baseUrl } = await this.#findConfig(token);
    const answer = await askHttp(this.#environment, method, baseUrl + path, token, body);
    if (answer.status >= 300) throw errorIn(answer);
    return answer.body as T;
  }

  async token(): Promise<string> {
    const { accessToken, getToken } = this.#parts.options;
    let given: unknown;
    try {
      given = getToken === undefined ? accessToken : await getToken();
      if (textOf(given)) return textOf(given);
    } catch (error) {
      given = error;
    }
    throw new PorticoError('TOKEN_MISSING', `There is no token. ${String(given)}`);
  }

  /** Tries at once where it would wait, but for what the server asked for. */
  retryNow(): void {
    if (this.#retryAt === undefined) return;
    const at = Math.max(this.#environment.now(), this.#triedAt + LEAST_BETWEEN_TRIES_MS, this.#notBefore);
    if (at < this.#retryAt) this.#retry(at);
  }

  /** For good. */
  close(): void {
    if (this.state !== 'idle') this.#stop('idle', undefined);
  }

  get #isStopped(): boolean {
    return this.state === 'refused' || this.state === 'idle';
  }

  #try(): void {
    const { options, isInCall } = this.#parts;
    this.#retryAt = undefined;
    this.#triedAt = this.#environment.now();
    this.#link = new Link({
      environment: this.#environment,
      isInCall,
      askToken: () => this.token(),
      findSocketUrl: async (token) => (await this.#findConfig(token)).socketUrl,
      register: (token, isFirst) =>
        registerFrame(token, options.deviceId, isFirst ? this.#session.resume : undefined),
      onRegistered: (answer, isFirst) => this.#registered(answer, isFirst),
      onFrame: (frame) => this.#received(frame),
      onEnded: (ending) => this.#ended(ending),
    });
    this.#setDown();
  }

  /** One question, whoever asks first; remembered as long as it is of use. */
  #findConfig(token: string): Promise<CallConfig> {
    return (this.#config ??= fetchCallConfig(this.#environment, this.#parts.options.homeserver, token).then(
      (config) => {
        this.baseUrl = config.baseUrl;
        this.iceServers = config.iceServers;
        return config;
      },
      (error: unknown) => {
        this.#config = undefined;
        throw error;
      },
    ));
  }

  #registered(answer: ServerMessage, isFirst: boolean): void {
    this.userId = textOf(answer['userId']);
    this.deviceId = textOf(answer['deviceId']);
    if (!isFirst) return;
    const isNewSession = this.#session.registered(answer);
    this.#isResumed = !isNewSession;
    this.#since = this.#environment.now();
    // What waited goes first: a call that was answered meanwhile is answered before it is joined again.
    this.#requests.attach((text) => this.#link?.send(text), isNewSession);
    this.#why = undefined;
    this.#set('online', undefined, isNewSession);
  }

  #received(frame: ServerMessage): void {
    const { type, code, iceServers } = frame;
    if (Array.isArray(iceServers)) this.iceServers = iceServers as RTCIceServer[];
    if (type === 'error' && code === 'RESUME_REJOIN') {
      // Of a new session it was told already, when that began.
      if (this.#isResumed) this.#listeners.emit('rejoin', undefined);
    } else if (type === 'ack' || type === 'error') this.#requests.answered(frame);
    else if (type !== 'pong' && this.#session.isNews(frame)) this.#listeners.emit('message', frame);
  }

  #ended(ending: Ending): void {
    const { options, isInCall } = this.#parts;
    const now = this.#environment.now();
    this.#link = undefined;
    this.#requests.detach();
    if (this.state === 'online') {
      if (now - this.#since >= STEADY_AFTER_MS) {
        this.#failures = 0;
        this.#isTokenFresh = false;
      }
      this.#since = now;
    }
    const { next, code, message, closeCode, atLeastMs = 0, withinMs } = outcomeOf(ending);
    this.#why = { code, message, closeCode };
    if (next !== 'retry') {
      const canAskToken = options.getToken !== undefined && !this.#isTokenFresh;
      if (next === 'stop' || !canAskToken) return this.#stop('refused', this.#why);
      this.#isTokenFresh = true;
    }
    const random = this.#environment.random();
    const delayMs =
      this.#failures === 0 && withinMs !== undefined
        ? random * withinMs
        : Math.max(atLeastMs, backOffMs(this.#failures, random, isInCall()));
    this.#failures += 1;
    if (this.#failures % FORGET_CONFIG_AFTER === 0) this.#config = undefined;
    this.#notBefore = now + atLeastMs;
    this.#retry(Math.max(now + delayMs, this.#triedAt + LEAST_BETWEEN_TRIES_MS));
  }

  #retry(at: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#environment.after(at - this.#environment.now(), () => this.#try());
    this.#retryAt = at;
    this.#setDown();
  }

  #networkChanged(sign: NetworkSign): void {
    if (sign === 'online') this.#failures = 0;
    if (this.state === 'online') this.#link?.probe();
    else if (sign === 'offline') this.#setDown();
    else this.retryNow();
  }

  /** There is no connection now. */
  #setDown(): void {
    const hasNetwork = this.#environment.isOnline();
    const isLong = this.#environment.now() - this.#since >= OFFLINE_AFTER_MS;
    const brief = this.#session.resume === undefined ? 'connecting' : 'reconnecting';
    const why = hasNetwork ? this.#why : NO_NETWORK;
    this.#set(hasNetwork && !isLong ? brief : 'offline', why && { ...why, retryAt: this.#retryAt });
  }

  #stop(state: 'refused' | 'idle', problem: ConnectionProblem | undefined): void {
    this.#ignoreNetwork();
    this.#cancelRetry?.();
    this.#retryAt = undefined;
    this.#link?.close();
    this.#link = undefined;
    this.#set(state, problem);
    this.#requests.failAll(problem?.message ?? CLOSED);
  }

  #set(state: ConnectionState, problem: ConnectionProblem | undefined, isNewSession = false): void {
    const isNew = state !== this.state;
    this.state = state;
    this.problem = problem;
    // First: offers that are made because it is online again are of no use before the call is joined again.
    if (isNewSession) this.#listeners.emit('rejoin', undefined);
    if (isNew) this.#listeners.emit('state', state);
    this.#parts.onStatus(state, problem);
  }
}
