import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The command line program, started as its users start it. */
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export interface Child {
  /** The next line on stdout; null once it has ended. */
  line(): Promise<string | null>;
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts `chunkwise` with these arguments; what it says on stderr, progress included, is seen here. */
export function startChild(args: readonly string[]): Child {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines = child.stdout === null ? null : createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async line() {
      const next = await lines?.next();
      return next === undefined || next.done === true ? null : next.value;
    },
    exited,
    kill: (signal) => void child.kill(signal),
  };
}
