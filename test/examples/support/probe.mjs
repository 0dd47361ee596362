// Loaded into a server before its own code: tells over IPC what the process has read from each connection.
import { subscribe } from 'node:diagnostics_channel';

const sockets = new Map();
subscribe('net.server.socket', ({ socket }) => {
  const port = socket.remotePort;
  sockets.set(port, socket);
  socket.once('close', () => sockets.delete(port));
});
process.on('message', ({ id, port }) =>
  process.send({ id, bytesRead: sockets.get(port)?.bytesRead ?? null }),
);
process.channel?.unref();
