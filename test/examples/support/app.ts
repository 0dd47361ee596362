import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from '../../house/tree.js';

/** A server of the examples, started as its users start it, in a process of its own. */
export interface App extends AsyncDisposable {
  /** Where its tRPC answers. */
  readonly url: string;
  /** All that it said after its first line. */
  readonly said: string;
  readonly alive: boolean;
  /**
   * Bytes that the process has read from the connection whose other end has this port; null once that is closed.
   */
  bytesRead(port: number): Promise<number | null>;
}

const PROBE = new URL('./probe.mjs', import.meta.url).href;

export async function startApp(file: string, env: Record<string, string>): Promise<App> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST)/.test(name));
  const child = spawn(process.execPath, ['--import', PROBE, '--import', 'tsx', file], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    let first = true;
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface(stream).on('line', (line) => {
          if (first && stream === child.stdout) resolve(line);
          else said.push(line);
          first = false;
        });
    ended.then(() => reject(new Error(`${file} ended: ${said.join('\n')}`)));
  });
  const ask = asker(child);
  return {
    url,
    get said() {
      return said.join('\n');
    },
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    bytesRead: ask,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function asker(child: ChildProcess): App['bytesRead'] {
  const waiting = new Map<number, (bytes: number | null) => void>();
  let last = 0;
  child.on('message', ({ id, bytesRead }: { id: number; bytesRead: number | null }) => {
    waiting.get(id)?.(bytesRead);
    waiting.delete(id);
  });
  return (port) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, resolve);
      child.send({ id, port }, (error) => error && reject(error));
    });
}
