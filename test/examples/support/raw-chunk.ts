import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex, Writable } from 'node:stream';
import { KiB } from '../../../contract/index.js';

/** One chunk request on a connection of its own, whose body goes out by hand. */
export interface RawChunk {
  /** This end of its connection. */
  readonly port: number;
  /** The answer's status, once it is there. */
  readonly answer: Promise<number>;
  readonly answered: boolean;
  /** Writes so many bytes, as fast as they are taken. */
  write(bytes: number): void;
  /** Gives up the connection: as if the process had ended or, reset, as if the machine had. */
  die(how: 'close' | 'reset'): void;
  /** HTTP/2: gives up the request alone (RST_STREAM). HTTP/1 has no other way than to close. */
  cancel(): void;
}

type Open = (url: string, headers: Record<string, string>) => Promise<RawChunk>;

/** Sends pieces one by one, each once the one before it was taken by the system. */
function writer(stream: Writable): (bytes: number) => void {
  const piece = Buffer.alloc(64 * KiB);
  return function write(bytes) {
    if (bytes <= 0 || stream.destroyed) return;
    const part = piece.subarray(0, bytes);
    stream.write(part, (error) => {
      if (!error) write(bytes - part.length);
    });
  };
}

function answerOf<Found>(stream: NodeJS.EventEmitter, statusOf: (found: Found) => number) {
  const state = { answered: false };
  const answer = new Promise<number>((resolve, reject) => {
    stream.on('response', (found: Found) => {
      state.answered = true;
      resolve(statusOf(found));
    });
    stream.on('close', () => reject(new Error('no answer')));
  });
  // Of those that are given up nobody asks.
  answer.catch(() => {});
  return { answer, state };
}

export const openHttp1: Open = async (url, headers) => {
  const request = http.request(url, { method: 'POST', headers, agent: false });
  request.on('error', () => {});
  const { answer, state } = answerOf(request, (found: http.IncomingMessage) => {
    found.resume();
    return found.statusCode ?? 0;
  });
  request.flushHeaders();
  const [socket] = (await once(request, 'socket')) as [import('node:net').Socket];
  if (socket.connecting) await once(socket, 'connect');
  return {
    port: socket.localPort ?? 0,
    answer,
    get answered() {
      return state.answered;
    },
    write: writer(request),
    die: (how) => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()),
    cancel: () => socket.destroy(),
  };
};

export const openHttp2: Open = async (url, headers) => {
  const { origin, pathname } = new URL(url);
  const session = http2.connect(origin);
  session.on('error', () => {});
  await once(session, 'connect');
  const { socket } = session;
  const stream: Duplex & http2.ClientHttp2Stream = session.request({
    ...headers,
    ':method': 'POST',
    ':path': pathname,
  });
  stream.on('error', () => {});
  const { answer, state } = answerOf(stream, (found: http2.IncomingHttpHeaders) => {
    stream.resume();
    return Number(found[':status']);
  });
  return {
    port: socket.localPort ?? 0,
    answer,
    get answered() {
      return state.answered;
    },
    write: writer(stream),
    die: (how) => (how === 'reset' ? session.destroy(new Error('gone')) : session.destroy()),
    cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
  };
};
