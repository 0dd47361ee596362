import http from 'node:http';
import { CHUNK_HEADER, type ChunkFields, decodeChunkHeader } from '../../../../contract/index.js';

/** A request with a chunk that has come from a browser. */
export interface ChunkSeen extends ChunkFields {
  /** Bytes of the body that have come. */
  arrived: number;
  /** The server's answer; null while there is none. */
  status: number | null;
}

/** Stands between browsers and a server: counts, holds chunks up, and damages them. */
export interface Proxy {
  readonly handle: http.RequestListener;
  readonly chunks: readonly ChunkSeen[];
  /** Bytes of chunk bodies that have come from browsers. */
  readonly arrivedBytes: number;
  /** Requests that wait behind `holdAfter`. */
  readonly held: number;
  /** Lets so many more chunks through; those after them are kept unread until `release`. */
  holdAfter(count: number): void;
  /** Lets through whatever comes from now on; what was held up stays so. */
  stopHolding(): void;
  release(): void;
  /** Changes one bit of the chunks for which it says so. */
  damage(which: (chunk: ChunkSeen) => boolean): void;
  close(): void;
}

/** @param port the server's, on this machine */
export function createProxy(port: number): Proxy {
  const agent = new http.Agent({ keepAlive: true });
  const chunks: ChunkSeen[] = [];
  const waiting = new Map<http.ServerResponse, () => void>();
  let room = Number.POSITIVE_INFINITY;
  let isDamaged: (chunk: ChunkSeen) => boolean = () => false;

  function forward(req: http.IncomingMessage, res: http.ServerResponse, chunk: ChunkSeen | null): void {
    const { method, url: path, headers } = req;
    const out = http.request({ host: '127.0.0.1', port, agent, method, path, headers });
    let damaging = chunk !== null && isDamaged(chunk);
    out.on('response', (answer) => {
      if (chunk) chunk.status = answer.statusCode ?? 0;
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = answer.headers;
      res.writeHead(answer.statusCode ?? 0, kept).flushHeaders();
      answer.on('error', () => res.destroy());
      answer.pipe(res);
    });
    out.on('error', () => res.destroy());
    // Whatever ends one side ends the other.
    res.on('close', () => out.destroy());
    req.on('error', () => out.destroy());
    req.on('data', (piece: Buffer) => {
      if (chunk) chunk.arrived += piece.length;
      if (damaging) piece[0] = (piece[0] ?? 0) ^ 1;
      damaging = false;
      if (out.write(piece)) return;
      req.pause();
      out.once('drain', () => req.resume());
    });
    req.on('end', () => out.end());
  }

  return {
    chunks,
    get arrivedBytes() {
      return chunks.reduce((sum, { arrived }) => sum + arrived, 0);
    },
    get held() {
      return waiting.size;
    },
    handle(req, res) {
      const chunk = chunkOf(req);
      if (chunk === null) return forward(req, res, null);
      chunks.push(chunk);
      if (room-- > 0) return forward(req, res, chunk);
      waiting.set(res, () => forward(req, res, chunk));
      res.once('close', () => waiting.delete(res));
    },
    holdAfter(count) {
      room = count;
    },
    release() {
      room = Number.POSITIVE_INFINITY;
      for (const pass of waiting.values()) pass();
      waiting.clear();
    },
    stopHolding() {
      room = Number.POSITIVE_INFINITY;
    },
    damage(which) {
      isDamaged = which;
    },
    close: () => agent.destroy(),
  };
}

function chunkOf({ headers }: http.IncomingMessage): ChunkSeen | null {
  const header = headers[CHUNK_HEADER];
  if (typeof header !== 'string') return null;
  return { ...(decodeChunkHeader(header) as ChunkFields), arrived: 0, status: null };
}
