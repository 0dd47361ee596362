import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  MAX_CHUNK_SIZE_BYTES,
  MIN_CHUNK_SIZE_BYTES,
  MIN_CHUNKS_IN_BUDGET,
  POLICY_DEFAULTS,
  SERVE_DEFAULTS,
  SERVER_DEFAULTS,
  WORKER_DEFAULTS,
  writeSize,
} from '../../contract/index.js';
import {
  countValue,
  databaseValue,
  durationValue,
  folderValue,
  hostValue,
  listValue,
  oneOfValue,
  originValue,
  type StoreKind,
  sizeValue,
  storeValue,
} from '../values.js';
import { tokenOption } from './command.js';

/** As commander gives them: sizes in bytes, times in milliseconds. */
export interface ServeFlags {
  readonly root: string;
  readonly host: string;
  readonly port: number;
  readonly allowedHost: readonly string[];
  readonly allowedOrigin: readonly string[];
  readonly token?: string;
  /** False: --no-auth. */
  readonly auth: boolean;
  readonly database?: string;
  readonly migrate: 'auto' | 'manual';
  readonly store: StoreKind;
  readonly chunkSize: number;
  readonly maxChunkSize: number;
  readonly threshold: number;
  readonly maxFileSize?: number;
  readonly quota?: number;
  readonly durability: 'file' | 'chunk';
  readonly verify: 'restart' | 'always';
  readonly rateLimit: number;
  readonly memoryBudget: number;
  readonly completionWait: number;
  readonly threads?: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** Without --no-auth: commander would take any value of a variable for yes. */
export const NO_AUTH_VARIABLE = 'CHUNKWISE_NO_AUTH';
const LEAST_BUDGET = MIN_CHUNKS_IN_BUDGET * MIN_CHUNK_SIZE_BYTES;
const MAX_PORT = 0xffff;

/** A flag, and the variable that stands for it. */
function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(`CHUNKWISE_${option.name().toUpperCase().replaceAll('-', '_')}`);
}

function sizeFlag(flags: string, description: string, standard: number, least: number, most: number): Option {
  return flag(flags, description)
    .default(standard, writeSize(standard))
    .argParser((text) => {
      const bytes = sizeValue(text);
      if (bytes >= least && bytes <= most) return bytes;
      throw new InvalidArgumentError(`It must be from ${writeSize(least)} to ${writeSize(most)}.`);
    });
}

export function addServeFlags(command: Command): Command {
  const { thresholdBytes, chunkSizeBytes, maxFileSizeBytes } = POLICY_DEFAULTS;
  const { memoryBudgetBytes, completionWaitMs } = SERVER_DEFAULTS;
  const options = [
    flag('--root <dir>', 'folder of everything that is stored')
      .default(SERVE_DEFAULTS.root)
      .argParser(folderValue),
    flag('--host <host>', 'address to listen on').default(SERVE_DEFAULTS.host).argParser(hostValue),
    flag('--port <n>', '0 picks a free one').default(SERVE_DEFAULTS.port).argParser(countValue(0, MAX_PORT)),
    flag('--allowed-host <host>', 'a name of this server that requests may use (repeatable)')
      .default([])
      .argParser(listValue),
    flag('--allowed-origin <origin>', 'a web page that may use this server (repeatable)')
      .default([])
      .argParser(originValue),
    tokenOption('asked of every request; whoever has it is the one owner'),
    new Option('--no-auth', `let everybody in who reaches the port (env: ${NO_AUTH_VARIABLE})`),
    flag('--database <path>', 'file of the database (default: chunkwise.db in the root)').argParser(
      databaseValue,
    ),
    flag('--migrate <when>', 'the database by itself (auto), or only by the command migrate (manual)')
      .default('auto')
      .argParser(oneOfValue(['auto', 'manual'])),
    flag('--store <kind>', 'where chunks wait: in-place (one file) or multi-file (a file for each)')
      .default('in-place')
      .argParser(storeValue),
    sizeFlag(
      '--chunk-size <size>',
      `preferred size of a chunk, at least ${writeSize(MIN_CHUNK_SIZE_BYTES)}`,
      chunkSizeBytes,
      1,
      MAX_CHUNK_SIZE_BYTES,
    ),
    sizeFlag(
      '--max-chunk-size <size>',
      `largest chunk, at most 1/${MIN_CHUNKS_IN_BUDGET} of --memory-budget`,
      MAX_CHUNK_SIZE_BYTES,
      MIN_CHUNK_SIZE_BYTES,
      MAX_CHUNK_SIZE_BYTES,
    ),
    sizeFlag(
      '--threshold <size>',
      'files up to this size go as one chunk',
      thresholdBytes,
      0,
      MAX_CHUNK_SIZE_BYTES,
    ),
    flag(
      '--max-file-size <size>',
      `largest file (default: what --max-chunk-size allows, at most ${writeSize(maxFileSizeBytes)})`,
    ).argParser(sizeValue),
    flag('--quota <size>', 'all uploads together (default: no limit)').argParser(sizeValue),
    flag('--durability <when>', 'bytes are on the disk before the file is published (file), or each chunk')
      .default('file')
      .argParser(oneOfValue(['file', 'chunk'])),
    flag('--verify <what>', 'read again before publishing: chunks of an earlier run (restart), or always all')
      .default('restart')
      .argParser(oneOfValue(['restart', 'always'])),
    flag('--rate-limit <n>', 'requests a minute and address, chunks not counted; 0: no limit')
      .default(SERVE_DEFAULTS.requestsPerMinute)
      .argParser(countValue(0)),
    sizeFlag(
      '--memory-budget <size>',
      `for chunks on their way to the disk, ${MIN_CHUNKS_IN_BUDGET} times --max-chunk-size or more`,
      memoryBudgetBytes,
      LEAST_BUDGET,
      Number.MAX_SAFE_INTEGER,
    ),
    flag('--completion-wait <time>', 'how long the last answer waits for the final path')
      .default(completionWaitMs, `${completionWaitMs / 1000}s`)
      .argParser(durationValue),
    flag('--threads <n>', 'worker threads (default: as many as processors, from 2 to 8)').argParser(
      countValue(1, WORKER_DEFAULTS.queueLimit),
    ),
    flag('--log-level <level>', `on stderr, as JSON: ${LOG_LEVELS.join(', ')}`)
      .default('warn')
      .argParser(oneOfValue(LOG_LEVELS)),
  ];
  for (const option of options) command.addOption(option);
  return command;
}
