// XMLHttpRequest as far as BOSH needs it, for browser libraries that are run in Node: over fetch, asynchronous, with the
// answer parsed by the DOMParser that the library has put up. It knows no uploads, no progress and no cookies.

const DONE = 4;

export class XmlHttpRequest {
  readyState = 0;
  status = 0;
  responseText = '';
  responseXML: unknown = null;
  onreadystatechange: (() => void) | undefined;

  #method = '';
  #url = '';
  readonly #headers = new Headers();
  #received = new Headers();
  readonly #abort = new AbortController();

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
    this.#enter(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  send(body: string): void {
    void this.#ask(body).then(
      () => this.#enter(DONE),
      () => {
        this.status = 0;
        if (!this.#abort.signal.aborted) this.#enter(DONE);
      },
    );
  }

  getAllResponseHeaders(): string {
    return [...this.#received].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  abort(): void {
    this.#abort.abort();
  }

  async #ask(body: string): Promise<void> {
    const { signal } = this.#abort;
    const response = await fetch(this.#url, { method: this.#method, headers: this.#headers, body, signal });
    this.responseText = await response.text();
    this.status = response.status;
    this.#received = response.headers;
    const isXml = response.headers.get('content-type')?.includes('xml') === true;
    if (isXml) this.responseXML = parseXml(this.responseText);
  }

  #enter(state: number): void {
    this.readyState = state;
    this.onreadystatechange?.();
  }
}

function parseXml(text: string): unknown {
  const { DOMParser } = globalThis as unknown as {
    DOMParser: new () => { parseFromString(text: string, type: string): unknown };
  };
  return new DOMParser().parseFromString(text, 'text/xml');
}
