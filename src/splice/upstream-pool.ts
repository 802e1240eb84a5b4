// The kept-alive connections of the splice lane to Synapse: which one a request gets, how long an unused one stays open.
// It opens and closes; what is said on a connection is upstream-connection.ts.

import type { CancelTimer, Clock } from '../clock.ts';
import { READ_BYTES } from '../http/accepted-socket.ts';
import type { OpenConnection, ReadInto } from '../proxy/upstream.ts';
import { UpstreamConnection } from './upstream-connection.ts';

const SWEEP_EVERY_MS = 5_000;
/**
 * What was unused for so many sweeps is closed, after 50 to 55 s. Twisted closes a connection that was idle for 60 s; ours
 * must be gone before, or requests die in the race.
 */
const IDLE_SWEEPS = 11;

/** @param onread undefined where the socket has to tell by 'data' events what it reads */
export type Connector = (onread: ReadInto | undefined) => OpenConnection;

export class UpstreamPool {
  readonly #connector: Connector;
  readonly #isTls: boolean;
  /** Everything that is read stands here, until the next read of any connection. */
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #clock: Clock;
  /** The last one given back is the next one lent: the others grow old, and go. */
  #idle: UpstreamConnection[] = [];
  #cancelSweep: CancelTimer | undefined;
  /** Time enough for what is closed here: the clock would be read for each request. */
  #sweeps = 0;
  #isClosed = false;

  constructor(connector: Connector, isTls: boolean, clock: Clock) {
    this.#connector = connector;
    this.#isTls = isTls;
    this.#clock = clock;
  }

  /** A connection that has served before, if one is free. */
  take(): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || !connection.isClosed) return connection;
    }
  }

  /** @param ready called once, without a connection if none could be made */
  open(ready: (connection: UpstreamConnection | undefined) => void): void {
    const connection = new UpstreamConnection();
    const onread: ReadInto = {
      buffer: this.#buffer,
      callback: (bytes) => {
        connection.received(this.#buffer.subarray(0, bytes));
        return true;
      },
    };
    this.#connector(this.#isTls ? undefined : onread)((error, socket) => {
      if (error === null) connection.begin(socket, this.#isTls);
      ready(error === null ? connection : undefined);
    });
  }

  giveBack(connection: UpstreamConnection): void {
    if (this.#isClosed) {
      connection.destroy();
      return;
    }
    connection.idleSinceSweep = this.#sweeps;
    this.#idle.push(connection);
    this.#cancelSweep ??= this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep());
  }

  /** Closes what is unused now, and later what is given back. */
  close(): void {
    this.#isClosed = true;
    this.#cancelSweep?.();
    for (const connection of this.#idle) connection.destroy();
    this.#idle = [];
  }

  #sweep(): void {
    this.#sweeps += 1;
    const oldest = this.#sweeps - IDLE_SWEEPS;
    const kept: UpstreamConnection[] = [];
    for (const connection of this.#idle) {
      if (connection.idleSinceSweep <= oldest) connection.destroy();
      else if (!connection.isClosed) kept.push(connection);
    }
    this.#idle = kept;
    this.#cancelSweep =
      kept.length === 0 ? undefined : this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep());
  }
}
