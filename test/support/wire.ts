import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { InitInput, Plan, Progress, UploadErrorData, UploadView } from '../../contract/index.js';
import { chunkAt } from '../../contract/index.js';
import { OWNER_HEADER } from './server.js';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** An independent computation of the file hash, from its definition. */
export function fileHash(bytes: Uint8Array, chunkSize: number): string {
  const hashes: Buffer[] = [];
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += chunkSize)
    hashes.push(
      createHash('sha256')
        .update(bytes.subarray(offset, offset + chunkSize))
        .digest(),
    );
  return `${createHash('sha256').update(Buffer.concat(hashes)).digest('hex')}-${hashes.length}`;
}

export interface Answer<Data = unknown> {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** `result.data` of a tRPC answer. */
  data: Data;
  /** `error.data.upload` of a tRPC answer. */
  upload: UploadErrorData | undefined;
  /** `error.message` of a tRPC answer. */
  message: string | undefined;
  text: string;
}

/** One HTTP request, made by hand from node:http alone. */
export function request(
  url: string,
  options: {
    method?: string;
    headers?: http.OutgoingHttpHeaders;
    body?: Uint8Array | string;
    agent?: http.Agent;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', body, agent } = options;
    const headers = Object.fromEntries(
      Object.entries(options.headers ?? {}).filter(([, value]) => value !== undefined),
    );
    const sent = http.request(url, { method, headers, ...(agent && { agent }) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve(toAnswer(response, text)));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function toAnswer(response: http.IncomingMessage, text: string): Answer {
  let json: {
    result?: { data?: unknown };
    error?: { message?: string; data?: { upload?: UploadErrorData } };
  } = {};
  try {
    json = JSON.parse(text);
  } catch {}
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    data: json.result?.data,
    upload: json.error?.data?.upload,
    message: json.error?.message,
    text,
  };
}

/** The documented protocol, spoken by hand: what another language's client would do. */
export function wireClient(url: string, owner = 'ann', agent?: http.Agent) {
  const headers = { [OWNER_HEADER]: owner };
  const via = agent === undefined ? {} : { agent };
  return {
    query: <Data = unknown>(procedure: string, input: unknown) =>
      request(`${url}/uploads.${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, {
        headers,
        ...via,
      }) as Promise<Answer<Data>>,
    mutate: <Data = unknown>(procedure: string, input: unknown) =>
      request(`${url}/uploads.${procedure}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(input),
        ...via,
      }) as Promise<Answer<Data>>,
    /** @param fields what the header says, true or not */
    chunk: (fields: object, body: Uint8Array, extra: http.OutgoingHttpHeaders = {}) =>
      request(`${url}/uploads.chunk`, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/octet-stream',
          'content-length': body.byteLength,
          'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(fields)),
          ...extra,
        },
        body,
        ...via,
      }) as Promise<Answer<Progress>>,
    init: (input: InitInput) =>
      request(`${url}/uploads.init`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(input),
        ...via,
      }) as Promise<Answer<UploadView>>,
  };
}

/** A random file, with what is needed to send it by hand. */
export function randomFile(size: number, chunkSize: number) {
  const bytes = randomBytes(size);
  const plan: Plan = { mode: 'chunked', chunkSize, total: Math.max(1, Math.ceil(size / chunkSize)) };
  const hash = fileHash(bytes, chunkSize);
  const piece = (index: number) => {
    const { offset, size: length } = chunkAt(plan, size, index);
    return bytes.subarray(offset, offset + length);
  };
  return {
    bytes,
    plan,
    hash,
    piece,
    input: (name = 'file.bin'): InitInput => ({ name, size, chunkSize, hash }),
    fields: (uploadId: string, index: number) => {
      const { offset, size: length } = chunkAt(plan, size, index);
      return { uploadId, index, offset, size: length, total: plan.total, hash: sha256(piece(index)) };
    },
  };
}
