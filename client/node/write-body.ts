import type { Writable } from 'node:stream';
import { CLIENT_DEFAULTS } from '../../contract/for-clients.js';

export interface WriteOptions {
  /** No more bytes are wanted. */
  stopped(): boolean;
  /** Told how many bytes have been taken over by the system so far. */
  onProgress(sentBytes: number): void;
}

/** Writes a body in slices, each once the one before it has left, and ends the stream. */
export async function writeBody(
  stream: Writable,
  body: Blob | Uint8Array | undefined,
  { stopped, onProgress }: WriteOptions,
): Promise<void> {
  const total = body === undefined ? 0 : body instanceof Blob ? body.size : body.byteLength;
  let sent = 0;
  while (body !== undefined && sent < total) {
    const end = Math.min(total, sent + CLIENT_DEFAULTS.sendSliceBytes);
    const slice =
      body instanceof Blob
        ? new Uint8Array(await body.slice(sent, end).arrayBuffer())
        : body.subarray(sent, end);
    if (stopped() || !(await written(stream, slice))) return;
    sent = end;
    onProgress(sent);
  }
  if (!stopped()) stream.end();
}

/** False where the stream was closed before the slice has left: whoever owns the stream knows why. */
function written(stream: Writable, slice: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = () => resolve(false);
    stream.once('close', onClose);
    stream.write(slice, (error) => {
      stream.off('close', onClose);
      resolve(!error);
    });
  });
}
