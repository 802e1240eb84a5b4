// What went wrong and what helps, written where it happened.

import { Icon } from './icons.tsx';
import type { Advice } from './words.ts';

export interface AdviceNoteProps {
  readonly advice: Advice;
  /** Left out in a live region, which tells it already: it would be read out twice. */
  readonly role?: 'alert';
}

export function AdviceNote({ advice: { title, remedy }, role }: AdviceNoteProps) {
  return (
    <p class="advice" role={role}>
      <Icon name="alert" />
      <span>
        {title} {remedy}
      </span>
    </p>
  );
}
