/**
 * Records each photo in the app's own database. Run it with
 *   ROOT=./uploads DATABASE=./app.db PORT=3000 node --import tsx examples/hooks/server.ts
 * and send a photo with
 *   node --import tsx examples/hooks/client.ts holiday.jpg http://localhost:3000
 */
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { openPhotos } from './photos.js';

const photos = openPhotos(process.env.DATABASE ?? './app.db');
const { server, uploads } = createApp(process.env.ROOT ?? './uploads', photos);

// Calls of the hook that are due go on at once, not with the first request.
await uploads.ready();
server.listen(Number(process.env.PORT ?? 3000), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`),
);
