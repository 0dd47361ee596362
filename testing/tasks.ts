import fs from 'node:fs';
import { UploadError } from '../contract/index.js';
import { codeOf, withFile } from '../workers/durable.js';
import * as worker from '../workers/main.js';
import {
  type TaskAnswer,
  type TaskArgs,
  TaskError,
  type TaskName,
  type TaskResult,
  type TaskRunner,
} from '../workers/tasks.js';

type Run<Name extends TaskName> = (args: TaskArgs<Name>) => TaskAnswer<Name>;

/** The tasks of worker threads, but for the syncs, which look for their file or folder and leave it at that. */
const unsynced: { [Name in TaskName]: Run<Name> } = {
  ...worker,
  writeChunk: (args) => worker.writeChunk({ ...args, sync: false }),
  syncFile: ({ path }) => looked(() => withFile(path, fs.constants.O_RDWR, () => {})),
  syncFolder: ({ path }) => looked(() => fs.opendirSync(path).closeSync()),
};

/** Runs tasks in the caller's own thread: no thread has to start, and nothing waits for the disk. */
export function createInlineTasks(): TaskRunner {
  return {
    async run<Name extends TaskName>(
      name: Name,
      args: TaskArgs<Name>,
      { signal }: { signal?: AbortSignal } = {},
    ): Promise<TaskResult<Name>> {
      signal?.throwIfAborted();
      let answer: TaskAnswer<Name>;
      try {
        answer = (unsynced[name] as Run<Name>)(args);
      } catch (cause) {
        throw new UploadError('INTERNAL', { cause });
      }
      if ('fault' in answer) throw new TaskError(answer.fault);
      return answer.result;
    },
    async [Symbol.asyncDispose]() {},
  };
}

function looked(look: () => void): TaskAnswer<'syncFile'> {
  try {
    look();
    return { result: null };
  } catch (error) {
    const code = codeOf(error);
    if (!(error instanceof Error) || typeof code !== 'string') throw error;
    return { fault: { code, message: error.message } };
  }
}
