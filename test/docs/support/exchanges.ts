import http from 'node:http';
import type { Block } from './markdown.js';

/** A request of a page, and the answer that the page shows. */
export interface Exchange {
  readonly line: number;
  readonly method: string;
  /** With the query as it goes out. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly answer: { status: number; headers: Readonly<Record<string, string>>; text: string };
}

/** Every `http` block of a page is a request, and the next one its answer. */
export function exchangesOf(blocks: readonly Block[], file: Buffer): Exchange[] {
  const messages = blocks.filter(({ language }) => language === 'http');
  const exchanges: Exchange[] = [];
  for (let position = 0; position < messages.length; position += 2) {
    const [request, answer] = [messages[position], messages[position + 1]];
    if (!request || !answer) throw new Error('a request without its answer');
    exchanges.push(exchangeOf(request, answer, file));
  }
  return exchanges;
}

function exchangeOf(request: Block, answer: Block, file: Buffer): Exchange {
  const { first, headers, text } = messageOf(request);
  const [, method = '', path = '', input] = /^(GET|POST) (\S+?)(?:\?input=(.*))?$/.exec(first) ?? [];
  if (method === '') throw new Error(`line ${request.line}: no request: ${first}`);
  const shown = messageOf(answer);
  const [, status] = /^HTTP\/1\.1 (\d{3})$/.exec(shown.first) ?? [];
  if (status === undefined) throw new Error(`line ${answer.line}: no answer: ${shown.first}`);
  return {
    line: request.line,
    method,
    target: input === undefined ? path : `${path}?input=${encodeURIComponent(input)}`,
    headers,
    body: bodyOf(text, file),
    answer: { status: Number(status), headers: shown.headers, text: shown.text },
  };
}

function messageOf({ text }: Block) {
  const [head = '', ...rest] = text.split('\n\n');
  const [first = '', ...lines] = head.trimEnd().split('\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return { first, headers: Object.fromEntries(headers), text: rest.join('\n\n') };
}

/** JSON as it stands there, or `<3 bytes from offset 5>` of the example file. */
function bodyOf(text: string, file: Buffer): Buffer {
  const [, size, offset] = /^<(\d+) bytes from offset (\d+)>$/.exec(text.trim()) ?? [];
  if (size === undefined) return Buffer.from(text.trim());
  return file.subarray(Number(offset), Number(offset) + Number(size));
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** What has come of the body, and a wait for more of it. */
  text(): string;
  readonly ended: Promise<void>;
  /** Resolves as soon as the body so far passes the test. */
  until(test: (text: string) => boolean): Promise<void>;
  close(): void;
}

/** Sends the request just as it stands on the page; resolves when the answer's head is there. */
export function send(origin: string, { method, target, headers, body }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = method === 'POST' ? { 'content-length': body.byteLength } : {};
    const request = http.request(`${origin}${target}`, { method, headers: { ...headers, ...length } });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      const waiting = new Set<() => void>();
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
        for (const look of [...waiting]) look();
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: () => text,
        ended: new Promise((end) => response.once('close', end)),
        until: (test) =>
          new Promise((found) => {
            const look = () => {
              if (!test(text)) return;
              waiting.delete(look);
              found();
            };
            waiting.add(look);
            look();
          }),
        close: () => request.destroy(),
      });
    });
    request.end(body);
  });
}
