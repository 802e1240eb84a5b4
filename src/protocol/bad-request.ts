// What a reader of the protocol says of a request that it cannot take. Types only.

/** `problem` says what is wrong and what is allowed, in words for the author of the client. */
export interface BadRequest {
  readonly problem: string;
}
