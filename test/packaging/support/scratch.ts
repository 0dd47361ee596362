import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'vitest';
import { read } from '../../house/tree.js';
import { prebuildsEnv } from './prebuilds.js';
import { type Ended, type Running, type RunOptions, runIn, startIn } from './run.js';

export interface ScratchOptions {
  /** Version ranges by name; see `packed()` and `versionsOf()`. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Texts by path within the project; folders are made. */
  readonly files?: Readonly<Record<string, string>>;
  /** More of its package.json; `type` is 'module' unless given. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** A project in a folder of its own, installed. Disposing removes it. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a program there to its end, whatever its exit code. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** As `run`, but a failure throws all that it said. */
  must(command: string, args: readonly string[], options?: RunOptions): Promise<Ended>;
  start(command: string, args: readonly string[], options?: RunOptions): Running;
  /** The path of a command of an installed package. */
  bin(name: string): string;
}

/** The path of the packed package; as a dependency: `chunkwise: packed()`. Packed once per run. */
export function packed(): string {
  return inject('workshop').tarball;
}

/** Version ranges of packages as this package's own package.json has them. */
export function versionsOf(...names: readonly string[]): Record<string, string> {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const known = { ...dependencies, ...devDependencies };
  return Object.fromEntries(
    names.map((name) => {
      const range = known[name];
      if (range === undefined) throw new Error(`package.json has no dependency ${name}`);
      return [name, range];
    }),
  );
}

/**
 * A new project with npm's install of its dependencies. Projects with the same dependencies share one install, which
 * is copied: a native package would be compiled each time.
 */
export async function scratch(name: string, options: ScratchOptions = {}): Promise<Scratch> {
  const { dependencies = {}, files = {}, manifest = {} } = options;
  const folder = await mkdtemp(path.join(inject('workshop').folder, `${name}-`));
  const project = on(folder);
  try {
    await project.write({
      'package.json': JSON.stringify({ name, private: true, type: 'module', ...manifest, dependencies }),
      ...files,
    });
    if (Object.keys(dependencies).length > 0) {
      const modules = path.join(await installed(dependencies), 'node_modules');
      await cp(modules, path.join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    }
    return project;
  } catch (error) {
    await project[Symbol.asyncDispose]();
    throw error;
  }
}

function on(folder: string): Scratch {
  return {
    path: folder,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        const file = path.join(folder, name);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(file, text);
      }
    },
    run: (...args) => runIn(folder, ...args),
    async must(command, args, options) {
      const ended = await runIn(folder, command, args, options);
      if (ended.code === 0) return ended;
      throw new Error(
        `${command} ${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`,
      );
    },
    start: (...args) => startIn(folder, ...args),
    bin: (name) => path.join(folder, 'node_modules/.bin', name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** The folder of npm's install of these dependencies, shared by all of this run. Test files run one after another. */
export async function installed(dependencies: Readonly<Record<string, string>>): Promise<string> {
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies });
  const key = createHash('sha256').update(manifest).digest('hex').slice(0, 16);
  const done = path.join(inject('workshop').folder, `installed-${key}`);
  if (existsSync(done)) return done;
  const begun = await mkdtemp(`${done}-`);
  const project = on(begun);
  await project.write({ 'package.json': manifest });
  const env = prebuildsEnv(inject('workshop').folder);
  await project.must('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { env });
  await rename(begun, done);
  return done;
}
