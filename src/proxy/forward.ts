// The HTTP lane: one exchange forwarded to Synapse, streamed both ways with back-pressure.
// Every decision (headers, deadlines, retry, failure codes) is a pure function in a file beside this one; here are
// the sockets' events only. It routes nothing and refuses nothing but bodies.

import type { Dispatcher } from 'undici';

import type { CancelTimer, Clock } from '../clock.ts';
import { GatewayError, type ErrorCode } from '../errors.ts';
import { errorAnswer, type Answer } from '../http/errors.ts';
import { noteError, type Exchange } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import { breakOff, endLingering, isBodyRead, sendAnswer } from '../http/send.ts';
import { MeteredBody, readWhole } from './body.ts';
import { holdMs, responseDeadlineMs } from './deadlines.ts';
import { classifyFailure, FAILURE_CODES } from './failures.ts';
import { isCodedForTransfer, isReason, requestHeaders, responseHeaders } from './headers.ts';
import { keepsBodyForReplay, mayRetry } from './retry.ts';
import type { Upstream } from './upstream.ts';

export interface ForwardLimits {
  /** Larger request bodies get 413. */
  readonly maxUploadBytes: number;
  readonly responseTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
}

/** What depends on who the upstream is. */
export interface ForwardRules {
  /** The request as it is sent; headers as a raw list. */
  readonly outgoing: (exchange: Exchange) => { readonly target: string; readonly headers: string[] };
  /** What the client is told when there is no answer of the upstream to pass on. */
  readonly failure: (code: ErrorCode, head: RequestHead) => Answer;
}

const SYNAPSE: ForwardRules = {
  outgoing: ({ head, client, requestId }) => ({
    target: head.target,
    headers: requestHeaders(head, client, requestId),
  }),
  failure: (code, { method, path }) => errorAnswer(code, { method, path, isMatrix: true }),
};

export interface ForwardLane {
  forward(exchange: Exchange): void;
  /** Answers 503 to every long poll that Synapse still holds; other requests go on. */
  endPolls(): void;
  /** Long polls that Synapse holds now. */
  readonly heldPolls: number;
}

export function createForwardLane(
  upstream: Upstream,
  limits: ForwardLimits,
  clock: Clock,
  rules: ForwardRules = SYNAPSE,
): ForwardLane {
  const polls = new Set<Forwarding>();
  return {
    forward(exchange) {
      const forwarding = new Forwarding(exchange, upstream, limits, clock, rules);
      if (holdMs(exchange.head) > 0) {
        polls.add(forwarding);
        exchange.response.once('close', () => polls.delete(forwarding));
      }
      forwarding.start();
    },
    endPolls() {
      for (const poll of polls) poll.refuseIfUnanswered('GATEWAY_DRAINING');
    },
    get heldPolls() {
      return polls.size;
    },
  };
}

const NOTHING = Buffer.alloc(0);

