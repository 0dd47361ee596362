import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import {
  type Clock,
  clientClock,
  MIN_BODY_RATE_BYTES_PER_SECOND,
  type Randomness,
  systemRandomness,
} from '../contract/for-clients.js';
import { runtimeHasher } from './browser/hasher.js';
import { createGate, type Gate } from './gate.js';
import type { Hasher } from './hash.js';
import { type Connectivity, runtimeConnectivity } from './online.js';
import { createRenewal, type OnUnauthorized, type Renewal } from './renewal.js';
import type { RetryRules } from './retry.js';
import { createScheduler, type Scheduler } from './schedule.js';
import type { UploadsClient } from './types.js';

/** Options of an uploader; each default is CLIENT_DEFAULTS' unless stated. Times are milliseconds. */
export interface UploaderOptions {
  /** Chunk requests of all uploads in flight at one time. A policy's maxParallelChunks bounds it per upload. */
  concurrency?: number;
  /** Retries of one chunk for answers that blame the chunk, and of `init` until it has answered once. */
  retries?: number;
  /** Without progress for this long, an upload fails; its session stays resumable. */
  patienceMs?: number;
  /**
   * 'before': hash the whole file first, so that a session of the same file is found and continued.
   * 'during': hash each chunk just before it is sent; such an upload goes on after a pause, but not in another run.
   * @default 'before'
   */
  hashing?: 'before' | 'during';
  minBackoffMs?: number;
  maxBackoffMs?: number;
  /**
   * Called when a request is answered 401. All requests that are refused at the same time share one call; afterwards
   * each is sent again, once, with `headers` asked anew. A 401 after that, `false`, an error, or no end within
   * `patienceMs` (at least CLIENT_DEFAULTS.stallMs) fails the upload with UNAUTHORIZED; its session stays resumable.
   * After `false` or an error the uploads that were added before fail as well where they are refused, without a call.
   * It must not call through the same uploader: such a call waits for the renewal, and the renewal for it.
   * @default none: a 401 fails the upload
   */
  onUnauthorized?: OnUnauthorized | undefined;
  clock?: Clock;
  random?: Randomness;
  /** @default browserHasher() on a page, elsewhere webHasher(). The uploader closes it. */
  hasher?: Hasher;
  /** @default the browser's events, elsewhere always online */
  connectivity?: Connectivity;
}

/** Options for code inside this package. */
export interface EngineOptions extends UploaderOptions {
  /** Shared with calls beside the uploader's. @default made of `onUnauthorized` */
  renewal?: Renewal;
}

/** What all uploads of one uploader share. */
export interface Engine {
  readonly client: UploadsClient;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly hasher: Hasher;
  readonly connectivity: Connectivity;
  readonly scheduler: Scheduler;
  /** Uploads that are at work: beyond them, files are not even opened. */
  readonly admission: Gate;
  readonly hashGate: Gate;
  readonly rules: RetryRules;
  readonly renewal: Renewal;
  readonly hashing: 'before' | 'during';
  /** Whether any chunk was ever accepted: chunks may have an address of their own, in `uploadLink`. */
  readonly chunks: { accepted: boolean };
}

/** @throws RangeError where an option is out of its range */
export function createEngine(client: UploadsClient, options: EngineOptions): Engine {
  const concurrency = atLeast(1, 'concurrency', options.concurrency ?? CLIENT_DEFAULTS.concurrency);
  const connectivity = options.connectivity ?? runtimeConnectivity();
  const minBackoffMs = atLeast(0, 'minBackoffMs', options.minBackoffMs ?? CLIENT_DEFAULTS.minBackoffMs);
  const clock = options.clock ?? clientClock;
  const patienceMs = atLeast(0, 'patienceMs', options.patienceMs ?? CLIENT_DEFAULTS.patienceMs);
  return {
    client,
    clock,
    random: options.random ?? systemRandomness,
    hasher: options.hasher ?? runtimeHasher(clock),
    connectivity,
    scheduler: createScheduler(concurrency, connectivity),
    admission: createGate(concurrency + CLIENT_DEFAULTS.uploadsAhead),
    hashGate: createGate(CLIENT_DEFAULTS.hashConcurrency),
    rules: {
      retries: atLeast(0, 'retries', options.retries ?? CLIENT_DEFAULTS.retries),
      patienceMs,
      minBackoffMs,
      maxBackoffMs: atLeast(
        minBackoffMs,
        'maxBackoffMs',
        options.maxBackoffMs ?? CLIENT_DEFAULTS.maxBackoffMs,
      ),
    },
    renewal: options.renewal ?? createRenewal(options.onUnauthorized, clock, patienceMs),
    hashing: options.hashing ?? 'before',
    chunks: { accepted: false },
  };
}

function atLeast(least: number, name: string, value: number): number {
  if (!Number.isInteger(value) || value < least)
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${value}`);
  return value;
}

/** How long one request may take: a server cuts off bodies that are slower than this allows anyway. */
export function requestTimeoutMs(bodyBytes: number): number {
  return CLIENT_DEFAULTS.stallMs + Math.ceil((bodyBytes * 1000) / MIN_BODY_RATE_BYTES_PER_SECOND);
}
