// The keys that mean something, and whether they do: single letters can be turned off, for those who speak their text
// or whose keys are pressed by accident (WCAG 2.1.4).

import { keepChoice, keptChoice } from './session.ts';

export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
}

export const CALL_KEYS: readonly Shortcut[] = [
  { keys: ['M'], does: 'Mute or unmute' },
  { keys: ['V'], does: 'Camera on or off' },
  { keys: ['S'], does: 'Share the screen, or stop' },
  { keys: ['R'], does: 'Record, or stop' },
  { keys: ['D'], does: 'Choose microphone, camera and speaker' },
  { keys: ['Shift', 'H'], does: 'Hang up' },
];

export const RING_KEYS: readonly Shortcut[] = [
  { keys: ['A'], does: 'Accept by voice' },
  { keys: ['V'], does: 'Accept with video' },
  { keys: ['D'], does: 'Decline' },
  { keys: ['Esc'], does: 'Silence' },
];

export const PAGE_KEYS: readonly Shortcut[] = [
  { keys: ['/'], does: 'Search' },
  { keys: ['?'], does: 'This help' },
  { keys: ['Esc'], does: 'Close what is open' },
  { keys: ['Tab'], does: 'To the next button' },
];

export function areKeysOn(): boolean {
  return keptChoice('shortcuts') !== 'off';
}

export function turnKeys(isOn: boolean): void {
  keepChoice('shortcuts', isOn ? 'on' : 'off');
}
