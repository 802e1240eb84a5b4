// The logger: JSON lines on standard output, or a readable form of them on a terminal.
// What may be written is decided where it is written (redact.ts); here only where to and how.

import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

import type { LogConfig } from '../config/sections/log.ts';

export function createLog(config: LogConfig, isTerminal: boolean): Logger {
  const isPretty = config.pretty === 'tty' ? isTerminal : config.pretty;
  const options = { level: config.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isPretty) return pino(options);
  const stream: DestinationStream = pretty({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return pino(options, stream);
}
