// The streams that one participant sends: which is the camera, which the screen. It knows no connection, and plays nothing.

import type { StreamKind } from './messages.ts';

export interface Sorted {
  readonly camera: MediaStream | undefined;
  readonly screen: MediaStream | undefined;
}

/**
 * As the sender names them; of a client that names none, the first is the camera and the second the screen.
 * @param streams in the order in which they came
 */
export function sortStreams(streams: readonly MediaStream[], kinds: ReadonlyMap<string, StreamKind>): Sorted {
  const named = (kind: StreamKind) => streams.find(({ id }) => kinds.get(id) === kind);
  const [first, second] = streams.filter(({ id }) => !kinds.has(id));
  const camera = named('camera') ?? first;
  return { camera, screen: named('screen') ?? (camera === first ? second : first) };
}

/** A participant sends two. */
const MAX_STREAMS = 8;

export class RemoteStreams {
  readonly #onChange: () => void;
  readonly #streams = new Map<string, MediaStream>();
  #kinds: ReadonlyMap<string, StreamKind> = new Map();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get sorted(): Sorted {
    return sortStreams([...this.#streams.values()], this.#kinds);
  }

  /** Before the description is applied that brings the streams. */
  name(kinds: ReadonlyMap<string, StreamKind>): void {
    this.#kinds = kinds;
  }

  add(stream: MediaStream): void {
    if (this.#streams.size >= MAX_STREAMS) return;
    this.#streams.set(stream.id, stream);
    stream.onremovetrack = () => {
      if (stream.getTracks().length === 0) this.#streams.delete(stream.id);
      this.#onChange();
    };
    this.#onChange();
  }

  clear(): void {
    for (const stream of this.#streams.values()) stream.onremovetrack = null;
    this.#streams.clear();
  }
}
