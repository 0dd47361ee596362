import * as CLIENT_DEFAULTS from '../../contract/client-defaults.js';
import { type Clock, clientClock, orAborted, UploadError } from '../../contract/for-clients.js';
import { protocolError } from '../foreign.js';
import type { Sender } from '../send.js';
import { nextTask } from './next-task.js';

export interface XhrSenderOptions {
  /** Send cookies to other origins, too. @default false */
  withCredentials?: boolean;
  /** A request that moves no byte for this long fails with NETWORK. @default CLIENT_DEFAULTS.stallMs */
  stallMs?: number;
  clock?: Clock;
}

/** The part of XMLHttpRequest that is used. */
interface Xhr {
  readonly readyState: number;
  readonly status: number;
  readonly responseURL: string;
  readonly responseText: string;
  readonly upload: { onprogress: unknown };
  withCredentials: boolean;
  onload: unknown;
  onprogress: unknown;
  onreadystatechange: unknown;
  onerror: unknown;
  onabort: unknown;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: unknown): void;
  abort(): void;
}

declare const XMLHttpRequest: new () => Xhr;

/** Those of a page, or of a worker. */
interface Globals {
  document?: { baseURI: string };
  location: { href: string };
}

/** The `readyState` of a request that has ended. */
const DONE = 4;

export const hasXhr = (): boolean => 'XMLHttpRequest' in globalThis;

/**
 * Sends by XMLHttpRequest, the one way in which a browser tells how much of a body has left. It follows redirects by
 * itself; an answer from elsewhere is an error here, as it is with `fetchSender`.
 */
export function xhrSender({
  withCredentials = false,
  stallMs = CLIENT_DEFAULTS.stallMs,
  clock = clientClock,
}: XhrSenderOptions = {}): Sender {
  return async ({ url, method, headers, body, signal, onProgress }) => {
    const data = body instanceof Uint8Array ? await toBlob(body) : body;
    return orAborted(signal, (resolve, reject) => {
      const xhr = new XMLHttpRequest();
      let cancelStall = () => {};
      const moved = () => {
        cancelStall();
        cancelStall = clock.after(stallMs, () =>
          reject(new UploadError('NETWORK', { message: `No byte moved for ${stallMs / 1000} s.` })),
        );
      };

      xhr.open(method, url);
      xhr.withCredentials = withCredentials;
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      // WebKit tells of progress by a timer, to which an answer without an end never lets it come.
      xhr.onprogress = xhr.onreadystatechange = () => {
        if (xhr.responseText.length <= CLIENT_DEFAULTS.maxAnswerBytes) return moved();
        reject(new UploadError('PROTOCOL', { retryable: false, received: xhr.status }));
      };
      if (data)
        xhr.upload.onprogress = ({ loaded }: { loaded: number }) => {
          moved();
          onProgress?.(loaded);
        };
      xhr.onload = () => {
        const { status, responseURL, responseText } = xhr;
        if (responseURL !== '' && responseURL !== absolute(url))
          return reject(protocolError(0, new Headers({ location: responseURL }), 0));
        resolve({
          status,
          headers: { get: (name) => xhr.getResponseHeader(name) },
          text: async () => responseText,
        });
      };
      // After an abort of ours it is settled already.
      xhr.onerror = xhr.onabort = () => reject(new UploadError('NETWORK'));
      moved();
      xhr.send(data);
      return () => {
        cancelStall();
        // The headers of a whole answer can still be asked for.
        if (xhr.readyState < DONE) xhr.abort();
      };
    });
  };
}

/** Copied by and by: a browser that is given memory copies all of it at once, and the page stands still meanwhile. */
async function toBlob(bytes: Uint8Array): Promise<Blob> {
  const parts: Blob[] = [];
  const step = CLIENT_DEFAULTS.blobPartBytes;
  for (let from = 0; from < bytes.length; from += step) {
    if (from > 0) await nextTask();
    parts.push(new Blob([bytes.subarray(from, from + step) as Uint8Array<ArrayBuffer>]));
  }
  return new Blob(parts);
}

/** As `responseURL` writes it. Not by `Request`, which refuses a name and a password, of the page's address as well. */
function absolute(url: string): string {
  const { document, location } = globalThis as unknown as Globals;
  return new URL(url, document?.baseURI ?? location.href).href.replace(/#.*/, '');
}
