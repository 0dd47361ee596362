import path from 'node:path';
import { inject } from 'vitest';
import { keepBuild, prebuildsEnv } from './prebuilds.js';
import type { RunOptions } from './run.js';
import { installed, packed, type Scratch, scratch, versionsOf } from './scratch.js';

export const MANAGERS = ['npm', 'pnpm'] as const;
export type Manager = (typeof MANAGERS)[number];
/** The newest pnpm that runs on every Node.js that we support. */
const PNPM = { pnpm: '10' };
const INSTALL: Record<Manager, string[]> = {
  npm: ['install', '--no-audit', '--no-fund', '--prefer-offline'],
  pnpm: ['install', '--prefer-offline'],
};

/** Variables with which its programs are found first. */
export type Toolchain = Readonly<Record<string, string>>;

/** The Node.js that runs the tests, with npm and pnpm. */
export async function ownNode(): Promise<Toolchain> {
  return toolchain(path.dirname(process.execPath), await binOf(PNPM));
}

/** The newest Node.js of a line, such as `22`, from the npm registry, with npm and pnpm running on it. */
export async function nodeOf(line: string): Promise<Toolchain> {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const bin = await binOf({ [name]: line, ...PNPM });
  // Where nothing prebuilt can be downloaded, better-sqlite3 is compiled: the headers lie beside the program.
  return { ...toolchain(bin), npm_config_nodedir: path.join(path.dirname(bin), name) };
}

const binOf = async (programs: Record<string, string>): Promise<string> =>
  path.join(await installed(programs), 'node_modules', '.bin');

function toolchain(...first: readonly string[]): Toolchain {
  const PATH = [...first, process.env.PATH ?? ''].join(path.delimiter);
  return { PATH, ...prebuildsEnv(inject('workshop').folder) };
}

/** What every user of the package installs, by hand or as their manager's default; and no more. */
export function requiredPackages(): Record<string, string> {
  return {
    chunkwise: `file:${packed()}`,
    ...versionsOf('@trpc/client', '@trpc/server', 'zod', 'typescript'),
  };
}

/** Those of a server. */
export function serverPackages(): Record<string, string> {
  return { ...requiredPackages(), ...versionsOf('better-sqlite3', 'file-type') };
}

export interface ProjectOptions {
  /** Texts by path within the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** More of the manager's `install`. */
  readonly flags?: readonly string[];
}

/** A new project with these packages, as that manager installs them; what it runs, runs with that toolchain. */
export async function projectOf(
  env: Toolchain,
  manager: Manager,
  dependencies: Readonly<Record<string, string>>,
  { files = {}, flags = [] }: ProjectOptions = {},
): Promise<Scratch> {
  const bare = await scratch(manager);
  const built = ['better-sqlite3'];
  const manifest = {
    name: 'app',
    private: true,
    type: 'module',
    dependencies,
    // Both managers want to be told whose scripts may run.
    pnpm: { onlyBuiltDependencies: built },
    allowScripts: Object.fromEntries(built.map((name) => [name, true])),
  };
  const within = (options: RunOptions = {}) => ({ ...options, env: { ...env, ...options.env } });
  const project: Scratch = {
    ...bare,
    run: (command, args, options) => bare.run(command, args, within(options)),
    must: (command, args, options) => bare.must(command, args, within(options)),
    start: (command, args, options) => bare.start(command, args, within(options)),
  };
  try {
    await project.write({ 'package.json': JSON.stringify(manifest, null, 2), ...files });
    await project.must(manager, [...INSTALL[manager], ...flags]);
    const { stdout: abi } = await project.must('node', ['-p', 'process.versions.modules']);
    await keepBuild(inject('workshop').folder, path.join(project.path, 'node_modules'), abi.trim());
    return project;
  } catch (error) {
    await project[Symbol.asyncDispose]();
    throw error;
  }
}
