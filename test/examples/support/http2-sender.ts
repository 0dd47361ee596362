import http2 from 'node:http2';
import type { Sender } from '../../../client/index.js';

/** The client's requests over one HTTP/2 connection in clear text, as a browser sends them under TLS. */
export function http2Sender(origin: string): Disposable & { readonly send: Sender } {
  const session = http2.connect(origin);
  // Requests fail by themselves.
  session.on('error', () => {});
  const send: Sender = ({ url, method, headers, body, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const { pathname, search } = new URL(url);
      const stream = session.request({ ...headers, ':method': method, ':path': pathname + search });
      const onAbort = () => {
        stream.close(http2.constants.NGHTTP2_CANCEL);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      let status = 0;
      let answered: http2.IncomingHttpHeaders = {};
      let text = '';
      stream.setEncoding('utf8');
      stream.on('response', (found) => {
        status = found[':status'] ?? 0;
        answered = found;
      });
      stream.on('data', (part) => {
        text += part;
      });
      stream.on('error', reject);
      stream.on('close', () => {
        signal?.removeEventListener('abort', onAbort);
        if (status === 0) reject(new Error('The stream ended without an answer.'));
        const get = (name: string) => answered[name]?.toString() ?? null;
        resolve({ status, headers: { get }, text: async () => text });
      });
      if (body === undefined) stream.end();
      else if (body instanceof Blob)
        body.arrayBuffer().then((bytes) => stream.end(new Uint8Array(bytes)), reject);
      else stream.end(body, () => onProgress?.(body.byteLength));
    });
  return { send, [Symbol.dispose]: () => session.destroy() };
}
