// The least that a Socket.IO relay does: an event of one socket goes to the others in its room.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server, { perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => {
  socket.on('join', (room: string, done: () => void) => {
    void socket.join(room);
    socket.on('ice-candidate', (payload: unknown) => void socket.to(room).emit('ice-candidate', payload));
    done();
  });
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
