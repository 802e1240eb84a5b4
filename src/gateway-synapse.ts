// The part of the composition root that speaks to Synapse for clients: the HTTP lane, the splice lane in front of it, and
// what both tell of the requests that they pass on. Built by gateway.ts only.

import type { Logger } from 'pino';

import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ConnectionBytes } from './http/connection-bytes.ts';
import type { Exchange, OnAnswered, Passage } from './http/exchange.ts';
import type { Intake } from './http/intake.ts';
import type { Metrics } from './observe/metrics.ts';
import { isLongPoll } from './proxy/deadlines.ts';
import { createForwardLane } from './proxy/forward.ts';
import { createConnector, type Upstream } from './proxy/upstream.ts';
import { createSpliceLane, type SpliceLane } from './splice/lane.ts';

export interface SynapseLanesParts {
  readonly config: Pick<Config, 'synapse' | 'limits' | 'proxy'>;
  readonly upstream: Upstream;
  readonly intake: Intake;
  readonly watchToken: (passage: Passage, isLongPoll: boolean) => OnAnswered | undefined;
  readonly watchRooms: (passage: Passage) => OnAnswered | undefined;
  /** An address that holds a long poll is in use. */
  readonly onPoll: (clientAddress: string) => void;
  readonly isDraining: () => boolean;
  readonly bytes: ConnectionBytes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface SynapseLanes {
  /** For what the HTTP server has read. */
  forward(exchange: Exchange): void;
  /** Undefined if it is switched off. */
  readonly splice: SpliceLane | undefined;
  /** Answers 503 to every long poll that Synapse still holds; other requests go on. */
  endPolls(): void;
  /** Long polls that Synapse holds now. */
  heldPolls(): number;
  /** Closes the connections of the splice lane. */
  close(): void;
}

export function openSynapseLanes(parts: SynapseLanesParts): SynapseLanes {
  const { config, upstream, clock, watchToken, watchRooms } = parts;
  const limits = { ...config.limits, ...config.synapse };
  const address = config.synapse.url;
  const lane = createForwardLane(upstream, limits, clock);
  const splice = config.proxy.splice
    ? createSpliceLane({
        ...parts,
        connector: (onread) => createConnector(address, config.synapse.connectTimeoutMs, onread),
        isUpstreamTls: address.kind === 'tcp' && address.isTls,
        upstreamName: upstream.name,
        limits,
        passing,
      })
    : undefined;

  return {
    forward(exchange) {
      const onAnswered = passing(exchange);
      const { response } = exchange;
      if (onAnswered !== undefined)
        response.once('close', () => onAnswered(response.headersSent ? response.statusCode : 0));
      lane.forward(exchange);
    },
    splice,
    endPolls() {
      lane.endPolls();
      splice?.endPolls();
    },
    heldPolls: () => lane.heldPolls + (splice?.heldPolls ?? 0),
    close: () => splice?.close(),
  };

  function passing(passage: Passage): OnAnswered | undefined {
    const isPoll = isLongPoll(passage.head);
    const ofToken = watchToken(passage, isPoll);
    if (isPoll) parts.onPoll(passage.client.address);
    const ofRoom = watchRooms(passage);
    if (ofToken === undefined || ofRoom === undefined) return ofToken ?? ofRoom;
    return (status) => {
      ofToken(status);
      ofRoom(status);
    };
  }
}
