/** Accepts chunks without end, and prints the index of each one that was acknowledged. Arguments: file, lock, worker. */

import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { threadConnection } from '../../server/sessions/sqlite/thread-connection.js';
import { created, EXPIRY, send } from './support.js';

const [file = '', lockFile = '', worker = ''] = process.argv.slice(2);
const sessions = createRepository(threadConnection({ file, lockFile, worker: new URL(worker) }), EXPIRY);
await sessions.ready();
const session = await created(sessions, { size: 100_000, chunkSize: 1 });
process.stdout.write(`${session.id}\n`);

async function sendEvery(step: number, first: number): Promise<void> {
  for (let index = first; index < session.total; index += step) {
    await send(sessions, session, index);
    process.stdout.write(`${index}\n`);
  }
}
await Promise.all([0, 1, 2, 3].map((first) => sendEvery(4, first)));
