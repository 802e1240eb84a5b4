// The logger: JSON lines on standard output, or a readable form of them on a terminal.
// What may be written is decided where it is written (redact.ts); here only where to and how.

import { pino, type Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { LogConfig } from '../config/sections/log.ts';

const STANDARD_OUTPUT = 1;
/** A reader that stands still may not fill the memory: what is logged beyond this is dropped, and counted. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
const CLOSE_MS = 1_000;

export interface LogOutput {
  readonly log: Logger;
  /** Resolves when all of it is written, or cannot be: its reader has gone, or has taken nothing for a second. */
  close(): Promise<void>;
  /** Writes nothing more: for an exit that waits for nobody. */
  abandon(): void;
}

export async function openLog(config: LogConfig, isTerminal: boolean, clock: Clock): Promise<LogOutput> {
  const isPretty = config.pretty === 'tty' ? isTerminal : config.pretty;
  const options = { level: config.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const output = pino.destination({
    dest: STANDARD_OUTPUT,
    sync: false,
    maxLength: MAX_WAITING_CHARACTERS,
  });
  // As a function, for its stream keeps all that its reader has not taken. Loaded only where somebody reads along: it
  // would make every other start slower.
  const pretty = isPretty
    ? (await import('pino-pretty')).prettyFactory({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' })
    : undefined;
  const stream = pretty === undefined ? output : { write: (line: string) => output.write(pretty(line)) };
  const log = pino(options, stream);

  let hasReader = true;
  // Unhandled, it would end the process, be it that the disk is full. Without a reader, pino itself stops writing.
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') hasReader = false;
  });
  let dropped = 0;
  output.on('drop', () => (dropped += 1));
  output.on('drain', () => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    log.warn({ lines }, 'log lines were dropped: their reader was too slow');
  });

  /** At the exit, pino would write what is left in a loop that ends only when somebody reads it. */
  function abandon(): void {
    output.flushSync = () => undefined;
  }

  async function end(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const cancel = clock.after(CLOSE_MS, ended.resolve);
    output.once('close', ended.resolve);
    output.once('error', ended.resolve);
    output.end();
    await ended.promise;
    cancel();
  }

  return {
    log,
    async close() {
      if (hasReader) await end();
      abandon();
    },
    abandon,
  };
}
