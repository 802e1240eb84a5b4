// The port to a socket, whatever carries it: frames in, frames out, and its end. Types only. A transport knows no
// call, no user and no message; what a frame means is its dialect's (dialects/dialect.ts).

/** How a client arrived, as far as it matters once its handshake is over. Small: idle sockets keep it. */
export interface Arrival {
  /** Resolved bare client address. */
  readonly clientAddress: string;
  /** Whether the address stands for this one client (http/auth.ts). */
  readonly isAddressUsable: boolean;
  /** The origin by which the client reached us. */
  readonly origin: string;
  /** A token shown in the handshake (`Authorization`, Socket.IO `auth.token`, subprotocol `access_token.…`). */
  readonly token: string | undefined;
}

/** How a socket ended, for whoever looks for clients that cannot stay. */
export interface SocketEnd {
  /** The one that the socket had. */
  readonly arrival: Arrival;
  /** Of its handshake, without the query. */
  readonly path: string;
  readonly lifetimeMs: number;
  /** The close code that we sent, else the peer's; 1006 if there was none (RFC 6455 section 7.1.5). */
  readonly code: number;
  /** Whether it was given up because nothing was heard of the peer. */
  readonly isDead: boolean;
}

export interface SocketEvents<In> {
  frame(frame: In): void;
  /** Once, whatever the cause; nothing follows it. */
  closed(): void;
}

/** @typeParam In what comes in, @typeParam Out what goes out: text for WebSockets, named packets for Socket.IO */
export interface SignalSocket<In, Out> {
  readonly arrival: Arrival;
  /** Written, but not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Has to be called at once, before the next frame can arrive. */
  listen(events: SocketEvents<In>): void;
  /** Ignored once it is closing. */
  send(frame: Out): void;
  /**
   * Has the peer show that it is there; one that does not within a few seconds is gone. Not of every transport.
   * @returns whether it has, asked at any later time
   */
  probe?(): () => boolean;
  /** What was sent before still goes out, for as long as the peer takes it within a moment. */
  close(code: number, reason: string): void;
}
