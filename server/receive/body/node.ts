import type { IncomingMessage } from 'node:http';
import { constants, type Http2ServerRequest } from 'node:http2';
import { type Clock, MAX_CHUNK_SIZE_BYTES, UploadError } from '../../../contract/index.js';
import type { BodySource } from './body.js';

/** A request of node:http, or of the compatibility layer of node:http2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** Ends a request whose body nobody wants: its connection on HTTP/1, on HTTP/2 its stream alone. */
export function breakOff(request: NodeRequest): void {
  // `destroy` of the compatibility layer leaves the stream open. There is none once it has closed.
  if ('stream' in request) request.stream?.close(constants.NGHTTP2_CANCEL);
  else request.destroy();
}

/**
 * The body of a node:http request (HTTP/1 or the HTTP/2 compatibility layer) that nobody else reads.
 * Bytes flow only while `pump` runs: before that, the sender waits at the window of TCP or of its stream.
 */
export function nodeBody(request: NodeRequest, clock: Clock, drainMs: number): BodySource {
  let ended = request.readableEnded;
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
      const cancel = clock.after(drainMs, () => breakOff(request));
      request.on('data', (piece: Buffer) => {
        left -= piece.byteLength;
        if (left < 0) breakOff(request);
      });
      request.once('close', cancel);
      request.once('end', cancel);
      request.on('error', () => {});
      request.resume();
    },
  };
}
