import { UploadError } from '../../../contract/index.js';
import type { BodySource } from './body.js';

/**
 * A body as a web stream: of a fetch Request, or of a Blob. Back-pressure and the sender's death are the host's to
 * tell, so every read is raced with the signal: some hosts leave a read pending for ever when the sender dies.
 */
export function webBody(stream: ReadableStream<Uint8Array> | null, headers: Headers): BodySource {
  const announced = headers.get('content-length');
  let used = false;
  return {
    announced: announced === null ? null : Number(announced),
    encoding: headers.get('content-encoding')?.trim().toLowerCase() ?? null,
    async pump(onPiece, signal) {
      used = true;
      if (stream === null) return;
      const reader = stream.getReader();
      let rejectAborted: (reason: unknown) => void = () => {};
      const aborted = new Promise<never>((_, reject) => {
        rejectAborted = reject;
      });
      // Without a read under way nobody would handle it.
      aborted.catch(() => {});
      const onAbort = () => rejectAborted(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      try {
        for (;;) {
          const { done, value } = await Promise.race([reader.read(), aborted]);
          if (done) return;
          onPiece(value);
        }
      } catch (error) {
        reader.cancel().catch(() => {});
        if (signal.aborted || error instanceof UploadError) throw error;
        throw new UploadError('CHUNK_INCOMPLETE', {
          message: 'The sender went away before the chunk was complete.',
          cause: error,
        });
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    discard() {
      if (!used && stream !== null && !stream.locked) stream.cancel().catch(() => {});
      used = true;
    },
  };
}

/** Bytes that a caller on the server hands over. They are copied: the caller keeps its memory. */
export function memoryBody(data: Blob | Uint8Array): BodySource {
  if (data instanceof Blob)
    return { ...webBody(data.stream() as ReadableStream<Uint8Array>, new Headers()), announced: data.size };
  return {
    announced: data.byteLength,
    encoding: null,
    async pump(onPiece) {
      onPiece(data.slice());
    },
    discard() {},
  };
}
