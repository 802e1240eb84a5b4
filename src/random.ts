// Randomness as an argument. Owns the only reads of the system's random source.

import { randomBytes } from 'node:crypto';

export interface Random {
  /** `length` random bytes as lower-case hex (twice as many characters). */
  hex(length: number): string;
}

export const systemRandom: Random = {
  hex: (length) => randomBytes(length).toString('hex'),
};
