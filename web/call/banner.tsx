// Why calls are not possible now: no connection, with the reason and when it is tried again, or a page without a
// microphone. Shown above everything else, also in a call.

import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { useParts } from './parts.ts';
import { problemText, retryText } from './words.ts';

export interface BannerProps {
  readonly isInCall: boolean;
  readonly onSignIn: () => void;
}

export function Banner({ isInCall, onSignIn }: BannerProps) {
  const { portico } = useParts();
  const { state, problem } = portico;
  const isDown = state !== 'online' && problem !== undefined;
  const now = useNow(isDown);

  if (isDown) {
    const retry = retryText(problem.retryAt, now);
    const isFinal = state === 'refused';
    return (
      <div class={isFinal ? 'banner banner-error' : 'banner'} role="alert">
        <Icon name="alert" />
        <p>
          <b>{problemText(problem.code, problem.message)}</b>
          {isInCall && !isFinal && <span>Your call goes on.</span>}
          {/* Read out once, not with every second. */}
          {retry !== undefined && <span aria-live="off">{retry}</span>}
        </p>
        {isFinal ? (
          <button type="button" class="link" onClick={onSignIn}>
            Sign in again
          </button>
        ) : (
          <button type="button" class="link" onClick={() => portico.retryNow()}>
            Try now
          </button>
        )}
      </div>
    );
  }
  if (!('mediaDevices' in navigator)) {
    return (
      <div class="banner banner-error" role="alert">
        <Icon name="alert" />
        <p>
          <b>Browsers give the microphone to encrypted pages only.</b>
          <span>Open this page by https://, or by http://localhost on the server itself.</span>
        </p>
      </div>
    );
  }
  return null;
}
