// A small TURN client over UDP for tests: Allocate, Refresh and CreatePermission with long-term credentials (RFC 8489
// section 9.2, RFC 8656). Talks to loopback only, and relays nothing: no Send indication, no channel.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

import type { Test } from 'tap';

const METHODS = { allocate: 0x003, refresh: 0x004, createPermission: 0x008 } as const;
const ATTRIBUTES = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
} as const;
const MAGIC_COOKIE = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 24;
const UDP_PROTOCOL = 17;
/** UDP may lose a packet even on loopback. */
const RESEND_MS = 500;
const ATTEMPTS = 10;

type Attribute = readonly [type: number, value: Buffer];

export interface TurnAnswer {
  /** 200 for a success; else the code of ERROR-CODE. */
  readonly status: number;
  readonly attributes: ReadonlyMap<number, Buffer>;
  /** Whether the answer carries a MESSAGE-INTEGRITY that our key confirms: the server knows the password too. */
  readonly isConfirmed: boolean;
}

export interface TurnCredential {
  readonly username: string;
  readonly credential: string;
}

export class TurnClient {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #credential: TurnCredential;
  #realm: Buffer = Buffer.alloc(0);
  #nonce: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, port: number, credential: TurnCredential) {
    this.#socket = socket;
    this.#port = port;
    this.#credential = credential;
  }

  /** @param port of a TURN server on 127.0.0.1 */
  static async open(t: Test, port: number, credential: TurnCredential): Promise<TurnClient> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    t.teardown(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    return new TurnClient(socket, port, credential);
  }

  /** Asks without credentials first, for realm and nonce, as every client does. */
  async allocate(family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<TurnAnswer> {
    const asked: Attribute[] = [[ATTRIBUTES.requestedTransport, Buffer.from([UDP_PROTOCOL, 0, 0, 0])]];
    if (family === 'ipv6') asked.push([ATTRIBUTES.requestedAddressFamily, Buffer.from([2, 0, 0, 0])]);
    if (this.#realm.length === 0) {
      const challenge = await this.#exchange(METHODS.allocate, asked, false);
      if (challenge.status !== 401) return challenge;
      this.#learn(challenge);
    }
    return this.#request(METHODS.allocate, asked);
  }

  /** @param lifetimeSeconds 0 closes the allocation */
  refresh(lifetimeSeconds: number): Promise<TurnAnswer> {
    return this.#request(METHODS.refresh, [[ATTRIBUTES.lifetime, uint32(lifetimeSeconds)]]);
  }

  /** Only tells the server; nothing is sent to the peer. @param peer the bytes of an address, 4 or 16 */
  createPermission(peer: Buffer): Promise<TurnAnswer> {
    return this.#request(METHODS.createPermission, [[ATTRIBUTES.xorPeerAddress, peer]]);
  }

  /** Signed; tried once more with a fresh nonce when the server calls ours stale. */
  async #request(method: number, attributes: readonly Attribute[]): Promise<TurnAnswer> {
    const answer = await this.#exchange(method, attributes, true);
    if (answer.status !== 438) return answer;
    this.#learn(answer);
    return this.#exchange(method, attributes, true);
  }

  #learn({ attributes }: TurnAnswer): void {
    this.#realm = attributes.get(ATTRIBUTES.realm) ?? this.#realm;
    this.#nonce = attributes.get(ATTRIBUTES.nonce) ?? this.#nonce;
  }

  #key(): Buffer {
    const { username, credential } = this.#credential;
    return createHash('md5').update(`${username}:${this.#realm.toString()}:${credential}`).digest();
  }

  async #exchange(method: number, attributes: readonly Attribute[], isSigned: boolean): Promise<TurnAnswer> {
    const id = randomBytes(12);
    const body = attributes.map(([type, value]): Attribute =>
      type === ATTRIBUTES.xorPeerAddress ? [type, xorAddress(value, id)] : [type, value],
    );
    if (isSigned) {
      body.push([ATTRIBUTES.username, Buffer.from(this.#credential.username)]);
      body.push([ATTRIBUTES.realm, this.#realm], [ATTRIBUTES.nonce, this.#nonce]);
    }
    const request = encode(method, id, body, isSigned ? this.#key() : undefined);
    const answer = await this.#send(request, id);
    return decode(answer, this.#key());
  }

  #send(request: Buffer, id: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let attempts = 0;
      const send = (): void => {
        attempts += 1;
        if (attempts > ATTEMPTS) finish(() => reject(new Error('the TURN server does not answer')));
        else this.#socket.send(request, this.#port, '127.0.0.1');
      };
      const onMessage = (message: Buffer): void => {
        if (message.subarray(8, HEADER_BYTES).equals(id)) finish(() => resolve(message));
      };
      const timer = setInterval(send, RESEND_MS);
      const finish = (settle: () => void): void => {
        clearInterval(timer);
        this.#socket.off('message', onMessage);
        settle();
      };
      this.#socket.on('message', onMessage);
      send();
    });
  }
}

function encode(method: number, id: Buffer, attributes: readonly Attribute[], key?: Buffer): Buffer {
  const body = Buffer.concat(attributes.map(([type, value]) => encodeAttribute(type, value)));
  if (key === undefined) return Buffer.concat([header(method, body.length, id), body]);
  // The length that is signed already counts the signature.
  const signed = Buffer.concat([header(method, body.length + INTEGRITY_BYTES, id), body]);
  const digest = createHmac('sha1', key).update(signed).digest();
  return Buffer.concat([signed, encodeAttribute(ATTRIBUTES.messageIntegrity, digest)]);
}

function header(method: number, bodyBytes: number, id: Buffer): Buffer {
  return Buffer.concat([uint16(method), uint16(bodyBytes), MAGIC_COOKIE, id]);
}

function encodeAttribute(type: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(type), uint16(value.length), value, Buffer.alloc(paddingOf(value.length))]);
}

/** Port 9 (discard): a permission is for an address, whatever the port. */
function xorAddress(address: Buffer, id: Buffer): Buffer {
  const mask = Buffer.concat([MAGIC_COOKIE, id]);
  const family = address.length === 4 ? 1 : 2;
  const port = 9 ^ MAGIC_COOKIE.readUInt16BE(0);
  return Buffer.concat([
    Buffer.from([0, family]),
    uint16(port),
    address.map((byte, at) => byte ^ (mask[at] ?? 0)),
  ]);
}

function decode(message: Buffer, key: Buffer): TurnAnswer {
  const attributes = new Map<number, Buffer>();
  let isConfirmed = false;
  for (let at = HEADER_BYTES; at + 4 <= message.length;) {
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 2);
    const value = message.subarray(at + 4, at + 4 + length);
    if (type === ATTRIBUTES.messageIntegrity) isConfirmed = isSignedBy(key, message.subarray(0, at), value);
    attributes.set(type, value);
    at += 4 + length + paddingOf(length);
  }
  const error = attributes.get(ATTRIBUTES.errorCode);
  const status = error === undefined ? 200 : (error[2] ?? 0) * 100 + (error[3] ?? 0);
  return { status, attributes, isConfirmed };
}

function isSignedBy(key: Buffer, before: Buffer, digest: Buffer): boolean {
  const signed = Buffer.from(before);
  signed.writeUInt16BE(before.length - HEADER_BYTES + INTEGRITY_BYTES, 2);
  return digest.length === 20 && timingSafeEqual(createHmac('sha1', key).update(signed).digest(), digest);
}

function paddingOf(length: number): number {
  return (4 - (length % 4)) % 4;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
