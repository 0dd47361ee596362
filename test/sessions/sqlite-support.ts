import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExpiryRules, Sessions } from '../../server/sessions/sessions.js';
import { createEngine } from '../../server/sessions/sqlite/engine.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import type { DatabaseFiles } from '../../server/sessions/sqlite/protocol.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import type { Fixture, MakeSessions } from './support.js';

export interface Folder extends AsyncDisposable, DatabaseFiles {
  readonly path: string;
}

/** An empty folder, and where a server puts its database there. */
export async function temporaryFolder(): Promise<Folder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chunkwise-sessions-'));
  return {
    path: folder,
    file: path.join(folder, 'chunkwise.db'),
    lockFile: path.join(folder, 'chunkwise.lock'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function onFolders(open: (files: DatabaseFiles, expiry: ExpiryRules) => Sessions): MakeSessions {
  return async (expiry): Promise<Fixture> => {
    const folder = await temporaryFolder();
    let sessions = open(folder, expiry);
    await sessions.ready();
    return {
      get sessions() {
        return sessions;
      },
      async restart() {
        await sessions[Symbol.asyncDispose]();
        sessions = open(folder, expiry);
        await sessions.ready();
        return sessions;
      },
      async [Symbol.asyncDispose]() {
        await sessions[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  };
}

/** As a server runs them: in a worker thread. */
export const inThread = onFolders(({ file, lockFile }, expiry) =>
  createSqliteSessions({ file, lockFile, expiry }),
);

/** As a simulation runs them: in the caller's thread. */
export const inline = onFolders((files, expiry) => createRepository(createEngine(files), expiry));

/** As `chunkwise/testing` runs them. */
export const unsynced = onFolders((files, expiry) =>
  createRepository(createEngine({ ...files, unsynced: true }), expiry),
);
