// `recordings`: whether participants may record calls on this server, and how much of that is kept for how long.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { duration } from '../kinds/duration.ts';
import { folderPath } from '../kinds/folder-path.ts';
import { boolean } from '../kinds/scalar.ts';
import { size } from '../kinds/size.ts';

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;

export const recordingsSection = section(
  'recordings',
  'Recordings that participants make of their calls. Everybody in the call is told.',
  {
    enabled: key('enabled', boolean, false, 'Whether calls can be recorded at all.'),
    dir: key(
      'dir',
      folderPath,
      'data/recordings',
      'The folder of the files; it is made when it is missing. Nothing else may be put there.',
    ),
    maxSizeBytes: key(
      'max_size',
      size({ minBytes: MIB }),
      '500MiB',
      'The largest size of one recording: an hour of video is about 1GiB.',
    ),
    maxTotalBytes: key(
      'max_total',
      size({ minBytes: MIB }),
      '10GiB',
      'What all recordings together may take up, each counted as 64 KiB at least. Then none can be begun until others are deleted.',
    ),
    keepMs: key(
      'keep',
      duration({ minMs: HOUR_MS, maxMs: 10 * 365 * 24 * HOUR_MS }),
      '720h',
      'How long after its end a recording is kept (720h are 30 days). It never outlives its call in the history (store.keep_calls).',
    ),
  },
);

export type RecordingsConfig = ConfigOf<typeof recordingsSection.entries>;
