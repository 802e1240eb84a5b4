// What the benchmarks ask the origin itself, past every rival.

import { HELD_COUNT_PATH, RELEASE_PATH } from './paths.ts';

/** How many requests it holds now. */
export async function askHeld(originPort: number): Promise<number> {
  return Number(await ask(originPort, HELD_COUNT_PATH));
}

/** Has every request answered that it holds. */
export async function releaseHeld(originPort: number): Promise<void> {
  await ask(originPort, RELEASE_PATH);
}

async function ask(port: number, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}
