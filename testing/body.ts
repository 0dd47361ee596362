import { TESTING_DEFAULTS } from '../contract/index.js';

/** What becomes of a body on its way. */
export interface Way {
  /** One bit of it changes; told when that is sent. */
  readonly corrupt: (() => void) | null;
  /** It goes no further than its middle; told when it is there. */
  readonly end: (() => void) | null;
  /** The connection's end. */
  readonly gone: AbortSignal;
  readonly onProgress: ((sentBytes: number) => void) | undefined;
}

const { pieceBytes } = TESTING_DEFAULTS;

/** The bytes in pieces of memory of their own, as a socket gives them. */
export function bodyStream(bytes: Uint8Array, { corrupt, end, gone, onProgress }: Way): ReadableStream {
  const middle = Math.floor(bytes.byteLength / 2);
  const limit = end === null ? bytes.byteLength : middle;
  let sent = 0;
  let broken = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = () => {
          if (!broken) controller.error(new TypeError('terminated'));
          broken = true;
        };
        if (gone.aborted) fail();
        else gone.addEventListener('abort', fail, { once: true });
      },
      pull(controller) {
        if (sent >= limit) {
          if (end === null) {
            broken = true;
            return controller.close();
          }
          end();
          // Never settles, as a read of a connection where nothing comes: `gone` ends it.
          return new Promise<void>(() => {});
        }
        const piece = bytes.slice(sent, Math.min(limit, sent + pieceBytes));
        if (corrupt && sent <= middle && middle < sent + piece.byteLength) {
          piece[middle - sent] = (piece[middle - sent] ?? 0) ^ 1;
          corrupt();
        }
        sent += piece.byteLength;
        controller.enqueue(piece);
        onProgress?.(sent);
      },
      cancel() {
        broken = true;
      },
    },
    // Not a piece ahead of the reader.
    { highWaterMark: 0 },
  );
}