/** Why a forwarding ended before Synapse's answer was through; given to undici as the reason of the abort. */
class Abandoned extends Error {}

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #limits: ForwardLimits;
  readonly #clock: Clock;
  readonly #rules: ForwardRules;
  readonly #startedMs: number;

  #body: MeteredBody | undefined;
  /** What is sent again on a retry: null for no body, undefined when the body was streamed and is gone. */
  #replay: Buffer | null | undefined;
  /** Undefined until a connection takes the request. */
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #cancelStall: CancelTimer | undefined;

  constructor(
    exchange: Exchange,
    upstream: Upstream,
    limits: ForwardLimits,
    clock: Clock,
    rules: ForwardRules,
  ) {
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#limits = limits;
    this.#clock = clock;
    this.#rules = rules;
    this.#startedMs = clock.monotonicMs();
    exchange.outcome.upstream = upstream.name;
  }

  start(): void {
    const { request, response, head } = this.#exchange;
    if (head.body.kind === 'length' && head.body.bytes > this.#limits.maxUploadBytes) {
      this.#fail('BODY_TOO_LARGE');
      return;
    }
    response.once('close', () => this.#onClientClosed());
    // Only now, when nothing stands against the request any more, is the client asked for its body.
    if (head.expectsContinue && head.body.kind !== 'none') response.writeContinue();

    if (head.body.kind === 'none' || (head.body.kind === 'length' && head.body.bytes === 0)) {
      this.#replay = null;
      this.#dispatch(null);
      return;
    }
    this.#body = new MeteredBody(
      request,
      { maxBytes: this.#limits.maxUploadBytes, idleTimeoutMs: this.#limits.bodyIdleTimeoutMs },
      this.#clock,
    );
    if (keepsBodyForReplay(head)) void this.#dispatchWhole(this.#body);
    else this.#dispatch(this.#body);
  }

  refuseIfUnanswered(code: ErrorCode): void {
    if (this.#exchange.response.headersSent) return;
    this.#fail(code);
    this.#abandon();
  }

  async #dispatchWhole(body: MeteredBody): Promise<void> {
    try {
      this.#replay = await readWhole(body);
      this.#dispatch(this.#replay);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #dispatch(body: Buffer | MeteredBody | null): void {
    if (this.#isOver) return;
    const { head } = this.#exchange;
    this.#controller = undefined;
    try {
      const { target, headers } = this.#rules.outgoing(this.#exchange);
      this.#upstream.dispatcher.dispatch(
        {
          method: head.method,
          path: target,
          headers,
          body,
          headersTimeout: responseDeadlineMs(head, this.#limits.responseTimeoutMs),
          bodyTimeout: this.#limits.bodyIdleTimeoutMs,
        },
        this,
      );
    } catch (error) {
      this.#onFailure(error);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) this.#abandon();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    if (status < 200) return;
    const { request, response, outcome } = this.#exchange;
    const given = rawList(controller.rawHeaders);
    if (isCodedForTransfer(given)) {
      this.#fail('UPSTREAM_FAILED');
      this.#abandon();
      return;
    }
    outcome.firstByteMs = this.#clock.monotonicMs() - this.#startedMs;
    const headers = responseHeaders(given);
    // Synapse answered before it had the whole body: what is left of it must not be taken for the next request.
    if (!isBodyRead(request)) headers.push('Connection', 'close');
    response.sendDate = false;
    response.writeHead(status, statusText !== undefined && isReason(statusText) ? statusText : '', headers);
    // The head goes out now: the first piece of a body may be long in coming. Not by flushHeaders(), which writes it
    // as UTF-8 and so turns every byte above 127 into two.
    response.write(NOTHING);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#exchange;
    if (response.write(chunk)) return;
    controller.pause();
    this.#watchReader();
    response.once('drain', () => {
      this.#cancelStall?.();
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#isOver = true;
    const { request, response } = this.#exchange;
    this.#body?.destroy();
    endLingering(request, response, this.#clock);
    if (response.writableLength > 0) this.#watchReader();
  }

  /** A reader that stopped would hold our buffers, and Synapse's connection with them, for ever. */
  #watchReader(): void {
    this.#cancelStall?.();
    const { response } = this.#exchange;
    this.#cancelStall = this.#clock.after(this.#limits.bodyIdleTimeoutMs, () => {
      if (response.writableLength > 0) response.destroy();
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#onFailure(error);
  }

  #onFailure(error: unknown): void {
    if (this.#isOver) return;
    const { head, response, outcome } = this.#exchange;
    if (error instanceof GatewayError) {
      this.#fail(error.code);
      return;
    }
    const failure = classifyFailure({
      error,
      wasSent: this.#controller !== undefined,
      hadServedBefore: this.#upstream.hadServedBefore(error),
    });
    const replay = this.#replay;
    if (outcome.retries === 0 && !response.headersSent && mayRetry(head, failure, replay !== undefined)) {
      outcome.retries += 1;
      this.#dispatch(replay ?? null);
      return;
    }
    this.#fail(FAILURE_CODES[failure]);
  }

  /** Answers with the error, or breaks an answer that has begun: it must not look complete to anybody. */
  #fail(code: ErrorCode): void {
    const { request, response, head, outcome } = this.#exchange;
    this.#isOver = true;
    noteError(outcome, code);
    this.#body?.destroy();
    if (response.headersSent) {
      breakOff(request.socket, this.#clock);
      return;
    }
    sendAnswer(request, response, this.#rules.failure(code, head), this.#clock);
  }

  #onClientClosed(): void {
    this.#cancelStall?.();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.outcome.endedBy = 'client';
    this.#body?.destroy();
    this.#abandon();
  }

  #abandon(): void {
    this.#controller?.abort(new Abandoned('the client is gone'));
  }
}

/** undici's raw header list is bytes; Node's header functions take latin1 text, which keeps every byte. */
function rawList(rawHeaders: unknown): string[] {
  return Array.isArray(rawHeaders) ? rawHeaders.map((item: Buffer | string) => item.toString('latin1')) : [];
}
