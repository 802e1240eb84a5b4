// The application: the login, or the home of who is logged in. A session lasts until somebody logs out in any tab.

import { useEffect, useState } from 'preact/hooks';

import { Home } from './home.tsx';
import { Login } from './login.tsx';
import { logOut, type Session } from './matrix.ts';
import { forgetSession, keepSession, keptSession, onSessionChanged } from './session.ts';

export function App() {
  const [session, setSession] = useState(() => keptSession());
  useEffect(() => onSessionChanged(() => setSession(keptSession())), []);

  if (session === undefined) {
    return (
      <Login
        onSession={(begun) => {
          keepSession(begun);
          setSession(begun);
        }}
      />
    );
  }
  // The key: another session is another home, with nothing left of the one before.
  return (
    <Home
      key={session.accessToken}
      session={session}
      onLeave={() => {
        forget(session);
        // Whether the homeserver hears of it or not, this browser has forgotten the token.
        logOut(session).catch(() => undefined);
      }}
      onLoggedOut={() => forget(session)}
    />
  );

  /** Another tab may have logged in again since: that session stays. */
  function forget(ended: Session): void {
    if (keptSession()?.accessToken === ended.accessToken) forgetSession();
    setSession(keptSession());
  }
}
