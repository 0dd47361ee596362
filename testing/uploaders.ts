import type { Hasher } from '../client/hash.js';
import { webHasher } from '../client/hash.js';
import {
  createUploader,
  type SourceLike,
  type Uploader,
  type UploaderOptions,
  type UploadsClient,
} from '../client/index.js';
import { type Source, toSource } from '../client/sources.js';
import type { Sources } from '../client/uploader.js';
import { CLIENT_DEFAULTS, type Clock } from '../contract/index.js';
import type { Activity } from './activity.js';

/** Options by which uploaders go by the test's clock, and retry alike in each run. */
export function uploaderOptions(clock: Clock, reading: Activity): UploaderOptions & { hasher: Hasher } {
  const inner = webHasher();
  return {
    clock,
    random: { next: () => 0.5 },
    connectivity: { isOnline: () => true, onChange: () => () => {} },
    hasher: {
      hashBytes: (bytes) => atWork(reading, () => inner.hashBytes(bytes)),
      hashChunks: (...args) => atWork(reading, () => inner.hashChunks(...args)),
    },
  };
}

/**
 * A sign-in of the user's is at work until it ends, or until its uploader does not wait for it any longer: it may take
 * real time, which must not look as if nothing went on.
 */
export function withSignIn(options: UploaderOptions, clock: Clock, hooks: Activity): UploaderOptions {
  const { onUnauthorized, patienceMs = CLIENT_DEFAULTS.patienceMs } = options;
  if (onUnauthorized === undefined) return options;
  return {
    ...options,
    async onUnauthorized() {
      const visit = hooks.enter();
      const cancel = clock.after(Math.max(patienceMs, CLIENT_DEFAULTS.stallMs), visit.leave);
      try {
        return await onUnauthorized();
      } finally {
        cancel();
        visit.leave();
      }
    },
  };
}

/** An uploader whose reading of sources counts as work, so that no time passes during it. */
export function createTestUploader<Client extends UploadsClient>(
  client: Client,
  options: UploaderOptions,
  reading: Activity,
): Uploader<Client> {
  const inner = createUploader<UploadsClient>(client, options);
  const counted = (source: SourceLike) => countedSource(toSource(source), reading);
  const plain = {
    ...inner,
    add: (source: SourceLike, ...rest: []) => inner.add(counted(source), ...rest),
    upload: (source: SourceLike, ...rest: []) => inner.upload(counted(source), ...rest),
    uploadAll: (sources: Sources, ...rest: []) => inner.uploadAll(countedAll(sources, counted), ...rest),
    // A getter, which the copy above has read once.
    get tasks() {
      return inner.tasks;
    },
  };
  return plain as unknown as Uploader<Client>;
}

async function* countedAll(
  sources: Sources,
  counted: (source: SourceLike) => Source,
): AsyncGenerator<Source> {
  for await (const source of sources) yield counted(source);
}

/** Each member by name: a source may be an object of a class. */
function countedSource(source: Source, reading: Activity): Source {
  const { name, size, type, lastModified, relativePath, path, knownVersion } = source;
  return {
    ...{ name, size, type, lastModified, relativePath, path, knownVersion },
    read: (...args) => atWork(reading, () => source.read(...args)),
    ...(source.recycle && { recycle: (bytes) => source.recycle?.(bytes) }),
    ...(source.version && { version: () => atWork(reading, async () => (await source.version?.()) ?? '') }),
    ...(source.close && { close: async () => source.close?.() }),
  };
}

async function atWork<Result>(activity: Activity, work: () => Promise<Result>): Promise<Result> {
  const visit = activity.enter();
  try {
    return await work();
  } finally {
    visit.leave();
  }
}
