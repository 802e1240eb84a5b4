// `log`: how much is logged and in which form.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { oneOf } from '../kinds/scalar.ts';

export const logSection = section('log', 'The log, on standard output.', {
  level: key(
    'level',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'The least severe level that is logged.',
  ),
  pretty: key(
    'pretty',
    oneOf(true, false, 'tty'),
    'tty',
    'Lines for people instead of JSON; tty means only when the log goes to a terminal.',
  ),
});

export type LogConfig = ConfigOf<typeof logSection.entries>;
