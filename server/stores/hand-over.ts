import { UploadError } from '../../contract/index.js';

/**
 * Makes a body ready to move to a worker. Memory that a piece shares with others (a slice of a socket's slab, of
 * Node's pool) must not move with it, so such a piece is copied.
 * @throws UploadError CHUNK_INCOMPLETE where the body does not have `size` bytes
 */
export function handOver(
  body: readonly Uint8Array[],
  size: number,
): { buffers: Uint8Array[]; transfer: ArrayBuffer[] } {
  const received = body.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (received !== size) throw new UploadError('CHUNK_INCOMPLETE', { expected: size, received });

  const transfer = new Set<ArrayBuffer>();
  const buffers = body.map((piece) => {
    const memory = piece.buffer;
    const isWhole = piece.byteLength === memory.byteLength;
    const own =
      isWhole && memory instanceof ArrayBuffer && !transfer.has(memory)
        ? { bytes: piece, memory }
        : copyOf(piece);
    transfer.add(own.memory);
    return own.bytes;
  });
  return { buffers, transfer: [...transfer] };
}

function copyOf(piece: Uint8Array): { bytes: Uint8Array; memory: ArrayBuffer } {
  const bytes = new Uint8Array(piece);
  return { bytes, memory: bytes.buffer };
}
