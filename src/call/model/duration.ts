// How long something took, as a person says it. It rounds; nothing is computed from it.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `0.4 s`, `63 s`, `4 min 10 s`, `2 h 5 min`. A clock that was set back gives `0.0 s`, never a negative time. */
export function sayDuration(durationMs: number): string {
  const lengthMs = Math.max(0, durationMs);
  const isFraction = lengthMs < 10 * SECOND_MS && lengthMs % SECOND_MS !== 0;
  if (isFraction || lengthMs === 0) return `${(lengthMs / SECOND_MS).toFixed(1)} s`;
  if (lengthMs < 2 * MINUTE_MS) return `${Math.round(lengthMs / SECOND_MS)} s`;
  if (lengthMs < 2 * HOUR_MS) return sayTwo(lengthMs, MINUTE_MS, 'min', SECOND_MS, 's');
  return sayTwo(lengthMs, HOUR_MS, 'h', MINUTE_MS, 'min');
}

function sayTwo(lengthMs: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const roundedMs = Math.round(lengthMs / smallMs) * smallMs;
  const rest = (roundedMs % largeMs) / smallMs;
  const whole = `${Math.floor(roundedMs / largeMs)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
