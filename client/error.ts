// The one error of the library.

/** `code` is the server's (docs/errors.md), or one of the library's own, which stand where they are thrown. */
export class PorticoError extends Error {
  override readonly name = 'PorticoError';
  declare readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
