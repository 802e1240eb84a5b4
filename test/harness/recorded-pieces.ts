// What a page's MediaRecorder gives out, noted beside whoever records: against it is measured what of it was uploaded.
// Media time, not the clock's: on a busy machine a second of film takes longer than a second.

import type { Page } from 'playwright-core';

const NOTE = `
  window.recordedPieces = [];
  window.MediaRecorder = class extends MediaRecorder {
    constructor(...given) {
      super(...given);
      this.addEventListener('dataavailable', ({ data }) => window.recordedPieces.push(data));
    }
  };`;

const READ = `Promise.all(window.recordedPieces.map((piece) => new Promise((resolve) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.lastIndexOf(',') + 1));
  reader.readAsDataURL(piece);
})))`;

export class RecordedPieces {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Of all recorders that the page makes from now on, until it is loaded again. */
  static async note(page: Page): Promise<RecordedPieces> {
    await page.evaluate(NOTE);
    return new RecordedPieces(page);
  }

  async sizes(): Promise<readonly number[]> {
    return await this.#page.evaluate('window.recordedPieces.map(({ size }) => size)');
  }

  async read(): Promise<readonly Buffer[]> {
    const texts: readonly string[] = await this.#page.evaluate(READ);
    return texts.map((text) => Buffer.from(text, 'base64'));
  }
}
