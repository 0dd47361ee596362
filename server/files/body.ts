import type { Readable } from 'node:stream';

/** The pieces of a stream that must have `bytes` bytes. Rejects where it ends early: the answer said another length. */
export async function* exactly(bytes: number, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of stream) {
    left -= piece.byteLength;
    yield piece;
  }
  if (left !== 0) throw new Error(`the file ended ${left} bytes early`);
}

/**
 * A web stream that reads a piece when one is asked for and none ahead. (`Readable.toWeb` counts pieces where it
 * means bytes, and reads gigabytes ahead.) The file is closed at the end, by a cancel, and when the request is aborted.
 */
export function webBodyOf(
  stream: Readable,
  bytes: number,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const pieces = exactly(bytes, stream);
  const onAbort = () => stream.destroy(asError(signal?.reason));
  const end = () => signal?.removeEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  stream.once('close', end);
  // Until the first piece is asked for nobody else listens, and an error unheard would end the process.
  stream.on('error', () => {});
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the request was aborted');
}
