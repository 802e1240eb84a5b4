// What the HTTP lane needs to know of a service that is not Synapse: its address, the heads it is asked by, and the
// answers in its place. Pure; the lanes are opened by the composition root, for tunnels and routes alike.

import type { UpstreamAddress } from '../config/kinds/url.ts';
import type { ForwardRules } from './forward.ts';
import { serviceAnswer } from './service-answer.ts';
import { serviceHead, type ServicePath } from './service-path.ts';

/** Where a service listens. */
export interface ServiceServer {
  readonly isTls: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export type ServiceAddress = UpstreamAddress & { kind: 'tcp' };

export function serviceAddress({ isTls, host, port }: ServiceServer): ServiceAddress {
  const origin = `${isTls ? 'https' : 'http'}://${serviceAuthority({ host, port })}`;
  return { kind: 'tcp', origin, isTls, host, port };
}

export function serviceAuthority({ host, port }: Omit<ServiceServer, 'isTls'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function serviceRules(service: ServicePath): ForwardRules {
  return {
    outgoing: ({ head, client, requestId }) => serviceHead(service, head, client, requestId),
    failure: serviceAnswer,
  };
}
