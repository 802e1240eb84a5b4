// The drawings on buttons: 24 by 24, in the colour of the text. They say nothing to a screen reader; labels do.

const PATHS = {
  phone:
    'M6.6 3.5 9 3l1.8 4.4-2 1.6a12 12 0 0 0 6.2 6.2l1.6-2L21 15l-.5 2.4a3 3 0 0 1-3.2 2.4A15.5 15.5 0 0 1 4.2 6.7a3 3 0 0 1 2.4-3.2Z',
  hangup:
    'M3 14.5c0-1 .4-1.9 1.1-2.5 4.6-3.5 11.2-3.5 15.8 0 .7.6 1.1 1.5 1.1 2.5v1.3l-4.6.8-1-3a12 12 0 0 0-6.8 0l-1 3-4.6-.8Z',
  video:
    'M4 6.5h9.5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15.5 10.5 22 7v10l-6.5-3.5',
  videoOff:
    'M8 6.5h5.5a2 2 0 0 1 2 2v4M15.5 15.5a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2v-7a2 2 0 0 1 1.4-1.9M15.5 10.5 22 7v10l-3-1.6M3 3l18 18',
  mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M8.5 21h7',
  micOff:
    'M9 7V6a3 3 0 0 1 6 0v4.5M14.2 13a3 3 0 0 1-5.2-2V9M5.5 11a6.5 6.5 0 0 0 10 5.4M18.5 11a6.5 6.5 0 0 1-.6 2.7M12 17.5V21M8.5 21h7M3 3l18 18',
  screen:
    'M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V6A1.5 1.5 0 0 1 4 4.5ZM8.5 20h7M12 13V8M9.5 10 12 7.5l2.5 2.5',
  screenOff:
    'M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V6A1.5 1.5 0 0 1 4 4.5ZM8.5 20h7M9.8 8.3l4.4 4.4M14.2 8.3l-4.4 4.4',
  swap: 'M4 9.5a8 8 0 0 1 14-3l2 2.5M20 4v5h-5M20 14.5a8 8 0 0 1-14 3l-2-2.5M4 20v-5h5',
  record: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z',
  recordStop: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM9.5 9.5h5v5h-5Z',
  devices: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4',
  help: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18ZM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8v.2',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.5 15.5 20 20',
  close: 'M6 6l12 12M18 6 6 18',
  logout: 'M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 16l4-4-4-4M19 12H9',
  outgoing: 'M7 17 17 7M9 7h8v8',
  incoming: 'M17 7 7 17M7 9v8h8',
  missed: 'M4 7l8 8 8-8M4 13V7h6',
  bellOff: 'M10 20h4M6 16V10a6 6 0 0 1 9-5.2M18 10v6l1.5 1M4.5 17H16M3 3l18 18',
  alert: 'M12 4 2.8 19.5h18.4ZM12 10v4.5M12 17v.2',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Brand() {
  return (
    <svg class="brand" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 24V14a8 8 0 0 1 16 0v10M13 24V15a3 3 0 0 1 6 0v9" />
    </svg>
  );
}

const BARS = { good: 3, fair: 2, poor: 1 } as const;

/** How good the connection is: three bars, and in words for who does not see them. */
export function QualityBars({ quality }: { readonly quality: keyof typeof BARS }) {
  return (
    <svg class={`bars bars-${quality}`} viewBox="0 0 14 12" role="img" aria-label={`${quality} connection`}>
      {[0, 1, 2].map((bar) => (
        <rect
          key={bar}
          class={bar < BARS[quality] ? 'bar on' : 'bar'}
          x={bar * 5}
          y={8 - bar * 4}
          width="3.4"
          height={4 + bar * 4}
          rx="1"
        />
      ))}
    </svg>
  );
}
