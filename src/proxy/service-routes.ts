// All routes of a gateway: requests on their paths, each passed on to its own service. Which path is whose is
// service-path.ts; the lanes are made by the composition root. Upgrades are none of theirs: those are tunnels.

import type { RouteConfig } from '../config/sections/routes.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ForwardLane, ForwardLimits, ForwardRules } from './forward.ts';
import { serviceAddress, serviceRules, type ServiceAddress } from './service-lane.ts';
import { routedPath, servicePathOf } from './service-path.ts';

/**
 * How long a service may take to begin its answer. BOSH holds a request for as long as its client asks, commonly 60 s
 * (XEP-0124 section 7.1), other long polls for up to two minutes: a shorter limit would cut them for ever.
 */
const RESPONSE_TIMEOUT_MS = 180_000;

export interface ServiceRoutesParts {
  readonly routes: readonly RouteConfig[];
  readonly openLane: (
    address: ServiceAddress,
    rules: ForwardRules,
    limits: Omit<ForwardLimits, 'bodyIdleTimeoutMs'>,
  ) => ForwardLane;
}

export interface ServiceRoutes {
  readonly paths: readonly string[];
  /** A request whose path lies on one of `paths`. */
  forward(exchange: Exchange): void;
}

export function createServiceRoutes({ routes, openLane }: ServiceRoutesParts): ServiceRoutes {
  const lanes = new Map(
    routes.map((route) => {
      const limits = { maxUploadBytes: route.maxBodyBytes, responseTimeoutMs: RESPONSE_TIMEOUT_MS };
      return [route.path, openLane(serviceAddress(route.to), serviceRules(routedPath(route)), limits)];
    }),
  );
  const paths = [...lanes.keys()];
  return {
    paths,
    forward(exchange) {
      const lane = lanes.get(servicePathOf(exchange.head.path, paths) ?? '');
      if (lane === undefined) throw new Error('no route has this path');
      lane.forward(exchange);
    },
  };
}
