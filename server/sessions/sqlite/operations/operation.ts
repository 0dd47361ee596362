import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';

export type Db = BetterSQLite3Database;

/** One call of the repository as SQL. Runs inside a transaction that its caller begins and commits; never waits. */
export interface Operation<Args, Result> {
  /** It may change something, so its transaction takes the write lock at its beginning. */
  readonly writes: boolean;
  readonly run: (db: Db, args: Args) => Result;
}

export function reading<Args, Result>(run: (db: Db, args: Args) => Result): Operation<Args, Result> {
  return { writes: false, run };
}

export function writing<Args, Result>(run: (db: Db, args: Args) => Result): Operation<Args, Result> {
  return { writes: true, run };
}
