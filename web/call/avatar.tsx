// The picture of a person or room: initials on a colour of its own until there is one.

import { useEffect, useState } from 'preact/hooks';

import { hueOf, initialsOf } from './names.ts';
import { useParts } from './parts.ts';

export interface AvatarProps {
  /** Matrix user or room ID: decides the colour. */
  readonly id: string;
  readonly name: string;
  readonly url: string | undefined;
  readonly size?: 'small' | 'large';
}

export function Avatar({ id, name, url, size = 'small' }: AvatarProps) {
  const { pictures } = useParts();
  const [picture, setPicture] = useState<string | undefined>();
  useEffect(() => {
    let isShown = true;
    setPicture(undefined);
    if (url !== undefined) void pictures.load(url).then((loaded) => isShown && setPicture(loaded));
    return () => {
      isShown = false;
    };
  }, [url, pictures]);
  const style = `avatar avatar-${size} hue-${hueOf(id)}`;
  // The name stands beside it: read twice, it would only be longer.
  return (
    <span class={style} aria-hidden="true">
      {picture === undefined ? initialsOf(name) : <img src={picture} alt="" />}
    </span>
  );
}
