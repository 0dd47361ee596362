/** The server's worker, but for a call that asks for the id DIE: that one ends the thread while it runs. */
import * as worker from '../../dist/server/worker.js';

export async function sessions(request) {
  if (JSON.stringify(request).includes('"DIE"')) process.exit(1);
  return worker.sessions(request);
}
