import http from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const tus = new Server({ path: '/files', datastore: new FileStore({ directory: process.argv[2] }) });
const server = http.createServer(tus.handle.bind(tus));
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/files`));
