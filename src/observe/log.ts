// The logger: JSON lines on standard output, or a readable form of them on a terminal.
// What may be written is decided where it is written (redact.ts); here only where to and how.

import { pino, type DestinationStream, type Logger } from 'pino';

import type { LogConfig } from '../config/sections/log.ts';

export async function createLog(config: LogConfig, isTerminal: boolean): Promise<Logger> {
  const isPretty = config.pretty === 'tty' ? isTerminal : config.pretty;
  const options = { level: config.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isPretty) return pino(options);
  // Loaded only where somebody reads along: it would make every other start slower.
  const { default: pretty } = await import('pino-pretty');
  const stream: DestinationStream = pretty({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return pino(options, stream);
}
