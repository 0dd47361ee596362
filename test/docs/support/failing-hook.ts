/**
 * The server of `examples/hooks`, whose hook fails once after its row was inserted. `FAULT` says how: 'kill' ends the
 * process there, 'throw' throws.
 */
import type { AddressInfo } from 'node:net';
import { createApp } from '../../../examples/hooks/app.js';
import { openPhotos } from '../../../examples/hooks/photos.js';

const { DATABASE = '', ROOT = '', FAULT } = process.env;
const photos = openPhotos(DATABASE);
let failed = false;
const { server } = createApp(ROOT, {
  record(photo) {
    const row = photos.record(photo);
    if (failed) return row;
    failed = true;
    if (FAULT === 'kill') process.kill(process.pid, 'SIGKILL');
    throw new Error('the connection was lost after the insert');
  },
});
server.listen(0, () => console.log(`http://localhost:${(server.address() as AddressInfo).port}`));
