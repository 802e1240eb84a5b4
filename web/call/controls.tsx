// The buttons of a call and their keys: microphone, camera, screen, recording, devices, help, hang up.

import type { Call } from '../../client/index.ts';
import { useDevices } from './devices.tsx';
import { useKeys } from './hooks.ts';
import { Icon, type IconName } from './icons.tsx';
import { useParts } from './parts.ts';
import { areKeysOn } from './shortcuts.ts';
import { adviceOn, type Advice } from './words.ts';

export interface ControlsProps {
  readonly call: Call;
  readonly onDevices: () => void;
  readonly onHelp: () => void;
  readonly onError: (advice: Advice) => void;
}

export function Controls({ call, onDevices, onHelp, onError }: ControlsProps) {
  const { session } = useParts();
  const cameras = useDevices().filter(({ kind }) => kind === 'videoinput');
  const { isAudioEnabled, isVideoEnabled, isSharing } = call.local;
  const isRecording = call.recordedBy.includes(session.userId);
  const isAnswered = call.state !== 'ringing';

  const mute = (): void => call.setAudioEnabled(!isAudioEnabled);
  const camera = (): void => run(call.setVideoEnabled(!isVideoEnabled));
  const share = (): void => {
    if (isSharing) call.stopSharing();
    else run(call.shareScreen());
  };
  const record = (): void => run(isRecording ? call.stopRecording() : call.startRecording());

  useKeys((key, { shiftKey }) => {
    if (!areKeysOn() || document.querySelector('dialog[open]') !== null) return false;
    if (shiftKey && key === 'h') call.hangup();
    else if (shiftKey) return false;
    else if (key === 'm') mute();
    else if (key === 'v') camera();
    else if (key === 's' && canShare() && isAnswered) share();
    else if (key === 'r' && canRecord() && isAnswered) record();
    else if (key === 'd') onDevices();
    else return false;
    return true;
  });

  return (
    <div class="controls" role="group" aria-label="Call controls">
      <Control
        label={isAudioEnabled ? 'Mute' : 'Unmute'}
        icon={isAudioEnabled ? 'mic' : 'micOff'}
        hint="M"
        isOff={!isAudioEnabled}
        onClick={mute}
      />
      <Control
        label={isVideoEnabled ? 'Stop video' : 'Start video'}
        icon={isVideoEnabled ? 'video' : 'videoOff'}
        hint="V"
        isOff={!isVideoEnabled}
        onClick={camera}
      />
      {isVideoEnabled && cameras.length > 1 && (
        <Control label="Switch" icon="swap" onClick={() => run(call.switchCamera())} />
      )}
      {canShare() && (
        <Control
          label={isSharing ? 'Stop sharing' : 'Share'}
          icon={isSharing ? 'screenOff' : 'screen'}
          hint="S"
          isOn={isSharing}
          isDisabled={!isAnswered}
          onClick={share}
        />
      )}
      {canRecord() && (
        <Control
          label={isRecording ? 'Stop recording' : 'Record'}
          icon={isRecording ? 'recordStop' : 'record'}
          hint="R"
          isOn={isRecording}
          isDisabled={!isAnswered}
          onClick={record}
        />
      )}
      <Control label="Devices" icon="devices" hint="D" onClick={onDevices} />
      <Control label="Help" icon="help" hint="?" onClick={onHelp} />
      <Control label="Hang up" icon="hangup" hint="Shift H" kind="danger" onClick={() => call.hangup()} />
    </div>
  );

  function run(asked: Promise<void>): void {
    asked.catch((error: unknown) => onError(adviceOn(error)));
  }
}

interface ControlProps {
  readonly label: string;
  readonly icon: IconName;
  /** The key. */
  readonly hint?: string;
  readonly kind?: 'danger';
  /** Stands out because something is turned off. */
  readonly isOff?: boolean;
  /** Stands out because something goes on. */
  readonly isOn?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

function Control({
  label,
  icon,
  hint,
  kind,
  isOff = false,
  isOn = false,
  isDisabled = false,
  onClick,
}: ControlProps) {
  const face = ['control-face', kind, isOff && 'off', isOn && 'on'].filter(Boolean).join(' ');
  return (
    <button
      type="button"
      class="control"
      title={hint === undefined ? label : `${label} (${hint})`}
      aria-keyshortcuts={hint?.replace(' ', '+')}
      disabled={isDisabled}
      onClick={onClick}
    >
      <span class={face}>
        <Icon name={icon} />
      </span>
      <span class="control-label">{label}</span>
    </button>
  );
}

/** Phones cannot share their screen. */
function canShare(): boolean {
  return 'getDisplayMedia' in navigator.mediaDevices;
}

function canRecord(): boolean {
  return 'MediaRecorder' in globalThis;
}
