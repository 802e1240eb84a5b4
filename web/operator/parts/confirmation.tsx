// Asks before anything is done, says what it will do, and tells if it failed. A modal dialog of the browser: it keeps the
// focus, and Escape closes it.

import { useEffect, useRef, useState } from 'preact/hooks';

export interface Asked {
  readonly title: string;
  /** What will happen, and to whom. */
  readonly text: string;
  /** On the button that does it. */
  readonly action: string;
  /** @throws Error with words for the operator */
  readonly run: () => Promise<void>;
}

export type Ask = (asked: Asked) => void;

export function Confirmation({ asked, close }: { readonly asked: Asked; readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isRunning, setRunning] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);

  const run = async (): Promise<void> => {
    setRunning(true);
    setProblem(undefined);
    try {
      await asked.run();
      // By the dialog, which gives the focus back to where it was.
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setRunning(false);
    }
  };

  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="confirm-title" aria-describedby="confirm-text">
      <h2 id="confirm-title">{asked.title}</h2>
      <p id="confirm-text">{asked.text}</p>
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="buttons">
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button type="button" class="danger" disabled={isRunning} onClick={() => void run()}>
          {isRunning ? 'One moment…' : asked.action}
        </button>
      </div>
    </dialog>
  );
}
