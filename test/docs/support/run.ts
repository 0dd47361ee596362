import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from '../../house/tree.js';

/** Runs a TypeScript file as its users do, on the built package. */
function start(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export interface Example extends AsyncDisposable {
  readonly firstLine: string;
  /** The signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** A program that says one line when it is ready, and then goes on until it is disposed of. */
export async function startExample(file: string, env: Record<string, string>, cwd = ROOT): Promise<Example> {
  const child = start(file, [], env, cwd);
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  let errors = '';
  child.stderr?.on('data', (text) => {
    errors += text;
  });
  const firstLine = await new Promise<string>((resolve, reject) => {
    if (child.stdout) createInterface(child.stdout).once('line', resolve);
    ended.then(() => reject(new Error(`${file} ended: ${errors}`)));
  });
  return {
    firstLine,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

/** A program that runs to its end. @returns all that it said, and its exit code */
export async function runExample(file: string, args: readonly string[], cwd = ROOT) {
  const child = start(file, args, {}, cwd);
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    said.stderr += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { ...said, code };
}

/** Programs of a shell that are not on this machine. */
export function lacking(programs: readonly string[]): string[] {
  return programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
}

/** Runs a script of a page by the shell; what it says, and its exit code. */
export async function runScript(text: string, env: Record<string, string>) {
  const child = spawn('sh', ['-eu', '-c', text], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece) => {
    stdout += piece;
  });
  child.stderr.on('data', (piece) => {
    stderr += piece;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { stdout, stderr, code };
}
