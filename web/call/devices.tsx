// Which microphone, camera and speaker are used. Changes hold at once, without a new call.

import { useEffect, useState } from 'preact/hooks';

import type { Call } from '../../client/index.ts';
import { AdviceNote } from './advice.tsx';
import { Dialog } from './dialog.tsx';
import { canChooseSpeaker } from './media.tsx';
import { adviceOn, type Advice } from './words.ts';

export interface DevicesProps {
  readonly call: Call;
  readonly speakerId: string | undefined;
  readonly onSpeaker: (speakerId: string) => void;
  readonly onClose: () => void;
}

export function Devices({ call, speakerId, onSpeaker, onClose }: DevicesProps) {
  const devices = useDevices();
  const [advice, setAdvice] = useState<Advice | undefined>();
  const { microphoneId, cameraId } = call.local;
  const choose = (used: Promise<void>): void => {
    setAdvice(undefined);
    used.catch((error: unknown) => setAdvice(adviceOn(error)));
  };
  return (
    <Dialog title="Devices" onClose={onClose}>
      <DeviceList
        label="Microphone"
        kind="audioinput"
        devices={devices}
        current={microphoneId}
        onChoose={(id) => choose(call.useMicrophone(id))}
      />
      <DeviceList
        label="Camera"
        kind="videoinput"
        devices={devices}
        current={cameraId}
        onChoose={(id) => choose(call.useCamera(id))}
      />
      {canChooseSpeaker() ? (
        <DeviceList
          label="Speaker"
          kind="audiooutput"
          devices={devices}
          current={speakerId ?? 'default'}
          onChoose={onSpeaker}
        />
      ) : (
        <p class="soft">
          The speaker is chosen in the settings of your system: this browser leaves it to it.
        </p>
      )}
      {advice && <AdviceNote advice={advice} role="alert" />}
    </Dialog>
  );
}

interface DeviceListProps {
  readonly label: string;
  readonly kind: MediaDeviceKind;
  readonly devices: readonly MediaDeviceInfo[];
  readonly current: string | undefined;
  readonly onChoose: (deviceId: string) => void;
}

function DeviceList({ label, kind, devices, current, onChoose }: DeviceListProps) {
  const choices = devices.filter((device) => device.kind === kind);
  return (
    <label>
      {label}
      <select
        value={current ?? ''}
        disabled={choices.length === 0}
        onChange={({ currentTarget }) => onChoose(currentTarget.value)}
      >
        {choices.every(({ deviceId }) => deviceId !== current) && (
          <option value={current ?? ''}>{choices.length === 0 ? 'None found' : 'Not in use'}</option>
        )}
        {choices.map(({ deviceId, label: name }, index) => (
          <option key={deviceId} value={deviceId}>
            {name === '' ? `${label} ${index + 1}` : name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What is plugged in, also when that changes. */
export function useDevices(): readonly MediaDeviceInfo[] {
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    const { mediaDevices } = navigator;
    let isShown = true;
    const look = (): void => {
      mediaDevices.enumerateDevices().then(
        (found) => isShown && setDevices(found),
        () => undefined,
      );
    };
    look();
    mediaDevices.addEventListener('devicechange', look);
    return () => {
      isShown = false;
      mediaDevices.removeEventListener('devicechange', look);
    };
  }, []);
  return devices;
}
