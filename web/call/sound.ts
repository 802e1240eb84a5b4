// The sounds of ringing and of waiting, made here so that no file has to be loaded. Of all tabs only one is heard.

import type { Unsubscribe } from '../../client/index.ts';

interface Pattern {
  /** Each note in Hz, one after the other. */
  readonly notes: readonly number[];
  readonly noteMs: number;
  readonly everyMs: number;
  readonly volume: number;
}

/** Somebody calls. */
export const RING: Pattern = { notes: [659, 784, 988, 784], noteMs: 180, everyMs: 2400, volume: 0.22 };
/** It rings at the other end. */
export const RINGBACK: Pattern = { notes: [440], noteMs: 900, everyMs: 4000, volume: 0.05 };

const LOCK = 'portico-ring';
const VIBRATION_MS = [400, 200, 400];

/** Plays until the returned function is called. Where a browser allows no sound before a click, it stays silent. */
export function play(pattern: Pattern): Unsubscribe {
  let timer: ReturnType<typeof setInterval> | undefined;
  const context = new AudioContext();
  const once = (): void => {
    for (const [index, hertz] of pattern.notes.entries()) note(context, hertz, index, pattern);
  };
  once();
  timer = setInterval(once, pattern.everyMs);
  return () => {
    clearInterval(timer);
    timer = undefined;
    void context.close();
  };
}

/** Rings in one tab at a time: two at once are noise. When that tab is closed, the next one goes on. */
export function ring(): Unsubscribe {
  const stopped = new AbortController();
  const playing = async (): Promise<void> => {
    const stop = play(RING);
    const shake = setInterval(() => vibrate(VIBRATION_MS), RING.everyMs);
    await new Promise<void>((resolve) => {
      if (stopped.signal.aborted) resolve();
      stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clearInterval(shake);
    vibrate(0);
    stop();
  };
  // Only secure contexts have locks.
  if ('locks' in navigator) {
    navigator.locks.request(LOCK, { signal: stopped.signal }, playing).catch(() => undefined);
  } else {
    void playing();
  }
  return () => stopped.abort();
}

function vibrate(pattern: number | number[]): void {
  // Browsers refuse, with a line in the console, before the first tap on the page.
  if ('userActivation' in navigator && navigator.userActivation.hasBeenActive) navigator.vibrate?.(pattern);
}

function note(context: AudioContext, hertz: number, index: number, { noteMs, volume }: Pattern): void {
  const at = context.currentTime + 0.02 + (index * noteMs) / 1000;
  const end = at + noteMs / 1000;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = hertz;
  // Begun and ended softly: a tone that is cut clicks.
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.02);
  gain.gain.setValueAtTime(volume, end - 0.04);
  gain.gain.linearRampToValueAtTime(0, end);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(end);
}
