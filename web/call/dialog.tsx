// A modal dialog: the browser keeps the focus in it, gives it back, and closes it with Escape.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { Icon } from './icons.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const closed = useRef(onClose);
  closed.current = onClose;
  useEffect(() => {
    const shown = dialog.current;
    if (shown === null) return undefined;
    const told = (): void => closed.current();
    shown.addEventListener('close', told);
    shown.showModal();
    return () => {
      // Its end comes later than this: by then it would close the dialog that took its place.
      shown.removeEventListener('close', told);
      shown.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-label={title}
      onClick={(event) => {
        // A click on the dialog itself is one beside its content.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-content">
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet round" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
