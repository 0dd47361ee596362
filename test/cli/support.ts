import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../support/server.js';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const MAIN = path.join(ROOT, 'dist/cli/main.js');

/** Small chunks, so that small files have many. */
export const CHUNK = 256 * 1024;
export const SMALL_CHUNKS = ['--chunk-size', '256KiB', '--threshold', '256KiB'];

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** User and group to run as. */
  uid?: number;
}

/** Starts the built program as a user does; without a terminal. */
export function start(args: readonly string[], options: CliOptions = {}, script = MAIN) {
  const clean = Object.entries(process.env).filter(([name]) => !/^(CHUNKWISE_|NODE_|VITEST)/.test(name));
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...Object.fromEntries(clean), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8');
    child[name]?.on('data', (piece: string) => {
      text[name] += piece;
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    text,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    /** Waits until the stream says something; rejects where the program ends before. */
    until(name: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
      return new Promise((resolve, reject) => {
        const watch = () => {
          const match = pattern.exec(text[name]);
          if (match === null) return;
          watchers.delete(watch);
          resolve(match);
        };
        watchers.add(watch);
        watch();
        ended.then((how) => reject(new Error(`ended without ${pattern}: ${JSON.stringify(how)}`)), reject);
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export type Program = ReturnType<typeof start>;

export const run = (args: readonly string[], options: CliOptions = {}): Promise<Ended> =>
  start(args, options).ended;

/** A `serve` child on a free port. */
export async function serve(root: string, args: readonly string[] = [], options: CliOptions = {}) {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const program = start(['serve', '--root', root, ...port, ...SMALL_CHUNKS, ...args], options);
  const [, url = ''] = await program.until('stdout', /^chunkwise listening on (\S+)\n$/);
  return { ...program, url, port: Number(new URL(url).port) };
}

/** A folder with a server's root in it, and files to upload. */
export async function workspace() {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  return {
    path: folder.path,
    root,
    async file(name: string, size: number): Promise<{ path: string; bytes: Buffer }> {
      const file = path.join(folder.path, name);
      const bytes = randomBytes(size);
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.writeFile(file, bytes);
      return { path: file, bytes };
    },
    /** A stored file, by the path that was answered. */
    stored: (answered: string) => fs.readFile(path.join(root, answered)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export interface Report {
  file: string;
  path: string;
  uploadId: string;
  hash: string;
  size: number;
  status: string;
  resumed: boolean;
  sentBytes: number;
  retries: number;
  durationMs: number;
  error?: { code: string; message: string };
}

export const REPORT_KEYS = [
  'file',
  'path',
  'uploadId',
  'hash',
  'size',
  'status',
  'resumed',
  'sentBytes',
  'retries',
  'durationMs',
];

/** The lines of `upload --json`. */
export function reportsOf({ stdout }: Ended): Report[] {
  return linesOf(stdout).map((line) => JSON.parse(line) as Report);
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
