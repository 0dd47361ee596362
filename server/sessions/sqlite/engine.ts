import { commitTogether } from './commit.js';
import { toFault } from './faults.js';
import { type OpenDatabase, openDatabase } from './open.js';
import type { Connection, DatabaseFiles } from './protocol.js';

/**
 * A connection in the caller's own thread, for that one thread of a server, and for simulations: every wait for the
 * disk blocks the thread that calls it.
 */
export interface Engine extends Connection {
  /** The open database. */
  database(): Promise<OpenDatabase>;
}

export function createEngine(files: DatabaseFiles): Engine {
  let opening: Promise<OpenDatabase> | undefined;

  function database(): Promise<OpenDatabase> {
    opening ??= openDatabase(files).catch((error) => {
      // A failed opening is not remembered: the other server may end, the disk may get room.
      opening = undefined;
      throw error;
    });
    return opening;
  }

  return {
    database,
    async open() {
      try {
        return { result: (await database()).migrated };
      } catch (error) {
        return { fault: toFault(error) };
      }
    },
    async run(calls) {
      try {
        return commitTogether(await database(), calls);
      } catch (error) {
        const fault = toFault(error);
        return calls.map(() => ({ fault }));
      }
    },
    async close() {
      const open = await opening?.catch(() => undefined);
      opening = undefined;
      open?.close();
    },
  };
}
