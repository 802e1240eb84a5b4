// `portico demo`: wires the demo to the real gateway, the terminal and Ctrl-C. The steps themselves are in demo.ts.

import { systemClock } from '../../clock.ts';
import type { ListenAddress } from '../../config/kinds/listen-address.ts';
import { formatFaults } from '../../config/faults.ts';
import { loadConfig, type LoadOptions } from '../../config/load.ts';
import { createGateway, type Gateway } from '../../gateway.ts';
import { ListenError } from '../../http/listen.ts';
import { openLog } from '../../observe/log.ts';
import { systemRandom } from '../../random.ts';
import { StoreOpenError } from '../../store/errors.ts';
import { isBuilt } from '../../web/files.ts';
import { runDemo, type CallPageState, type DemoGateway } from './demo.ts';
import { DemoFailure } from './failure.ts';

const STATE_DIR = '.synapse';
/** Each request logged would push the URLs and passwords off the screen. */
const LOG_LEVEL = 'warn';

export interface DemoCommandOptions extends LoadOptions {
  readonly synapseUrl: string | undefined;
}

/** @returns the exit code, after everything was stopped */
export async function demo({ synapseUrl, ...options }: DemoCommandOptions): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return runDemo({
    ...(synapseUrl === undefined ? {} : { synapseUrl }),
    stateDir: STATE_DIR,
    startGateway: (access) => startGateway(access.synapseUrl, options),
    out: process.stdout,
    signal: stop.signal,
    clock: systemClock,
    random: systemRandom,
  });
}

async function startGateway(synapseUrl: string, options: LoadOptions): Promise<DemoGateway> {
  const environment = {
    PORTICO_LOG_LEVEL: LOG_LEVEL,
    PORTICO_STORE_URL: `sqlite:${STATE_DIR}/demo/portico.db`,
    PORTICO_CALL_PAGE_ENABLED: 'true',
    PORTICO_RECORDINGS_ENABLED: 'true',
    PORTICO_RECORDINGS_DIR: `${STATE_DIR}/demo/recordings`,
    ...options.environment,
    PORTICO_SYNAPSE_URL: synapseUrl,
  };
  const loaded = loadConfig({ ...options, environment });
  if ('faults' in loaded) throw new DemoFailure(formatFaults(loaded.faults));
  const { config } = loaded;
  const output = await openLog(config.log, process.stdout.isTTY, systemClock);
  let gateway: Gateway;
  try {
    gateway = createGateway(config, { log: output.log });
    await gateway.start();
  } catch (error) {
    if (error instanceof StoreOpenError) throw new DemoFailure(error.message, { cause: error });
    if (!(error instanceof ListenError)) throw error;
    const otherPorts = 'PORTICO_LISTEN=3001 PORTICO_OBSERVE_LISTEN=127.0.0.1:9301 npm run demo';
    throw new DemoFailure(`The gateway ${error.message}.\nWith other ports: ${otherPorts}`, { cause: error });
  }
  return {
    url: config.publicUrl ?? localUrl(gateway.addresses),
    callPage: callPageState(config.callPage.enabled),
    drainAsked: gateway.drainAsked,
    async stop() {
      await gateway.stop();
      await output.close();
    },
  };
}

function callPageState(isEnabled: boolean): CallPageState {
  if (!isEnabled) return 'off';
  return isBuilt('call') ? 'served' : 'not built';
}

function localUrl(addresses: readonly ListenAddress[]): string {
  const tcp = addresses.find((address) => address.kind === 'tcp');
  if (tcp === undefined) return 'http://localhost';
  return `http://${tcp.host ?? '127.0.0.1'}:${tcp.port}`;
}
