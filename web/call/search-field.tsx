// The field above a list that finds by typing; what is found is the list's.

import type { Ref } from 'preact';

import { Icon } from './icons.tsx';

export interface SearchFieldProps {
  readonly label: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  /** For who gives it the focus. */
  readonly field?: Ref<HTMLInputElement>;
}

export function SearchField({ label, query, onQuery, field = null }: SearchFieldProps) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        placeholder={label}
        aria-label={label}
        value={query}
        onInput={(event) => onQuery(event.currentTarget.value)}
      />
    </label>
  );
}
