// What the package exports as `portico/client`: the one function, the one error, and the types of both.

export { connect } from './connect.ts';
export { PorticoError } from './error.ts';
export type {
  Call,
  CallEvents,
  CallOptions,
  CallState,
  ConnectionProblem,
  ConnectionState,
  ConnectOptions,
  LocalMedia,
  Participant,
  PastCall,
  Portico,
  PorticoErrorLike,
  PorticoEvents,
  Quality,
  Unsubscribe,
} from './portico.ts';
