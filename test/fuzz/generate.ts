// A case for both lanes, made of ordinary requests and a few changes: at most times still something to forward, at
// others something that must be refused, in every order, cut at any place. Pure: the seed decides everything.

import { ANSWER_NAMES, LOSING_ANSWERS } from '../harness/lanes/answers.ts';
import type { Step } from '../harness/lanes/client.ts';
import type { LaneCase } from '../harness/lanes/rig.ts';
import type { SettingName } from '../harness/lanes/settings.ts';
import { TOKENS } from './dictionary.ts';
import { changeParts } from './change-parts.ts';
import { SeededRandom } from './random.ts';
import { ordinaryRequest, render } from './request.ts';

export interface FuzzCase extends LaneCase {
  readonly setting: SettingName;
}

/** The number of a case decides its setting, so that every run has each of them in the same share. */
const ROUND: readonly SettingName[] = [
  'plain',
  'proxied',
  'plain',
  'narrow',
  'plain',
  'services',
  'plain',
  'unix',
];

/** What meets the request before it at another moment in each lane, if it comes while that is in work. */
const RACES = [
  // Node makes a request and an error of it at once: which of them refuses it depends on whether another is in work.
  /\r\n\r\n.*\ntransfer-encoding[ \t]*:(?![ \t]*chunked[ \t]*\r\n)/is,
  // Nonsense behind a request cuts its answer short, wherever that has come to.
  /answer=[a-z-]*large/i,
];

const STEADY_ANSWERS = ANSWER_NAMES.filter((name) => !LOSING_ANSWERS.includes(name));

export function settingOf(number: number): SettingName {
  return ROUND[number % ROUND.length] ?? 'plain';
}

export function generateCase(seed: number, number: number): FuzzCase {
  const random = new SeededRandom(seed, number);
  const setting = settingOf(number);
  const count = requestCount(random);
  const isWarm = random.chance(25);
  const answers = isWarm || count > 1 ? STEADY_ANSWERS : ANSWER_NAMES;
  const requests = Array.from({ length: count }, () => oneRequest(random, setting, answers));
  const steps: Step[] = [];
  const isPipelined = random.chance(60);
  for (const [i, text] of requests.entries()) {
    const last = steps.at(-1);
    if (isPipelined && last !== undefined && 'send' in last) {
      steps[steps.length - 1] = { send: last.send + text };
      continue;
    }
    if (i > 0) steps.push({ do: 'settle' });
    steps.push({ send: text });
  }
  // A request that arrives while another is in work meets it or not, by which lane is the quicker.
  const mayRace = count === 1 && !RACES.some((race) => race.test(requests[0] ?? ''));
  const pause = mayRace ? 'breathe' : 'settle';
  const cut = random.chance(35)
    ? steps.flatMap((step) =>
        'send' in step
          ? cutUp(random, step.send, pause, isPipelined ? bodiesBeforeMore(requests) : [])
          : [step],
      )
    : steps;
  return { setting, isWarm, steps: [...cut, ...ending(random, count === 1 && !isWarm)] };
}

function requestCount(random: SeededRandom): number {
  const dice = random.below(100);
  if (dice < 60) return 1;
  if (dice < 82) return 2;
  return dice < 97 ? 3 + random.below(3) : 6 + random.below(16);
}

function oneRequest(random: SeededRandom, setting: SettingName, answers: readonly string[]): string {
  const isOwn = random.chance(setting === 'services' ? 30 : 12);
  const parts = ordinaryRequest((items) => random.pick(items), isOwn);
  if (random.chance(45)) {
    const joint = parts.target.includes('?') ? '&' : '?';
    parts.target = `${parts.target}${joint}answer=${random.pick(answers)}`;
  }
  const changes = random.pick([0, 1, 1, 1, 2, 2, 3, 4]);
  for (let i = 0; i < changes; i += 1) changeParts(parts, random, random.chance(72));
  let text = render(parts);
  if (random.chance(20)) {
    const times = random.pick([1, 1, 2, 4]);
    for (let i = 0; i < times; i += 1) text = changeBytes(text, random);
  }
  return text;
}

/** The head is where most is to be got wrong. */
function changeBytes(text: string, random: SeededRandom): string {
  const at = random.below(
    Math.min(text.length, random.chance(85) ? text.indexOf('\r\n\r\n') + 6 : text.length) + 1,
  );
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (random.below(6)) {
    case 0:
      return (
        before + String.fromCharCode((after.charCodeAt(0) || 0) ^ (1 << random.below(8))) + after.slice(1)
      );
    case 1:
      return before + random.pick(TOKENS) + after;
    case 2:
      return before + after.slice(1 + random.below(random.chance(80) ? 3 : 40));
    case 3:
      return before + String.fromCharCode(random.below(256)) + after.slice(1);
    case 4: {
      const length = 1 + random.below(20);
      return before + after.slice(0, length) + after;
    }
    default:
      return random.chance(30) ? before : before + random.pick(TOKENS) + after.slice(1);
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Where a piece would end a body and bring the next request. One lane then has that request's own body before it answers,
 * and the other has not, and ends the connection for it.
 */
function bodiesBeforeMore(requests: readonly string[]): Range[] {
  let end = 0;
  return requests.slice(0, -1).map((text) => {
    const from = end + text.indexOf('\r\n\r\n') + 4;
    end += text.length;
    return { from, to: end };
  });
}

/** In two to six pieces, or in many small ones at its beginning. @param whole what is not cut */
function cutUp(
  random: SeededRandom,
  text: string,
  pause: 'breathe' | 'settle',
  whole: readonly Range[],
): Step[] {
  const places = new Set<number>();
  if (random.chance(12)) {
    const count = pause === 'breathe' ? 30 : 5;
    const from = random.below(Math.max(text.length - count, 1));
    for (let i = 0; i < count; i += 1) places.add(from + i);
  } else {
    const count = 1 + random.below(5);
    for (let i = 0; i < count; i += 1) places.add(random.below(text.length));
  }
  const steps: Step[] = [];
  let from = 0;
  for (const at of [...places].toSorted((a, b) => a - b)) {
    if (at <= from || at >= text.length || whole.some((range) => at > range.from && at < range.to)) continue;
    steps.push({ send: text.slice(from, at) }, { do: random.chance(90) ? pause : 'settle' });
    from = at;
  }
  return [...steps, { send: text.slice(from) }];
}

/** @param mayRace whether it is the same for both lanes, which connection to the upstream the request finds */
function ending(random: SeededRandom, mayRace: boolean): Step[] {
  const dice = random.below(100);
  if (dice < 80) return [];
  if (dice < 88 && mayRace) return [{ do: 'half-close' }];
  return [{ do: 'settle' }, { do: dice < 94 ? 'half-close' : 'reset' }];
}
