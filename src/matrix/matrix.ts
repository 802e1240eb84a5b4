// The port to the homeserver: what the gateway itself asks of Synapse, apart from what it forwards. Types only.

export interface Homeserver {
  /** Whether the homeserver answers its health check now. Never rejects. */
  isReachable(): Promise<boolean>;
}
