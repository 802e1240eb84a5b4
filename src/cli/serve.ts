// `portico serve`: runs the gateway until a signal ends it. Owns the signals and what is printed at the start.

import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { formatFaults } from '../config/faults.ts';
import { showListenAddress } from '../config/kinds/listen-address.ts';
import { loadConfig, type LoadOptions } from '../config/load.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { ListenError } from '../http/listen.ts';
import { openLog, type LogOutput } from '../observe/log.ts';
import { StoreOpenError } from '../store/errors.ts';

/** @returns the exit code, once the gateway has stopped */
export async function serve(options: LoadOptions): Promise<number> {
  const loaded = loadConfig(options);
  if ('faults' in loaded) {
    process.stderr.write(formatFaults(loaded.faults));
    return 1;
  }
  const { config } = loaded;
  const output = await openLog(config.log, process.stdout.isTTY, systemClock);
  try {
    return await runGateway(config, output);
  } finally {
    await output.close();
  }
}

async function runGateway(config: Config, output: LogOutput): Promise<number> {
  const { log } = output;
  let gateway: Gateway;
  try {
    gateway = createGateway(config, { log });
    await gateway.start();
  } catch (error) {
    // Both are worded for the operator; anything else is a defect and shows its stack.
    if (!(error instanceof ListenError) && !(error instanceof StoreOpenError)) throw error;
    process.stderr.write(`portico: ${error.message}\n`);
    return 1;
  }
  log.info(
    {
      listen: gateway.addresses.map(showListenAddress),
      observe: gateway.observeAddresses.map(showListenAddress),
      synapse:
        config.synapse.url.kind === 'unix' ? `unix:${config.synapse.url.path}` : config.synapse.url.origin,
      start_ms: Math.round(performance.now()),
    },
    'serving',
  );
  // Unhandled, it would end the process: log rotation and `systemctl reload` send it to whatever runs.
  process.on('SIGHUP', () =>
    log.warn('SIGHUP is ignored: a changed configuration takes effect at the next start'),
  );
  const signal = await Promise.race([stopSignal(output), gateway.drainAsked.then(() => 'drain' as const)]);
  log.info({ signal }, 'stopping');
  await gateway.stop();
  log.info('stopped');
  return 0;
}

/** The first SIGTERM or SIGINT. A second one ends the process at once, for whoever does not want to wait. */
function stopSignal(output: LogOutput): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) {
        output.abandon();
        process.exit(1);
      }
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
