// JSON text that is passed on as it came. Pure. It checks nothing: whoever makes one has made sure that reading the text
// and writing it again would yield the same text.

export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** What the text says: for whoever looks into it, or writes it as a part of something else. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
