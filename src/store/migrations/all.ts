// The schema's steps in their order: step n leads from schema n - 1 to n. A step that was released is never changed.
// Steps only add (tables, columns with a default, indexes), because the release before must still work on the result.

import { calls } from './0001-calls.ts';
import { pages } from './0002-pages.ts';
import { recordings } from './0003-recordings.ts';

export const migrations: readonly string[] = [calls, pages, recordings];
