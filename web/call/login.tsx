// The login with a Matrix account: user and password, at the homeserver that this page comes from or at another.

import { useRef, useState } from 'preact/hooks';

import { AdviceNote } from './advice.tsx';
import { useDocumentTitle } from './hooks.ts';
import { Brand } from './icons.tsx';
import { findHomeserver, logIn, type Session } from './matrix.ts';
import { adviceOn, type Advice } from './words.ts';

export function Login({ onSession }: { readonly onSession: (session: Session) => void }) {
  useDocumentTitle('Sign in – Portico');
  const [isElsewhere, setElsewhere] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [advice, setAdvice] = useState<Advice | undefined>();
  const form = useRef<HTMLFormElement>(null);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (form.current === null || isBusy) return;
    const written = new FormData(form.current);
    const field = (name: string): string => {
      const value = written.get(name);
      return typeof value === 'string' ? value : '';
    };
    setBusy(true);
    setAdvice(undefined);
    try {
      const homeserver = await findHomeserver(isElsewhere ? field('homeserver') : location.origin);
      onSession(await logIn(homeserver, field('user').trim(), field('password')));
    } catch (error) {
      setAdvice(adviceOn(error));
      setBusy(false);
    }
  };

  return (
    <main class="login">
      <form ref={form} class="card" onSubmit={(event) => void submit(event)}>
        <Brand />
        <h1>Sign in to call</h1>
        <p class="soft">With your Matrix account. Your rooms and contacts are there already.</p>

        {isElsewhere ? (
          <label>
            Homeserver
            <input
              name="homeserver"
              type="text"
              inputMode="url"
              placeholder="example.org"
              autocapitalize="none"
              spellcheck={false}
              required
              // It was asked for just now.
              autoFocus
            />
          </label>
        ) : (
          <p class="homeserver">
            <span>
              Homeserver <b>{location.host}</b>
            </span>
            <button type="button" class="link" onClick={() => setElsewhere(true)}>
              Change
            </button>
          </p>
        )}
        <label>
          User name
          <input
            name="user"
            type="text"
            placeholder="alice"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>

        <div aria-live="assertive">{advice && <AdviceNote advice={advice} />}</div>
        <button type="submit" class="primary wide" aria-busy={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
