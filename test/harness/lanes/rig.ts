// Two gateways that differ in proxy.splice only, each with an upstream of its own, and one client that does the same to
// both: what they answer, what they send on and what they log is compared. Owns the gateways; stops them at the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { createGateway, type Gateway } from '../../../src/gateway.ts';
import { testConfig, type ConfigDocument } from '../gateway.ts';
import { Activity } from './activity.ts';
import { converse, type Step } from './client.ts';
import { differenceOf, haveSameRefusals } from './difference.ts';
import { LaneOrigin, type OriginOptions } from './origin.ts';
import type { SettingParts } from './settings.ts';
import { observe, type Observation } from './transcript.ts';

export interface LaneCase {
  readonly steps: readonly Step[];
  /** Whether another client was served before, so that a connection to the upstream is there to be used again. */
  readonly isWarm?: boolean;
}

export interface Comparison {
  readonly spliced: Observation;
  readonly plain: Observation;
  /** The first difference; undefined without one. */
  readonly difference: string | undefined;
}

export interface TwoLanes {
  compare(laneCase: LaneCase, quietTicks?: number): Promise<Comparison>;
  /**
   * What the metrics of the two have counted differently so far; undefined if they agree. Errors are left out once a
   * refusal beside a request was logged by one only (difference.ts).
   */
  metricsDifference(): Promise<string | undefined>;
  /** Requests of the case under way that have reached the upstreams: of the spliced lane, and of the other. */
  readonly asked: readonly [number, number];
  /** Stops both gateways, as a signal would; what is in work goes on within limits.drain_timeout. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

const WARM_UP: readonly Step[] = [{ send: 'GET /_matrix/warm HTTP/1.1\r\nHost: h\r\n\r\n' }, { await: 1 }];

/** @param origins what the upstream of each lane does otherwise, for a test that has to see a difference */
export async function startTwoLanes(
  setting: (parts: SettingParts) => ConfigDocument,
  origins: { readonly spliced?: OriginOptions; readonly plain?: OriginOptions } = {},
): Promise<TwoLanes> {
  const spliced = await Lane.start(setting, true, origins.spliced);
  const plain = await Lane.start(setting, false, origins.plain);
  let areErrorsSteady = true;
  return {
    async compare(laneCase, quietTicks) {
      const [one, other] = await Promise.all([
        spliced.run(laneCase, quietTicks),
        plain.run(laneCase, quietTicks),
      ]);
      areErrorsSteady &&= haveSameRefusals(one, other);
      return { spliced: one, plain: other, difference: differenceOf(one, other) };
    },
    async metricsDifference() {
      const [one, other] = await Promise.all([
        spliced.metrics(areErrorsSteady),
        plain.metrics(areErrorsSteady),
      ]);
      return one.join() === other.join() ? undefined : `${onlyIn(one, other)}; ${onlyIn(other, one)}`;
    },
    get asked() {
      return [spliced.asked, plain.asked] as const;
    },
    async stop() {
      await Promise.all([spliced.stop(), plain.stop()]);
    },
    async close() {
      await Promise.all([spliced.close(), plain.close()]);
    },
  };
}

function onlyIn(here: string[], there: string[]): string {
  return here.filter((line) => !there.includes(line)).join(', ') || 'nothing';
}

/** The counters by which operators judge; gauges and durations are nobody's answer. */
const COUNTED = /^portico_(?:requests|upstream_retries)_total|^portico_request_duration_seconds_count/;
const ERRORS = /^portico_errors_total/;

interface LaneParts {
  readonly gateway: Gateway;
  readonly origin: LaneOrigin;
  readonly activity: Activity;
  readonly logged: Record<string, unknown>[];
  readonly folder: string;
}

class Lane {
  readonly #parts: LaneParts;

  private constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  static async start(
    setting: (parts: SettingParts) => ConfigDocument,
    splice: boolean,
    originOptions: OriginOptions = {},
  ): Promise<Lane> {
    const activity = new Activity();
    const logged: Record<string, unknown>[] = [];
    const log = pino(
      { level: 'debug' },
      {
        write(line: string) {
          activity.touch();
          logged.push(JSON.parse(line) as Record<string, unknown>);
        },
      },
    );
    const folder = mkdtempSync(join(tmpdir(), 'portico-lane-'));
    const origin = await LaneOrigin.start(activity, originOptions);
    const upstream = `http://127.0.0.1:${origin.port}`;
    const document = { ...setting({ upstream, socketPath: join(folder, 's') }), proxy: { splice } };
    const gateway = createGateway(testConfig(document, folder), { log });
    await gateway.start();
    return new Lane({ gateway, origin, activity, logged, folder });
  }

  async run({ steps, isWarm = false }: LaneCase, quietTicks?: number): Promise<Observation> {
    const { origin, activity, logged } = this.#parts;
    if (isWarm) await converse(this.#to, WARM_UP, { activity });
    await activity.settled(isWarm ? quietTicks : 1);
    origin.take();
    logged.length = 0;
    const hasLogged = (): boolean => logged.length > 0;
    const conversation = await converse(this.#to, steps, { activity, hasLogged, quietTicks });
    await activity.settled(quietTicks);
    const held = origin.busy;
    await origin.endConnections();
    await activity.settled(1);
    return observe({
      sent: steps.map((step) => ('send' in step ? step.send : '')).join(''),
      conversation,
      requests: origin.take(),
      held,
      logged: logged.splice(0),
      masks: [
        [`127.0.0.1:${origin.port}`, 'UPSTREAM'],
        [`127.0.0.1:${this.#port}`, 'GATEWAY'],
      ],
    });
  }

  async metrics(withErrors: boolean): Promise<string[]> {
    const [address] = this.#parts.gateway.observeAddresses;
    if (address?.kind !== 'tcp') throw new Error('no listener for the metrics');
    const answer = await fetch(`http://127.0.0.1:${address.port}/metrics`);
    const lines = (await answer.text()).split('\n');
    return lines.filter((line) => COUNTED.test(line) || (withErrors && ERRORS.test(line))).toSorted();
  }

  get asked(): number {
    return this.#parts.origin.asked;
  }

  stop(): Promise<void> {
    return this.#parts.gateway.stop();
  }

  async close(): Promise<void> {
    const { origin, folder } = this.#parts;
    await this.stop();
    await origin.close();
    rmSync(folder, { recursive: true, force: true });
  }

  get #port(): number {
    const tcp = this.#parts.gateway.addresses.find(({ kind }) => kind === 'tcp');
    if (tcp?.kind !== 'tcp') throw new Error('no TCP listener');
    return tcp.port;
  }

  /** By the Unix socket where there is one. */
  get #to(): number | string {
    const unix = this.#parts.gateway.addresses.find(({ kind }) => kind === 'unix');
    return unix?.kind === 'unix' ? unix.path : this.#port;
  }
}
