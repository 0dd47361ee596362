import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which then ends. */
  readonly input?: string;
}

export interface Ended {
  /** The exit code; null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that goes on until it is disposed of, with all processes that it started. */
export interface Running extends AsyncDisposable {
  /** What it has said so far. */
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
  /** The first line of its output that matches. Rejects, with all that it said, where it ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Runs a program in a folder to its end, as from a shell: nothing of the test runner is in its environment. */
export async function runIn(
  folder: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  await using running = startIn(folder, command, args, options);
  return await running.ended;
}

export function startIn(
  folder: string,
  command: string,
  args: readonly string[],
  { env = {}, input = '' }: RunOptions = {},
): Running {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...ownEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const said = { stdout: '', stderr: '' };
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const look of [...watchers]) look();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
  ended.catch(() => {});
  return {
    said,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          if (found) resolve(found);
        };
        watchers.add(look);
        look();
        const told = `${command} ${args.join(' ')} ended without a line like ${pattern}`;
        ended.then(() => reject(new Error(`${told}:\n${said.stdout}\n${said.stderr}`)), reject);
      }),
    async [Symbol.asyncDispose]() {
      endGroup(child);
      await ended.catch(() => {});
    },
  };
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

/** The test runner, and npm where it started that, leave settings that change what frameworks and npm do. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(VITEST.*|NODE_ENV|NODE_OPTIONS|NODE_PATH|TEST|DEV|PROD|MODE|SSR|BASE_URL|INIT_CWD|npm_(package|lifecycle|command|execpath|node).*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
