// Somebody calls: with sound, over the whole of a phone's screen, and gone everywhere as soon as it is answered anywhere.

import { useEffect, useRef, useState } from 'preact/hooks';

import type { Call } from '../../client/index.ts';
import { AdviceNote } from './advice.tsx';
import { Avatar } from './avatar.tsx';
import { useKeys, useRedraw } from './hooks.ts';
import { Icon } from './icons.tsx';
import { useParts } from './parts.ts';
import { onSilenced, tellSilenced } from './session.ts';
import { areKeysOn } from './shortcuts.ts';
import { ring } from './sound.ts';
import { adviceOn, type Advice } from './words.ts';

export function Incoming({ call }: { readonly call: Call }) {
  const { rooms, people } = useParts();
  const [isAnswering, setAnswering] = useState(false);
  const [isSilenced, setSilenced] = useState(call.isSilenced);
  const [advice, setAdvice] = useState<Advice | undefined>();
  const dialog = useRef<HTMLDialogElement>(null);
  const redraw = useRedraw();
  const isVideo = call.type === 'video';
  const room = rooms?.find(({ roomId }) => roomId === call.roomId);
  const caller = people.find(call.caller.userId);

  useEffect(() => {
    dialog.current?.showModal();
    // Their picture: the call itself brings the name.
    people.of(call.roomId).then(redraw, () => undefined);
  }, [people, call.roomId]);
  useEffect(() => (isSilenced || isAnswering ? undefined : ring()), [isSilenced, isAnswering]);
  // The user hears all tabs as one.
  useEffect(() => onSilenced((callId) => callId === call.id && setSilenced(true)), [call.id]);
  useKeys((key) => {
    if (key === 'Escape') {
      silence();
      return true;
    }
    if (!areKeysOn() || isAnswering) return false;
    if (key === 'a') void answer(false);
    else if (key === 'v') void answer(true);
    else if (key === 'd') decline();
    else return false;
    return true;
  });

  return (
    <dialog
      ref={dialog}
      class="incoming"
      aria-labelledby="incoming-name"
      aria-describedby="incoming-kind"
      onCancel={(event) => event.preventDefault()}
    >
      <div class="incoming-content">
        <p id="incoming-kind" class="eyebrow">
          {isVideo ? 'Incoming video call' : 'Incoming call'}
        </p>
        <Avatar id={call.caller.userId} name={call.caller.name} url={caller.avatarUrl} size="large" />
        <h2 id="incoming-name">{call.caller.name}</h2>
        <p class="soft">
          {room === undefined || room.name === call.caller.name ? call.caller.userId : room.name}
        </p>
        <div role="status">{advice && <AdviceNote advice={advice} />}</div>
        <div class="incoming-actions">
          <ActionButton
            label="Decline"
            icon="hangup"
            kind="danger"
            isDisabled={isAnswering}
            onClick={decline}
          />
          {isVideo ? (
            <>
              <ActionButton
                label="Accept"
                hint="without video"
                icon="phone"
                kind="success"
                isDisabled={isAnswering}
                onClick={() => void answer(false)}
              />
              <ActionButton
                label="Accept"
                hint="with video"
                icon="video"
                kind="success"
                isDisabled={isAnswering}
                isFirst
                onClick={() => void answer(true)}
              />
            </>
          ) : (
            <>
              <ActionButton
                label="Accept"
                hint="with video"
                icon="video"
                kind="plain"
                isDisabled={isAnswering}
                onClick={() => void answer(true)}
              />
              <ActionButton
                label="Accept"
                icon="phone"
                kind="success"
                isDisabled={isAnswering}
                isFirst
                onClick={() => void answer(false)}
              />
            </>
          )}
        </div>
        <button type="button" class="link silence" disabled={isSilenced} onClick={silence}>
          <Icon name="bellOff" />
          {isSilenced ? 'Silenced' : 'Silence'}
        </button>
      </div>
    </dialog>
  );

  async function answer(video: boolean): Promise<void> {
    setAnswering(true);
    setAdvice(undefined);
    try {
      await call.answer({ video });
    } catch (error) {
      setAdvice(adviceOn(error));
      setAnswering(false);
    }
  }

  function decline(): void {
    setAnswering(true);
    call.reject().catch((error: unknown) => {
      setAdvice(adviceOn(error));
      setAnswering(false);
    });
  }

  function silence(): void {
    if (isSilenced) return;
    setSilenced(true);
    tellSilenced(call.id);
    // It is silent here in any case; the server only passes it on.
    call.silence().catch(() => undefined);
  }
}

interface ActionButtonProps {
  readonly label: string;
  readonly hint?: string;
  readonly icon: 'hangup' | 'phone' | 'video';
  readonly kind: 'danger' | 'success' | 'plain';
  readonly isDisabled: boolean;
  /** Has the focus when the dialog opens. */
  readonly isFirst?: boolean;
  readonly onClick: () => void;
}

function ActionButton({ label, hint, icon, kind, isDisabled, isFirst = false, onClick }: ActionButtonProps) {
  return (
    <button type="button" class="control" disabled={isDisabled} autoFocus={isFirst} onClick={onClick}>
      <span class={`control-face ${kind}`}>
        <Icon name={icon} />
      </span>
      <span class="control-label">
        {label}
        {hint !== undefined && <small> {hint}</small>}
      </span>
    </button>
  );
}
