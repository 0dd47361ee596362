import type { IncomingMessage } from 'node:http';
import { type Clock, MAX_CHUNK_SIZE_BYTES, UploadError } from '../../../contract/index.js';
import type { BodySource } from './body.js';

/**
 * The body of a node:http request (HTTP/1 or the HTTP/2 compatibility layer) that nobody else reads.
 * Bytes flow only while `pump` runs: before that, the sender waits at the TCP window.
 */
export function nodeBody(request: IncomingMessage, clock: Clock, drainMs: number): BodySource {
  let ended = false;
  let draining = false;
  const announced = request.headers['content-length'];
  request.once('end', () => {
    ended = true;
  });

  return {
    announced: announced === undefined ? null : Number(announced),
    encoding: request.headers['content-encoding']?.trim().toLowerCase() ?? null,

    pump: (onPiece, signal) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          request.off('data', onData);
          request.off('end', onEnd);
          request.off('close', onGone);
          request.off('error', onGone);
          signal.removeEventListener('abort', onAbort);
          settle();
        };
        const onData = (piece: Buffer) => {
          try {
            onPiece(piece);
          } catch (error) {
            request.pause();
            finish(() => reject(error));
          }
        };
        const onEnd = () => finish(resolve);
        const onGone = () =>
          finish(() =>
            reject(
              new UploadError('CHUNK_INCOMPLETE', {
                message: 'The sender went away before the chunk was complete.',
              }),
            ),
          );
        const onAbort = () => {
          request.pause();
          finish(() => reject(signal.reason));
        };
        if (signal.aborted) return reject(signal.reason);
        if (request.destroyed && !ended) return onGone();
        if (ended) return resolve();
        signal.addEventListener('abort', onAbort, { once: true });
        request.on('data', onData);
        request.on('end', onEnd);
        request.on('close', onGone);
        request.on('error', onGone);
        request.resume();
      }),

    discard() {
      if (ended || draining || request.destroyed) return;
      draining = true;
      // Read on without keeping, so that the answer arrives and the connection can be used again; but not for ever.
      let left = MAX_CHUNK_SIZE_BYTES;
      const cancel = clock.after(drainMs, () => request.destroy());
      request.on('data', (piece: Buffer) => {
        left -= piece.byteLength;
        if (left < 0) request.destroy();
      });
      request.once('close', cancel);
      request.once('end', cancel);
      request.on('error', () => {});
      request.resume();
    },
  };
}
