import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { peakMemory } from '../../support/peak-memory.js';

/** A program that runs until it is disposed of, and what it prints. */
export function startProgram(file: string, args: readonly string[], options: SpawnOptions = {}) {
  const child: ChildProcess = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const watch of watchers) watch();
    });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  ended.catch(() => {});
  /** With all that it has started, whether or not they live in its group. */
  const kill = () => {
    const { pid: own, exitCode, signalCode } = child;
    if (own === undefined || exitCode !== null || signalCode !== null) return;
    for (const pid of [...descendantsOf(own), own])
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
  };
  // Where a test ends without disposing of it.
  process.once('exit', kill);
  return {
    pid: child.pid ?? 0,
    said: () => text,
    until: (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const watch = () => pattern.test(text) && resolve();
        watchers.add(watch);
        watch();
        ended.then(() => reject(new Error(`${file} ended without ${pattern}: ${text}`)), reject);
      }),
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      kill();
      await ended.catch(() => {});
    },
  };
}

/** Ids of all processes that this one has started, and those have started. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      // The name, in parentheses, may have blanks in it.
      const [, parent] = /.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found.slice(1);
}

/** Peaks of memory, in bytes, of all processes that this one has started, by the names of their programs. */
export async function peaksOf(pid: number): Promise<Record<string, number>> {
  const peaks: Record<string, number> = {};
  for (const one of descendantsOf(pid))
    try {
      const name = readFileSync(`/proc/${one}/comm`, 'utf8').trim();
      peaks[`${name} ${one}`] = await peakMemory(one);
    } catch {
      // It has ended meanwhile.
    }
  return peaks;
}
