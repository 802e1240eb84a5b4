// The whole tree of config keys, and the type of a loaded config. Only the composition root and the commands use
// `Config`; every part takes the type of its own section from sections/.

import type { ConfigOf } from './keys.ts';
import { callPageSection } from './sections/call-page.ts';
import { callsSection } from './sections/calls.ts';
import { discoverySection } from './sections/discovery.ts';
import { iceSection } from './sections/ice.ts';
import { limitsSection } from './sections/limits.ts';
import { logSection } from './sections/log.ts';
import { observeSection } from './sections/observe.ts';
import { proxySection } from './sections/proxy.ts';
import { recordingsSection } from './sections/recordings.ts';
import { routesKey } from './sections/routes.ts';
import { signalingSection } from './sections/signaling.ts';
import { storeSection } from './sections/store.ts';
import { synapseSection } from './sections/synapse.ts';
import { tlsSection } from './sections/tls.ts';
import { topLevelKeys } from './sections/top-level.ts';
import { tunnelsKey } from './sections/tunnels.ts';

export const configTree = {
  ...topLevelKeys,
  tls: tlsSection,
  tunnels: tunnelsKey,
  routes: routesKey,
  synapse: synapseSection,
  proxy: proxySection,
  limits: limitsSection,
  ice: iceSection,
  calls: callsSection,
  store: storeSection,
  recordings: recordingsSection,
  signaling: signalingSection,
  callPage: callPageSection,
  discovery: discoverySection,
  observe: observeSection,
  log: logSection,
};

/** Frozen in depth by the resolver. */
export type Config = ConfigOf<typeof configTree>;
