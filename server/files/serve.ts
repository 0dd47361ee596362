import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ERRORS, type ErrorCode, isUploadError } from '../../contract/index.js';
import type { Logger } from '../log.js';
import type { ByteRange } from '../stores/store.js';
import { exactly, webBodyOf } from './body.js';
import { type HeaderOf, preconditionStatus, rangeApplies } from './conditions.js';
import { commonHeaders, contentHeaders, GUARDS, validatorsOf } from './headers.js';
import { rangeOf } from './range.js';
import type { FileAccess, Files, NodeRequest, NodeResponse, ServeOptions, StoredFile } from './types.js';

/** An answer that is decided, its file open. */
interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | { readonly stream: Readable; readonly bytes: number } | null;
}

export function createServe(files: Pick<Files, 'stat' | 'open'>, log: Logger): Pick<Files, 'serve'>['serve'] {
  async function answerTo(request: Request | NodeRequest, options: ServeOptions): Promise<Answer> {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD')
      return problem(405, 'A file can be read only: GET or HEAD.', { allow: 'GET, HEAD' });
    const access = accessOf(options);
    if (access === null) return failure('UNAUTHORIZED');
    try {
      const file = await files.stat(options.id, access);
      if (file === null) return failure('UPLOAD_NOT_FOUND');
      return await answerWith(file, method, headersOf(request), options);
    } catch (error) {
      const code = isUploadError(error) ? error.code : 'INTERNAL';
      if (code !== 'UPLOAD_NOT_FOUND') log.error({ uploadId: options.id, error }, 'a file cannot be served');
      return failure(code);
    }
  }

  async function answerWith(
    file: StoredFile,
    method: 'GET' | 'HEAD',
    header: HeaderOf,
    options: ServeOptions,
  ): Promise<Answer> {
    const validators = validatorsOf(file);
    const common = commonHeaders(validators);
    const status = preconditionStatus(header, validators);
    if (status === 304) return { status, headers: common, body: null };
    if (status === 412) return problem(412, 'The file is not the one that the request is about.', common);

    // Ranges are defined for GET alone.
    const isRanged = method === 'GET' && rangeApplies(header, validators);
    const range = isRanged ? rangeOf(header('range'), file.size) : 'whole';
    if (range === 'unsatisfiable')
      return problem(416, 'The file has no such range.', {
        ...common,
        'content-range': `bytes */${file.size}`,
      });
    const bytes = range === 'whole' ? file.size : range.end - range.start + 1;
    const headers = { ...common, ...contentHeaders(file, options), 'content-length': String(bytes) };
    const body = method === 'HEAD' ? null : { stream: await opened(file, range, options), bytes };
    if (range === 'whole') return { status: 200, headers, body };
    const contentRange = `bytes ${range.start}-${range.end}/${file.size}`;
    return { status: 206, headers: { ...headers, 'content-range': contentRange }, body };
  }

  function opened(file: StoredFile, range: ByteRange | 'whole', { id }: ServeOptions): Promise<Readable> {
    return files.open(id, range === 'whole' ? undefined : range, { owner: file.owner });
  }

  async function send({ status, headers, body }: Answer, response: NodeResponse): Promise<void> {
    try {
      (response as WithHead).writeHead(status, headers);
    } catch (error) {
      if (body !== null && typeof body !== 'string') body.stream.destroy();
      throw error;
    }
    if (body === null || typeof body === 'string') return void response.end(body ?? '');
    const { stream, bytes } = body;
    try {
      // Of HTTP/2 the stream itself: a reset of it does not end a pipeline to the response.
      const sink = 'createPushResponse' in response ? response.stream : response;
      // Of one that has ended already, HTTP/2 tells a pipeline nothing: it would wait for ever, its file open.
      if (!sink || sink.destroyed) return void stream.destroy();
      await pipeline(stream, (pieces) => exactly(bytes, pieces), sink);
    } catch (error) {
      // The status is sent: that the connection is cut, by the pipeline, is all that the client can be told.
      log.info({ error }, 'a file was not sent to its end');
    }
  }

  function serve(request: Request | NodeRequest, options: ServeOptions): Promise<Response>;
  function serve(request: NodeRequest, response: NodeResponse, options: ServeOptions): Promise<void>;
  async function serve(
    request: Request | NodeRequest,
    second: NodeResponse | ServeOptions,
    third?: ServeOptions,
    // biome-ignore lint/suspicious/noConfusingVoidType: the one overload resolves to a Response, the other to nothing.
  ): Promise<Response | void> {
    const response = 'writeHead' in second ? second : undefined;
    const options = third ?? (second as ServeOptions);
    const answer = await answerTo(request, options);
    if (response === undefined) return toResponse(answer, request);
    await send(answer, response);
  }
  return serve;
}

/** Both of Node's responses take this form; their overloads do not add up to one. */
interface WithHead {
  writeHead(status: number, headers: Record<string, string>): unknown;
}

/** Null: nobody may. Whatever the types let through, only a named owner or the literal `anyone` opens anything. */
function accessOf(options: ServeOptions): FileAccess | null {
  if ('owner' in options)
    return typeof options.owner === 'string' && options.owner !== '' ? { owner: options.owner } : null;
  return options.anyone === true ? {} : null;
}

function headersOf({ headers }: Request | NodeRequest): HeaderOf {
  if (isWebHeaders(headers)) return (name) => headers.get(name);
  return (name) => {
    const value = headers[name];
    return (Array.isArray(value) ? value.join(', ') : value) ?? null;
  };
}

/** By its method, so that it holds for the Request of another realm or package. */
function isWebHeaders(headers: Request['headers'] | NodeRequest['headers']): headers is Request['headers'] {
  return typeof headers.get === 'function';
}

function toResponse({ status, headers, body }: Answer, request: Request | NodeRequest): Response {
  if (body === null || typeof body === 'string') return new Response(body, { status, headers });
  const signal = 'signal' in request ? request.signal : undefined;
  return new Response(webBodyOf(body.stream, body.bytes, signal), { status, headers });
}

function failure(code: ErrorCode): Answer {
  const { status, message } = ERRORS[code];
  return problem(status ?? 500, message, {}, code);
}

function problem(status: number, error: string, headers: Record<string, string>, code?: ErrorCode): Answer {
  return {
    status,
    headers: {
      'cache-control': 'private, no-cache',
      ...GUARDS,
      ...headers,
      'content-type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify({ error, ...(code && { code }) }),
  };
}
