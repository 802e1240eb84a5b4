// Pictures and sound of a stream on the page. Sound has elements of its own, which stay where they are while the
// pictures are arranged anew: an element that is moved stops for a moment.

import { useEffect, useRef, useState } from 'preact/hooks';

export interface PictureProps {
  readonly stream: MediaStream;
  readonly label: string;
  readonly isMirrored?: boolean;
}

export function Picture({ stream, label, isMirrored = false }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return (
    <video ref={video} class={isMirrored ? 'mirrored' : ''} aria-label={label} autoplay playsInline muted />
  );
}

export interface SoundProps {
  readonly stream: MediaStream;
  /** Where it is heard; undefined where the system decides. */
  readonly speakerId: string | undefined;
}

export function Sound({ stream, speakerId }: SoundProps) {
  const audio = useRef<HTMLAudioElement>(null);
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    const element = audio.current;
    if (element === null) return;
    element.srcObject = stream;
    element.play().catch((error: unknown) => {
      // Browsers play nothing on a page on which nobody has clicked yet, as after a reload.
      if (error instanceof DOMException && error.name === 'NotAllowedError') setHeld(true);
    });
  }, [stream]);
  useEffect(() => {
    // A speaker that was unplugged: the system's own goes on.
    if (canChooseSpeaker()) audio.current?.setSinkId(speakerId ?? '').catch(() => undefined);
  }, [speakerId]);
  return (
    <>
      <audio ref={audio} autoplay />
      {isHeld && (
        <button
          type="button"
          class="primary hear"
          onClick={() => void audio.current?.play().then(() => setHeld(false))}
        >
          Turn the sound on
        </button>
      )}
    </>
  );
}

export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

export function hasPicture(stream: MediaStream | undefined): stream is MediaStream {
  return stream?.getVideoTracks().some(({ readyState }) => readyState === 'live') === true;
}

export function hasSound(stream: MediaStream | undefined): stream is MediaStream {
  return stream !== undefined && stream.getAudioTracks().length > 0;
}
