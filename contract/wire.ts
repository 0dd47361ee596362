import { MAX_CHUNK_HEADER_BYTES } from './limits.js';

/** Carries a chunk's fields beside its binary body, as `encodeURIComponent(JSON.stringify(fields))`. */
export const CHUNK_HEADER = 'x-chunkwise-chunk';
export const CHUNK_CONTENT_TYPE = 'application/octet-stream';

/** The fields of a chunk, without its bytes. */
export interface ChunkFields {
  uploadId: string;
  /** 0-based. */
  index: number;
  /** Bytes before this chunk in the file. */
  offset: number;
  /** Bytes of this chunk. */
  size: number;
  /** Number of chunks of the file. */
  total: number;
  /** SHA-256 of the chunk's bytes, 64 lower-case hex digits. */
  hash: string;
}

export function encodeChunkHeader({ uploadId, index, offset, size, total, hash }: ChunkFields): string {
  return encodeURIComponent(JSON.stringify({ uploadId, index, offset, size, total, hash }));
}

/**
 * The JSON value in the header, unchecked: the schema of `chunk` is the judge of it.
 * @returns undefined where the header is too long or is not encoded JSON
 */
export function decodeChunkHeader(header: string): unknown {
  if (header.length > MAX_CHUNK_HEADER_BYTES) return undefined;
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch {
    return undefined;
  }
}
