import { UploadError } from '../contract/for-clients.js';

/** Where a file's bytes come from. Made for one upload, which closes it. */
export interface Source {
  readonly name: string;
  /** Bytes; fixed for the source's life. */
  readonly size: number;
  /** Media type. */
  readonly type?: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastModified?: number | undefined;
  /** Path below the folder that was chosen, with `/`. */
  readonly relativePath?: string | undefined;
  /** Absolute path of the file, where threads of this machine can read it by themselves. */
  readonly path?: string | undefined;
  /** The same bytes, where workers of a page can read them by themselves. */
  readonly blob?: Blob | undefined;
  /**
   * The bytes in [offset, offset + size). Fewer mean that the file became shorter.
   * The caller must not change what it gets: it may be the source's own memory.
   */
  read(offset: number, size: number, signal: AbortSignal): Promise<Uint8Array | Blob>;
  /** Nobody uses these bytes, which `read` gave, any more: their memory may serve another read. */
  recycle?(bytes: Uint8Array | Blob): void;
  /** Changes when the content may have changed. Absent: the source cannot change. */
  version?(): Promise<string>;
  /** The version that has this `size`. Absent: the one that the source has when its upload begins. */
  readonly knownVersion?: string | undefined;
  close?(): Promise<void>;
}

export interface SourceNames {
  name?: string;
  relativePath?: string;
}

export function bytesSource(
  bytes: Uint8Array,
  { name = 'untitled', relativePath }: SourceNames = {},
): Source {
  return {
    name,
    size: bytes.byteLength,
    relativePath,
    read: async (offset, size) => bytes.subarray(offset, offset + size),
  };
}

interface FileLike extends Blob {
  readonly name?: string;
  readonly lastModified?: number;
  readonly webkitRelativePath?: string;
}

/**
 * A Blob or File. Chunks are read into memory before they are sent: a browser that cannot read the file any more then
 * says so, while a request with an unreadable body only looks like a network failure.
 */
export function blobSource(blob: Blob, names: SourceNames = {}): Source {
  const file: FileLike = blob;
  return {
    name: names.name ?? file.name ?? 'untitled',
    size: blob.size,
    type: blob.type || undefined,
    lastModified: file.lastModified,
    relativePath: names.relativePath ?? (file.webkitRelativePath || undefined),
    blob,
    async read(offset, size) {
      try {
        return new Uint8Array(await blob.slice(offset, offset + size).arrayBuffer());
      } catch (cause) {
        // NotReadableError, NotFoundError: the file was changed, moved or deleted since it was chosen.
        throw new UploadError('FILE_CHANGED', { cause });
      }
    },
  };
}

/** Makes a source of whatever can be uploaded. Sources are returned as they are. */
export function toSource(input: Source | Blob | Uint8Array, names: SourceNames = {}): Source {
  if (input instanceof Uint8Array) return bytesSource(input, names);
  if (input instanceof Blob) return blobSource(input, names);
  return input;
}

/** Bytes of what a source gave. */
export function sizeOf(bytes: Uint8Array | Blob): number {
  return bytes instanceof Blob ? bytes.size : bytes.byteLength;
}

/** What a source gave, in memory. */
export async function inMemory(bytes: Uint8Array | Blob): Promise<Uint8Array> {
  return bytes instanceof Blob ? new Uint8Array(await bytes.arrayBuffer()) : bytes;
}
