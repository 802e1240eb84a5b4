// Which keys do what, and the switch that turns single letters off.

import { useState } from 'preact/hooks';

import { Dialog } from './dialog.tsx';
import { areKeysOn, CALL_KEYS, PAGE_KEYS, RING_KEYS, turnKeys, type Shortcut } from './shortcuts.ts';

export function Help({ onClose }: { readonly onClose: () => void }) {
  const [isOn, setOn] = useState(areKeysOn());
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <Keys title="In a call" shortcuts={CALL_KEYS} />
      <Keys title="When it rings" shortcuts={RING_KEYS} />
      <Keys title="Everywhere" shortcuts={PAGE_KEYS} />
      <label class="switch">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => {
            turnKeys(currentTarget.checked);
            setOn(currentTarget.checked);
          }}
        />
        Single letters do something
      </label>
    </Dialog>
  );
}

function Keys({ title, shortcuts }: { readonly title: string; readonly shortcuts: readonly Shortcut[] }) {
  return (
    <section class="keys">
      <h3>{title}</h3>
      <dl>
        {shortcuts.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
