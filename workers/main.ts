/** The tasks under the names that a pool calls them by. */
import { WORKER_DEFAULTS } from '../contract/index.js';
import { VERSION } from '../contract/version.js';
import { codeOf, syncFolder as syncFolderAt } from './durable.js';
import { copyFile as copy, syncFile as syncFileAt } from './files.js';
import { hashOfHashes as hashJoined, hashFile as hashPiecesOf } from './hash.js';
import { reassemble as copyToOffsets } from './reassemble.js';
import { createReclaim } from './reclaim.js';
import { type Fault, type TaskAnswer, type TaskArgs, TaskError, type TaskName } from './tasks.js';
import { verifyChunks as findDamaged } from './verify.js';
import { writeChunk as hashAndWrite } from './write.js';

type Tasks = { [Name in TaskName]: (args: TaskArgs<Name>) => TaskAnswer<Name> };

const reclaim = createReclaim(WORKER_DEFAULTS.reclaimAfterBytes);

const tasks: Tasks = {
  writeChunk(args) {
    try {
      return answering(hashAndWrite)(args);
    } finally {
      reclaim(args.extent.size);
    }
  },
  verifyChunks: answering(findDamaged),
  reassemble: answering(copyToOffsets),
  hashOfHashes: answering(hashJoined),
  hashFile: answering(hashPiecesOf),
  syncFile: answering(syncFileAt),
  syncFolder: answering(({ path }) => {
    syncFolderAt(path);
    return null;
  }),
  copyFile: answering(copy),
  ping: answering(() => VERSION),
};

export const {
  writeChunk,
  verifyChunks,
  reassemble,
  hashOfHashes,
  hashFile,
  syncFile,
  syncFolder,
  copyFile,
  ping,
} = tasks;

/** A failed system call is an answer; anything else thrown is a fault of the program, and is thrown on. */
function answering<Args, Result>(run: (args: Args) => Result) {
  return (args: Args): { result: Result } | { fault: Fault } => {
    try {
      return { result: run(args) };
    } catch (error) {
      const code = codeOf(error);
      if (!(error instanceof Error) || typeof code !== 'string') throw error;
      if (!(error instanceof TaskError) && !('syscall' in error)) throw error;
      return { fault: { code, message: error.message } };
    }
  };
}
