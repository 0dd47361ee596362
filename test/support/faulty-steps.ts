import { type FileCalls, nodeFileCalls } from '../../server/stores/file-calls.js';
import { type TaskArgs, TaskError, type TaskName, type TaskRunner } from '../../workers/tasks.js';
import { StoppedError } from './faulty-store.js';

/** A task or a file call that is about to be made; `step` counts both, from 1. */
export interface Step {
  step: number;
  name: string;
}

/** A system error for the step, 'stop' as if the process died before it, or null. */
export type StepScript = (at: Step) => { code: string } | 'stop' | null;

/**
 * Tasks and file calls that really happen, but for those that the script fails; a `reassemble` that fails has done
 * half of its work. After a stop nothing happens any more.
 */
export function createFaultySteps(
  inner: TaskRunner,
  script: StepScript,
): { tasks: TaskRunner; files: FileCalls; readonly steps: number; readonly names: readonly string[] } {
  const names: string[] = [];
  let stopped = false;

  const enter = (name: string): void => {
    if (stopped) throw new StoppedError(name);
    names.push(name);
    const fault = script({ step: names.length, name });
    if (fault === 'stop') {
      stopped = true;
      throw new StoppedError(name);
    }
    if (fault) throw new TaskError({ code: fault.code, message: `${fault.code}: injected, ${name}` });
  };

  const tasks: TaskRunner = {
    async run(name, args, options) {
      const isAfterStop = stopped;
      try {
        enter(name);
      } catch (error) {
        if (!isAfterStop) await half(inner, name, args);
        throw error;
      }
      return inner.run(name, args, options);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };

  const files = Object.fromEntries(
    (Object.keys(CALLS) as (keyof FileCalls)[]).map((name) => [
      name,
      async (...args: unknown[]) => {
        enter(name);
        return Reflect.apply(nodeFileCalls[name], nodeFileCalls, args);
      },
    ]),
  ) as unknown as FileCalls;

  return {
    tasks,
    files,
    get steps() {
      return names.length;
    },
    names,
  };
}

/** Every member, so that a new call cannot go around the script. */
const CALLS: Record<keyof FileCalls, true> = {
  access: true,
  chmod: true,
  link: true,
  lstat: true,
  mkdir: true,
  open: true,
  opendir: true,
  readdir: true,
  realpath: true,
  rename: true,
  rm: true,
  rmdir: true,
  stat: true,
  statfs: true,
  truncate: true,
  unlink: true,
  writeFile: true,
};

async function half<Name extends TaskName>(
  inner: TaskRunner,
  name: Name,
  args: TaskArgs<Name>,
): Promise<void> {
  if (name !== 'reassemble') return;
  const { sources, target } = args as TaskArgs<'reassemble'>;
  await inner.run('reassemble', { sources: sources.slice(0, Math.ceil(sources.length / 2)), target });
}
