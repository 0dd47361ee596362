import { toFault } from './faults.js';
import type { OpenDatabase } from './open.js';
import { type CallArgs, type CallName, type CallResult, operations } from './operations/index.js';
import type { Answer, Call } from './protocol.js';

/**
 * Runs calls in order in one transaction with one commit, so that they share one sync of the disk. Each call that may
 * write has a savepoint and fails alone; where the transaction itself fails (a full disk), all of them do.
 */
export function commitTogether(open: OpenDatabase, calls: readonly Call[]): Answer[] {
  const { sqlite } = open;
  try {
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK');
    sqlite.exec(calls.some(({ name }) => operations[name].writes) ? 'BEGIN IMMEDIATE' : 'BEGIN');
    const answers = calls.map(({ name, args }) => runCall(open, name, args));
    sqlite.exec('COMMIT');
    return answers;
  } catch (error) {
    const fault = toFault(error);
    rollBack(open);
    return calls.map(() => ({ fault }));
  }
}

function runCall<Name extends CallName>(
  { sqlite, db }: OpenDatabase,
  name: Name,
  args: CallArgs<Name>,
): Answer<CallResult<Name>> {
  const { writes, run } = operations[name];
  if (writes) sqlite.exec('SAVEPOINT one_call');
  try {
    const result = run(db, args);
    if (writes) sqlite.exec('RELEASE one_call');
    return { result };
  } catch (error) {
    // SQLite rolls the whole transaction back by itself after some errors, e.g. SQLITE_FULL.
    if (!sqlite.inTransaction) throw error;
    if (writes) sqlite.exec('ROLLBACK TO one_call; RELEASE one_call');
    return { fault: toFault(error) };
  }
}

function rollBack({ sqlite }: OpenDatabase): void {
  try {
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK');
  } catch {
    // The disk fails. The transaction is tried again to be rolled back before the next one begins.
  }
}
