import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import {
  contradictionIn,
  DEFAULT_PLAN_RULES,
  MAX_CHUNKS,
  MIN_CHUNKS_IN_BUDGET,
  POLICY_DEFAULTS,
} from '../../contract/index.js';
import type { Standalone } from '../../server/standalone/app.js';
import { CliError, EXIT, sentenceOf, systemCode, usageError } from '../failure.js';
import { onStop } from '../signals.js';
import { switchValue } from '../values.js';
import { type AddCommand, checkToken, type Io } from './command.js';
import { addServeFlags, NO_AUTH_VARIABLE, type ServeFlags } from './serve-flags.js';

export const addServe: AddCommand = (program, io, finish) => {
  const command = program
    .command('serve')
    .summary('run a server')
    .description('Runs a server until SIGTERM or Ctrl-C; chunks on their way are finished first.')
    .addHelpText('after', '\nEvery flag is also a variable; lists in variables are written with commas.');
  addServeFlags(command).action(async (flags: ServeFlags) => finish(await serve(flags, io)));
};

async function serve(given: ServeFlags, { output, env }: Io): Promise<number> {
  const flags = { ...given, auth: given.auth && !switchValue(NO_AUTH_VARIABLE, env[NO_AUTH_VARIABLE]) };
  checkFlags(flags);
  if (statSync(flags.root, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new CliError(`${flags.root} is not a folder: choose another --root.`);
  const stopping = new Promise<void>((resolve) => onStop(() => resolve()));
  const server = await start(flags);
  output.result(`chunkwise listening on ${server.url}`);
  await stopping;
  await server.close();
  return EXIT.done;
}

function checkFlags({
  host,
  token,
  auth,
  threshold,
  chunkSize,
  maxChunkSize,
  maxFileSize = largestFile(maxChunkSize),
  memoryBudget,
}: ServeFlags): void {
  checkToken(token);
  if (token !== undefined && !auth)
    throw usageError('--token and --no-auth exclude each other: give one of them.');
  if (token === undefined && auth && !isLoopback(host))
    throw usageError(
      `--host ${host} is reached from other machines: give a --token (or CHUNKWISE_TOKEN), or --no-auth to let everybody in.`,
    );
  const contradiction = contradictionIn(
    { ...DEFAULT_PLAN_RULES, threshold, chunkSize, maxChunkSize, maxFileSize },
    memoryBudget,
    MIN_CHUNKS_IN_BUDGET,
  );
  if (contradiction !== null)
    throw usageError(
      `--threshold, --chunk-size, --max-chunk-size, --max-file-size and --memory-budget contradict each other: ${contradiction}.`,
    );
}

/** The one that the greatest number of the largest chunks makes up. */
function largestFile(maxChunkSize: number): number {
  return Math.min(POLICY_DEFAULTS.maxFileSizeBytes, maxChunkSize * MAX_CHUNKS);
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.toLowerCase() === 'localhost';
}

async function start(flags: ServeFlags): Promise<Standalone> {
  const { root, host, port, database, quota, threads, token = null } = flags;
  const { threshold, chunkSize, maxChunkSize, maxFileSize = largestFile(maxChunkSize) } = flags;
  // Loaded here: other commands start in half the time without them.
  const [{ pino }, { startStandalone }] = await Promise.all([
    import('pino'),
    import('../../server/standalone/app.js'),
  ]);
  const log = pino(
    { level: flags.logLevel, base: null, serializers: { error: pino.stdSerializers.err } },
    pino.destination({ fd: 2, sync: true }),
  );
  try {
    return await startStandalone({
      root: path.resolve(root),
      host,
      port,
      // Requests write an IPv6 address in brackets.
      allowedHosts: isIP(host) === 6 ? [...flags.allowedHost, `[${host}]`] : flags.allowedHost,
      allowedOrigins: flags.allowedOrigin,
      token,
      requestsPerMinute: flags.rateLimit,
      policies: { default: { threshold, chunkSize, maxChunkSize, maxFileSize } },
      store: flags.store,
      durability: flags.durability,
      verify: flags.verify,
      migrate: flags.migrate,
      memoryBudgetBytes: flags.memoryBudget,
      completionWaitMs: flags.completionWait,
      ...(database !== undefined && { database }),
      ...(quota !== undefined && { quota: { maxBytes: quota } }),
      ...(threads !== undefined && { workerThreads: threads }),
      log,
    });
  } catch (cause) {
    throw new CliError(notStarted(cause, flags), EXIT.failed, { cause });
  }
}

function notStarted(error: unknown, { host, port }: ServeFlags): string {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}: stop the other program, or choose another --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}: choose another --host.`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user: choose a --port from 1024 on. (${sentenceOf(error)})`;
    default:
      return sentenceOf(error);
  }
}
