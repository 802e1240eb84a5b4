// The devices that are connected, with a field that looks for one, and the button that sends one away for a moment.

import { useState } from 'preact/hooks';

import type { CutList, DeviceState } from '../../../src/observe/operator-state.ts';
import { disconnect } from '../actions.ts';
import { dialectName, trustName } from '../words.ts';
import { Card, Empty, Table } from './card.tsx';
import type { Ask } from './confirmation.tsx';

export function Devices({ devices, ask }: { readonly devices: CutList<DeviceState>; readonly ask: Ask }) {
  const [sought, seek] = useState('');
  const { total, shown } = devices;
  const found = shown.filter((device) => isFound(device, sought.trim().toLowerCase()));
  return (
    <Card
      title="Devices"
      note={total > shown.length ? `the first ${shown.length} of ${total} sockets` : undefined}
    >
      {total === 0 ? (
        <Empty>No device is connected. A client appears here when it opens a socket.</Empty>
      ) : (
        <>
          <label class="search">
            Find
            <input
              type="search"
              value={sought}
              placeholder="user, device or address"
              onInput={({ currentTarget }) => seek(currentTarget.value)}
            />
          </label>
          {found.length === 0 ? (
            <Empty>No connected device matches “{sought}”.</Empty>
          ) : (
            <Table
              label="Connected devices"
              rows={found}
              keyOf={({ sessionId }) => sessionId}
              columns={[
                { head: 'User', cell: userName, className: 'name' },
                { head: 'Device', cell: ({ deviceId }) => deviceId ?? '–', className: 'name' },
                { head: 'Dialect', cell: ({ dialect }) => dialectName(dialect) },
                { head: 'Identity', cell: ({ trust }) => trustName(trust) },
                { head: 'Address', cell: ({ clientAddress }) => clientAddress },
                { head: 'Calls', cell: ({ callIds }) => (callIds.length === 0 ? '–' : callIds.length) },
                {
                  head: 'Action',
                  cell: (device) => (
                    <button type="button" onClick={() => ask(leaving(device))}>
                      Disconnect<span class="hidden"> {device.userId ?? device.sessionId}</span>
                    </button>
                  ),
                },
              ]}
            />
          )}
        </>
      )}
    </Card>
  );
}

function userName({ userId }: DeviceState) {
  return userId ?? <span class="muted">not known yet</span>;
}

function isFound({ userId, deviceId, clientAddress }: DeviceState, sought: string): boolean {
  return `${userId ?? ''} ${deviceId ?? ''} ${clientAddress}`.toLowerCase().includes(sought);
}

function leaving({ sessionId, userId, deviceId, clientAddress, callIds }: DeviceState) {
  const who =
    userId === undefined ? `the client at ${clientAddress}` : `the device ${deviceId ?? ''} of ${userId}`;
  const inCall = callIds.length > 0 ? ' It is in a call: its place is kept for a while.' : '';
  return {
    title: 'Disconnect this device?',
    text: `Every socket of ${who} is closed. A client that works connects again by itself within seconds.${inCall}`,
    action: 'Disconnect',
    run: () => disconnect(sessionId),
  };
}
