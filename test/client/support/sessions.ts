import { createHash } from 'node:crypto';
import {
  chunkAt,
  concatHashes,
  type ErrorView,
  fileHashOf,
  type InitInput,
  missingRanges,
  type PlanRules,
  type Progress,
  planFor,
  planWith,
  type Status,
  UploadError,
  type UploadView,
} from '../../../contract/index.js';

/** What a server keeps of an upload, in memory. */
export interface Session {
  id: string;
  input: InitInput;
  mode: 'single' | 'chunked';
  chunkSize: number;
  total: number;
  status: Status;
  chunks: Map<number, { hash: string; bytes: Buffer }>;
  last: number | null;
  hash: string | null;
  path: string | null;
  error: ErrorView | null;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Upload sessions that obey the contract: geometry, hashes, states. Without a disk. */
export function memorySessions(rules: () => PlanRules) {
  const all = new Map<string, Session>();
  let started = 0;

  function view(session: Session, rangeLimit = 1000): UploadView {
    const received = [...session.chunks.keys()].sort((a, b) => a - b);
    const { ranges, more } = missingRanges(received, session.total, rangeLimit);
    const base = {
      uploadId: session.id,
      policy: session.input.policy ?? 'default',
      name: session.input.name,
      relativePath: session.input.relativePath ?? null,
      type: session.input.type ?? null,
      size: session.input.size,
      mode: session.mode,
      chunkSize: session.chunkSize,
      total: session.total,
      ...counts(session),
      lastReceived: session.last,
      ...(session.status === 'receiving'
        ? { missing: ranges.map(([a, b]): [number, number] => [a, b]), missingMore: more }
        : {}),
      createdAt: 1,
      expiresAt: null,
    };
    return { ...base, ...ending(session) } as UploadView;
  }

  function progress(session: Session, index: number): Progress {
    const base = { uploadId: session.id, index, size: session.input.size, total: session.total };
    const { status, path, hash, error } = ending(session);
    const end = status === 'completed' ? { path, hash } : status === 'failed' ? { error } : {};
    return { ...base, ...counts(session), status, ...end } as Progress;
  }

  function counts(session: Session) {
    const receivedBytes = [...session.chunks.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    return { receivedChunks: session.chunks.size, receivedBytes };
  }

  function ending({ status, hash, path, error }: Session): Record<string, unknown> {
    return {
      status,
      hash,
      ...(status === 'completed' ? { path } : {}),
      ...(status === 'failed' ? { error } : {}),
    };
  }

  return {
    all,
    view,
    progress,
    init(input: InitInput): Session {
      const plan = planWith(input.size, input.chunkSize, rules());
      if (!plan || (input.hash !== null && Number(input.hash.split('-')[1]) !== plan.total))
        throw new UploadError('PLAN_MISMATCH', { plan: planFor(input.size, rules()) });
      for (const session of all.values())
        if (
          input.hash !== null &&
          session.input.hash === input.hash &&
          session.input.name === input.name &&
          session.input.relativePath === input.relativePath &&
          session.chunkSize === plan.chunkSize &&
          ['receiving', 'assembling', 'completed'].includes(session.status)
        )
          return session;
      const id = `01J00000000000000000${String(++started).padStart(6, '0')}`;
      const session: Session = {
        ...{ id, input, ...plan, status: 'receiving', chunks: new Map(), last: null },
        ...{ hash: input.hash, path: null, error: null },
      };
      all.set(id, session);
      return session;
    },
    get(id: string): Session {
      const session = all.get(id);
      if (!session) throw new UploadError('UPLOAD_NOT_FOUND');
      return session;
    },
    /** @returns whether the upload has all its chunks now */
    accept(session: Session, index: number, hash: string, bytes: Buffer): boolean {
      const { status, path } = session;
      const range = chunkAt(session, session.input.size, index);
      if (bytes.length !== range.size) throw new UploadError('CHUNK_INCOMPLETE', { index });
      const received = sha256(bytes);
      if (received !== hash)
        throw new UploadError('CHUNK_HASH_MISMATCH', { index, expected: hash, received });
      const held = session.chunks.get(index);
      if (held && held.hash !== hash) throw new UploadError('CHUNK_CONFLICT', { index });
      if (held && (status === 'completed' || status === 'assembling')) return false;
      if (status !== 'receiving')
        throw new UploadError('UPLOAD_CLOSED', { status, ...(path ? { path } : {}) });
      session.chunks.set(index, { hash, bytes });
      session.last = index;
      return session.chunks.size === session.total;
    },
    async complete(session: Session): Promise<void> {
      const hashes = Array.from(
        { length: session.total },
        (_, index) => session.chunks.get(index)?.hash ?? '',
      );
      const hash = await fileHashOf(concatHashes(hashes), (bytes) =>
        createHash('sha256').update(bytes).digest(),
      );
      if (session.hash !== null && session.hash !== hash) {
        session.status = 'failed';
        session.error = { code: 'FILE_HASH_MISMATCH', retryable: false, message: 'not the declared hash' };
        return;
      }
      Object.assign(session, {
        hash,
        status: 'completed',
        path: `files/${session.id}/${session.input.name}`,
      });
    },
    content(session: Session): Buffer {
      const indexes = [...session.chunks.keys()].sort((a, b) => a - b);
      return Buffer.concat(indexes.map((index) => session.chunks.get(index)?.bytes ?? Buffer.alloc(0)));
    },
  };
}
