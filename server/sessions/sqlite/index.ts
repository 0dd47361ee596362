import type { ExpiryRules, Sessions } from '../sessions.js';
import { createRepository } from './repository.js';
import { type ThreadConnectionOptions, threadConnection } from './thread-connection.js';

export interface SqliteSessionsOptions extends ThreadConnectionOptions {
  readonly expiry: ExpiryRules;
}

/** Upload sessions in an SQLite database, used by one thread of its own that starts at the first use. */
export function createSqliteSessions({ expiry, ...files }: SqliteSessionsOptions): Sessions {
  return createRepository(threadConnection(files), expiry);
}
