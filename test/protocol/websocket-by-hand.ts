// A WebSocket on a plain TCP or TLS socket: handshake and frames written by hand (RFC 6455), so that nothing but the
// server decides what is allowed. It answers pings, notes everything, and judges only how the server frames.

import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { until as untilWithin } from '../harness/until.ts';

/** The server may be far away, or busy; only a hopeless wait is ended. */
const PATIENCE_MS = 15_000;

export function until(condition: () => boolean, limitMs = PATIENCE_MS): Promise<void> {
  return untilWithin(condition, limitMs);
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HEAD_END = '\r\n\r\n';

export interface HandshakeOptions {
  readonly path?: string;
  /** Beside or in place of the usual ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface ReadFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A masked frame, as a client has to send it. */
export function frameOf(opcode: number, payload: string | Buffer = '', isFinal = true): Buffer {
  const data = Buffer.from(payload);
  const mask = randomBytes(4);
  const masked = data.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  const first = (isFinal ? 0x80 : 0) | opcode;
  if (data.length < 126) return Buffer.concat([Buffer.from([first, 0x80 | data.length]), mask, masked]);
  const length = Buffer.alloc(data.length < 65_536 ? 2 : 8);
  if (length.length === 2) length.writeUInt16BE(data.length);
  else length.writeBigUInt64BE(BigInt(data.length));
  return Buffer.concat([
    Buffer.from([first, 0x80 | (length.length === 2 ? 126 : 127)]),
    length,
    mask,
    masked,
  ]);
}

export class WebSocketByHand {
  readonly socket: Socket;
  readonly key = randomBytes(16).toString('base64');
  readonly frames: ReadFrame[] = [];
  /** The texts among the frames. */
  readonly texts: string[] = [];
  /** Status line and headers of the answer, once it is there; what follows is frames, or the body of a refusal. */
  head = '';
  isEnded = false;
  #bytes = Buffer.alloc(0);

  constructor(url: string, { path = '/', headers = {} }: HandshakeOptions = {}) {
    const { hostname, host, port, protocol } = new URL(url);
    const isSecure = protocol === 'https:';
    const to = { host: hostname, port: Number(port) || (isSecure ? 443 : 80) };
    this.socket = isSecure ? connectTls({ ...to, servername: hostname }) : connectTcp(to);
    this.socket.on('data', (data) => this.#take(data));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isEnded = true));
    const all: Readonly<Record<string, string | undefined>> = {
      Host: host,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': this.key,
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    );
    this.socket.write([`GET ${path} HTTP/1.1`, ...lines].join('\r\n') + HEAD_END);
  }

  get status(): number | undefined {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(this.head)?.[1];
    return status === undefined ? undefined : Number(status);
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(this.head)?.[1];
  }

  /** What `Sec-WebSocket-Accept` has to be. */
  get expectedAccept(): string {
    return createHash('sha1').update(`${this.key}${ACCEPT_SUFFIX}`).digest('base64');
  }

  /** Of the close frame that came; undefined without one, or if it has none. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === CLOSE);
    return close === undefined || close.payload.length < 2 ? undefined : close.payload.readUInt16BE(0);
  }

  /** The words of the close frame; empty without any. */
  get closeReason(): string {
    return this.frames.find(({ opcode }) => opcode === CLOSE)?.payload.toString('utf8', 2) ?? '';
  }

  text(payload: string): void {
    this.frame(TEXT, payload);
  }

  frame(opcode: number, payload: string | Buffer = '', isFinal = true): void {
    this.socket.write(frameOf(opcode, payload, isFinal));
  }

  /** Resolves with the status of the answer. */
  async answered(): Promise<number | undefined> {
    await until(() => this.head !== '' || this.isEnded);
    return this.status;
  }

  /** Resolves with the close code when the server has closed. @throws if it does not within `limitMs` */
  async closed(limitMs?: number): Promise<number | undefined> {
    await until(() => this.closeCode !== undefined || this.isEnded, limitMs);
    return this.closeCode;
  }

  /** An orderly end: resolves when the connection is gone. */
  async close(): Promise<void> {
    if (!this.isEnded) this.frame(CLOSE, Buffer.from([3, 232]));
    await until(() => this.isEnded);
  }

  #take(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (this.head === '') {
      const end = this.#bytes.indexOf(HEAD_END);
      if (end === -1) return;
      this.head = this.#bytes.toString('latin1', 0, end);
      this.#bytes = this.#bytes.subarray(end + HEAD_END.length);
    }
    if (this.status === 101) while (this.#takeFrame());
  }

  #takeFrame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const [first = 0, second = 0] = bytes;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error('the server frames against RFC 6455');
    const short = second & 0x7f;
    const begin = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < begin) return false;
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < begin + length) return false;
    this.#note(first, Buffer.from(bytes.subarray(begin, begin + length)));
    this.#bytes = bytes.subarray(begin + length);
    return true;
  }

  #note(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if ((first & 0x80) === 0 || opcode === 0)
      throw new Error('the server sends fragments, which is not read here');
    this.frames.push({ opcode, payload });
    if (opcode === TEXT) this.texts.push(payload.toString());
    if (opcode === PING) this.frame(PONG, payload);
    if (opcode === CLOSE) this.frame(CLOSE, payload.subarray(0, 2));
  }
}
