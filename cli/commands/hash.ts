import { type Command, Option } from 'commander';
import { type Connection, fileSource, nodeHasher, type Source } from '../../client/node/index.js';
import {
  chunkAt,
  concatHashes,
  DEFAULT_PLAN_RULES,
  type FileHash,
  fileHashOf,
  fromHex,
  type Plan,
  POLICY_DEFAULTS,
  planFor,
  UploadError,
  writeSize,
} from '../../contract/index.js';
import { EXIT, usageError } from '../failure.js';
import { printable } from '../text.js';
import { sizeValue } from '../values.js';
import { type AddCommand, type Io, type ServerFlags, toOption, withServerOptions } from './command.js';
import { asking } from './connect.js';

interface HashFlags extends Omit<ServerFlags, 'to'> {
  readonly to?: URL;
  readonly policy?: string;
  readonly chunkSize?: number;
  readonly threshold?: number;
}

const NOT_SHA256SUM =
  "This is the file hash of Chunkwise, SHA-256 over the chunks' SHA-256, and not what sha256sum prints.";

export const addHash: AddCommand = (program, io, finish) => {
  const command: Command = program
    .command('hash')
    .summary("print a file's hash without uploading it")
    .description(`Prints "<file hash>  <chunk size>  <path>". ${NOT_SHA256SUM} It depends on the chunk size.`)
    .argument('<path>', 'a file');
  withServerOptions(command, toOption())
    .addOption(new Option('--policy <name>', "with --to: the server's policy"))
    .addOption(
      new Option('--chunk-size <size>', 'instead of asking a server').argParser(sizeValue).conflicts('to'),
    )
    .addOption(
      new Option('--threshold <size>', 'instead of asking a server').argParser(sizeValue).conflicts('to'),
    )
    .action(async (path: string, flags: HashFlags) => finish(await hash(path, flags, io)));
};

async function hash(path: string, flags: HashFlags, { output, stderr }: Io): Promise<number> {
  const source = await fileSource(path);
  const plan = await planOf(source.size, flags);
  output.result(`${await hashOf(source, plan)}  ${writeSize(plan.chunkSize)}  ${printable(path)}`);
  if (stderr.isTTY) output.note(NOT_SHA256SUM);
  return EXIT.done;
}

/** The plan of that server, or the one that follows from the flags. */
async function planOf(size: number, flags: HashFlags): Promise<Plan> {
  const { to, policy } = flags;
  if (to !== undefined) return asking({ ...flags, to }, (server) => askPlan(server, size, policy));
  if (policy !== undefined) throw usageError('--policy names a policy of a server: give its --to as well.');
  const { chunkSize = POLICY_DEFAULTS.chunkSizeBytes, threshold = POLICY_DEFAULTS.thresholdBytes } = flags;
  const { minChunkSize, maxChunkSize } = DEFAULT_PLAN_RULES;
  if (chunkSize < minChunkSize || chunkSize > maxChunkSize)
    throw usageError(`--chunk-size must be from ${writeSize(minChunkSize)} to ${writeSize(maxChunkSize)}.`);
  if (threshold > maxChunkSize) throw usageError(`--threshold must be at most ${writeSize(maxChunkSize)}.`);
  return planFor(size, { ...DEFAULT_PLAN_RULES, chunkSize, threshold });
}

async function askPlan({ uploads }: Connection, size: number, policy?: string): Promise<Plan> {
  const { plan, maxFileSize } = await uploads.policy.query({ size, ...(policy !== undefined && { policy }) });
  if (plan === null) throw new UploadError('FILE_TOO_LARGE', { expected: maxFileSize, received: size });
  return plan;
}

async function hashOf(source: Source, plan: Plan): Promise<FileHash> {
  await using hasher = nodeHasher();
  const pieces = Array.from({ length: plan.total }, (_, index) => chunkAt(plan, source.size, index));
  const hashes = await hasher.hashChunks(source, pieces, { signal: new AbortController().signal });
  return await fileHashOf(concatHashes(hashes), async (bytes) => fromHex(await hasher.hashBytes(bytes)));
}
