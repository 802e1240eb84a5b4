// What every part of the page shares while somebody is logged in: the session, the connection, rooms, people, pictures.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { Portico } from '../../client/index.ts';
import { loadPicture, localpart, peopleOf, type Person, type Room, type Session } from './matrix.ts';

export interface Parts {
  readonly session: Session;
  readonly portico: Portico;
  /** Undefined before the first sync. */
  readonly rooms: readonly Room[] | undefined;
  readonly people: People;
  readonly pictures: Pictures;
}

const PartsContext = createContext<Parts | undefined>(undefined);

export const PartsProvider = PartsContext.Provider;

export function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (parts === undefined) throw new Error('nobody is logged in');
  return parts;
}

/** Whether a call can begin now; why not is what the banner says. */
export function canCallNow({ portico }: Pick<Parts, 'portico'>): boolean {
  return portico.state === 'online' && 'mediaDevices' in navigator;
}

/** As many as a busy server has in view; older ones are loaded again. */
const MAX_PICTURES = 300;
const MAX_ROOMS_KNOWN = 50;

/** Pictures by their `mxc://` URL, each loaded once. */
export class Pictures {
  readonly #session: Session;
  readonly #loaded = new Map<string, Promise<string | undefined>>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** @returns a URL for the page, or nothing where there is no such picture */
  load(mxc: string): Promise<string | undefined> {
    const known = this.#loaded.get(mxc);
    if (known !== undefined) return known;
    const loading = loadPicture(this.#session, mxc).then(
      (blob) => URL.createObjectURL(blob),
      () => undefined,
    );
    this.#loaded.set(mxc, loading);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > MAX_PICTURES && oldest !== undefined) this.#drop(oldest);
    return loading;
  }

  close(): void {
    for (const mxc of this.#loaded.keys()) this.#drop(mxc);
  }

  #drop(mxc: string): void {
    void this.#loaded.get(mxc)?.then((url) => url !== undefined && URL.revokeObjectURL(url));
    this.#loaded.delete(mxc);
  }
}

/** Who is in a room. Names are asked for when they are needed, because syncs leave most people out. */
export class People {
  readonly #session: Session;
  readonly #rooms = new Map<string, Promise<readonly Person[]>>();
  readonly #known = new Map<string, Person>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws MatrixError */
  async of(roomId: string): Promise<readonly Person[]> {
    let people = this.#rooms.get(roomId);
    if (people === undefined) {
      people = peopleOf(this.#session, roomId);
      this.#rooms.set(roomId, people);
      const [oldest] = this.#rooms.keys();
      if (this.#rooms.size > MAX_ROOMS_KNOWN && oldest !== undefined) this.#rooms.delete(oldest);
    }
    try {
      const found = await people;
      for (const person of found) this.#known.set(person.userId, person);
      return found;
    } catch (error) {
      this.#rooms.delete(roomId);
      throw error;
    }
  }

  /** People come, go and change their names: they are asked for anew with the next call. */
  forget(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  find(userId: string): Person {
    return this.#known.get(userId) ?? { userId, name: localpart(userId), avatarUrl: undefined };
  }
}
