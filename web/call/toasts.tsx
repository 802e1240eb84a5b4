// Short messages at the bottom of the page: that something has happened, or that it did not work and what helps.

import { useCallback, useState } from 'preact/hooks';

import { Icon } from './icons.tsx';
import type { Advice } from './words.ts';

export interface Toast extends Advice {
  readonly isError: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

type ShownToast = Toast & { readonly id: number };

/** A message that asks for nothing goes by itself; an error stays until it is read. */
const SHOWN_MS = 7_000;
const MAX_SHOWN = 3;
let lastId = 0;

export interface Toasts {
  readonly shown: readonly ShownToast[];
  readonly show: (toast: Toast) => void;
  readonly drop: (id: number) => void;
}

export function useToasts(): Toasts {
  const [shown, setShown] = useState<readonly ShownToast[]>([]);
  const drop = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback((toast: Toast) => {
    lastId += 1;
    const id = lastId;
    setShown((all) =>
      [...all.filter(({ title }) => title !== toast.title), { ...toast, id }].slice(-MAX_SHOWN),
    );
    if (!toast.isError) setTimeout(() => drop(id), SHOWN_MS);
  }, []);
  return { shown, show, drop };
}

export function ToastList({ shown, drop }: Pick<Toasts, 'shown' | 'drop'>) {
  return (
    <div class="toasts" role="status">
      {shown.map(({ id, title, remedy, isError, action }) => (
        <div key={id} class={isError ? 'toast toast-error' : 'toast'}>
          {isError && <Icon name="alert" />}
          <p>
            <b>{title}</b>
            {remedy !== undefined && <span>{remedy}</span>}
          </p>
          {action && (
            <button
              type="button"
              class="link"
              onClick={() => {
                drop(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="quiet round" aria-label="Dismiss" onClick={() => drop(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
