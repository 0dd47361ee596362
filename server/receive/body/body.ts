import { type Clock, UploadError } from '../../../contract/index.js';
import { createCollector } from './collector.js';
import { guardRate, type RateRules } from './rate.js';

/** The bytes of one chunk request, not read yet. One request has one body: it can be read once. */
export interface BodySource {
  /** Content-Length, where the request has one. */
  readonly announced: number | null;
  /** Content-Encoding, where the request has one. */
  readonly encoding: string | null;
  /**
   * Hands over every piece in order, then resolves at the end of the body. Rejects where the sender goes away
   * first, where `onPiece` throws (with its error), and where the signal aborts (with its reason).
   */
  pump(onPiece: (piece: Uint8Array) => void, signal: AbortSignal): Promise<void>;
  /** Gives up the rest, so that the connection stays usable. Idempotent; also without a `pump`. */
  discard(): void;
}

/** Refuses, before a byte is read, what cannot be a body of `size` bytes. */
export function checkAnnounced(body: BodySource, size: number, index: number): void {
  if (body.encoding !== null && body.encoding !== 'identity')
    throw new UploadError('INPUT_INVALID', {
      index,
      message: 'A chunk is sent as it is: remove the Content-Encoding header.',
    });
  if (body.announced !== null && body.announced !== size)
    throw new UploadError('CHUNK_INCOMPLETE', { index, expected: size, received: body.announced });
}

/**
 * Reads exactly `size` bytes, keeping the network's own buffers. The caller has reserved memory for them.
 * @throws UploadError CHUNK_INCOMPLETE for fewer or more bytes, CHUNK_TIMEOUT for too slow a body
 */
export async function readBody(
  body: BodySource,
  chunk: { index: number; size: number },
  deps: { clock: Clock; rate: RateRules; signal: AbortSignal },
): Promise<Uint8Array[]> {
  const { index, size } = chunk;
  const stop = new AbortController();
  const onAbort = () => stop.abort(deps.signal.reason);
  if (deps.signal.aborted) onAbort();
  else deps.signal.addEventListener('abort', onAbort, { once: true });
  const rate = guardRate(deps.clock, deps.rate, () =>
    stop.abort(new UploadError('CHUNK_TIMEOUT', { index })),
  );
  const collector = createCollector();
  let received = 0;
  try {
    await body.pump((piece) => {
      received += piece.byteLength;
      if (received > size) throw new UploadError('CHUNK_INCOMPLETE', { index, expected: size, received });
      rate.count(piece.byteLength);
      collector.add(piece);
    }, stop.signal);
    if (received !== size) throw new UploadError('CHUNK_INCOMPLETE', { index, expected: size, received });
    return collector.take();
  } finally {
    rate.end();
    deps.signal.removeEventListener('abort', onAbort);
  }
}
