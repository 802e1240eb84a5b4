// How many candidates a second of CPU relays: the gateway by each dialect, beside servers that do nothing else.

import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';

import { startScript, type MeasuredProcess } from './measured-process.ts';
import type { Pair } from './people.ts';

/** One direction of one pair: sends, and calls back for each message that has arrived at the other side. */
export interface Lane {
  send(): void;
  onArrival(arrived: () => void): void;
}

/** A server that is ready to be measured, with everybody connected. */
export interface Relay {
  readonly name: string;
  /** @returns messages per CPU second of the server, at PER_SECOND messages a second over all lanes */
  run(forMs: number): Promise<number>;
}

/** Below what each can do, so that all work under the same conditions: of two servers that are busy to different degrees,
 * one finds its receivers awake and the other has to wake them, which costs it more than the message. */
const PER_SECOND = 8_000;
const TICK_MS = 5;
const CANDIDATE = {
  candidate:
    'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.17.1 rport 46154 generation 0 ufrag EEtu network-cost 999',
  sdpMid: '0',
  sdpMLineIndex: 0,
};

export function relayOf(name: string, server: MeasuredProcess, lanes: readonly Lane[]): Relay {
  const tally = { sent: 0, arrived: 0 };
  for (const lane of lanes) lane.onArrival(() => (tally.arrived += 1));
  return {
    name,
    async run(forMs) {
      const [startedMs, cpuBefore, sentBefore] = [performance.now(), server.cpuSeconds(), tally.sent];
      for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - startedMs) {
        for (; tally.sent - sentBefore < (passedMs * PER_SECOND) / 1_000; tally.sent += 1)
          lanes[tally.sent % lanes.length]?.send();
        await pause(TICK_MS);
      }
      while (tally.arrived < tally.sent) await pause(TICK_MS);
      return (tally.arrived - sentBefore) / (server.cpuSeconds() - cpuBefore);
    },
  };
}

/** Bare WebSockets: the pair is the path. */
export async function bareWebSocketLanes(count: number, mode: 'pass' | 'parse') {
  const server = await startScript('bare-ws.ts', mode);
  const lanes: Lane[] = [];
  const sockets: WebSocket[] = [];
  for (let n = 0; n < count; n += 1) {
    const url = `ws://127.0.0.1:${server.port}/${n}`;
    const [from, to] = [await openWebSocket(url), await openWebSocket(url)];
    sockets.push(from, to);
    const text = JSON.stringify({
      type: 'ice-candidate',
      callId: 'x'.repeat(32),
      candidate: CANDIDATE,
      targetUserId: 'all',
    });
    lanes.push(webSocketLane(from, to, text));
  }
  return { server, lanes, close: () => sockets.forEach((socket) => socket.terminate()) };
}

export async function bareSocketIoLanes(count: number) {
  const server = await startScript('bare-socket-io.ts');
  const lanes: Lane[] = [];
  const sockets: Socket[] = [];
  for (let n = 0; n < count; n += 1) {
    const [from, to] = [openSocketIo(server.port), openSocketIo(server.port)];
    sockets.push(from, to);
    for (const socket of [from, to]) await socket.emitWithAck('join', `room${n}`);
    lanes.push(socketIoLane(from, to, { callId: 'x'.repeat(32), candidate: CANDIDATE, targetUserId: 'all' }));
  }
  return { server, lanes, close: () => sockets.forEach((socket) => socket.disconnect()) };
}

/** Each pair in a call, by the native dialect. */
export async function nativeLanes(port: number, pairs: readonly Pair[]) {
  const lanes: Lane[] = [];
  const sockets: WebSocket[] = [];
  for (const pair of pairs) {
    const url = `ws://127.0.0.1:${port}/`;
    const [from, to] = [await openWebSocket(url), await openWebSocket(url)];
    sockets.push(from, to);
    await ask(from, { type: 'register-user', ...shown(pair.caller) });
    await ask(to, { type: 'register-user', ...shown(pair.callee) });
    const { callId } = await ask(from, { type: 'initiate', roomId: pair.roomId, callType: 'voice' });
    await ask(to, { type: 'answer', callId });
    from.send(JSON.stringify({ type: 'webrtc-offer', callId, offer: { type: 'offer', sdp: 'v=0\r\n' } }));
    to.send(JSON.stringify({ type: 'webrtc-answer', callId, answer: { type: 'answer', sdp: 'v=0\r\n' } }));
    const text = JSON.stringify({ type: 'ice-candidate', callId, candidate: CANDIDATE, targetUserId: 'all' });
    await pause(20);
    lanes.push(webSocketLane(from, to, text));
  }
  return { lanes, close: () => sockets.forEach((socket) => socket.terminate()) };
}

export async function socketIoLanes(port: number, pairs: readonly Pair[]) {
  const lanes: Lane[] = [];
  const sockets: Socket[] = [];
  for (const pair of pairs) {
    const [from, to] = [openSocketIo(port), openSocketIo(port)];
    sockets.push(from, to);
    await from.emitWithAck('register-user', shown(pair.caller));
    await to.emitWithAck('register-user', shown(pair.callee));
    const made = (await from.emitWithAck('call-user', { roomId: pair.roomId, callType: 'voice' })) as Answer;
    const { callId } = made;
    await to.emitWithAck('accept-call', { callId });
    from.emit('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' }, targetUserId: 'all' });
    to.emit('webrtc-answer', { callId, answer: { type: 'answer', sdp: 'v=0\r\n' }, targetUserId: 'all' });
    await pause(20);
    lanes.push(socketIoLane(from, to, { callId, candidate: CANDIDATE, targetUserId: 'all' }));
  }
  return { lanes, close: () => sockets.forEach((socket) => socket.disconnect()) };
}

type Answer = Readonly<Record<string, unknown>>;

function shown({ userId, accessToken }: Pair['caller']): Answer {
  return { userId, accessToken };
}

export function openWebSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends one frame with an id and waits for what carries it. */
export function ask(socket: WebSocket, frame: Answer): Promise<Answer> {
  const id = Math.random();
  return new Promise((resolve, reject) => {
    const onMessage = (data: Buffer): void => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer['id'] !== id) return;
      socket.off('message', onMessage);
      if (answer['type'] === 'error') reject(new Error(JSON.stringify(answer)));
      else resolve(answer);
    };
    socket.on('message', onMessage);
    socket.send(JSON.stringify({ ...frame, id }));
  });
}

function openSocketIo(port: number): Socket {
  return io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
}

function webSocketLane(from: WebSocket, to: WebSocket, text: string): Lane {
  return {
    send: () => from.send(text),
    onArrival: (arrived) => void to.on('message', arrived),
  };
}

function socketIoLane(from: Socket, to: Socket, payload: Answer): Lane {
  return {
    send: () => void from.emit('ice-candidate', payload),
    onArrival: (arrived) => void to.on('ice-candidate', arrived),
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
