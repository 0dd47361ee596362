import { SERVER_DEFAULTS } from '../../../contract/index.js';

const { smallPieceBytes, pieceBlockBytes } = SERVER_DEFAULTS;

/**
 * Collects a body's pieces so that every buffer owns its memory and can be transferred to a worker. Network buffers
 * are kept as they are; small pieces, and slices of somebody else's memory, are copied into blocks.
 */
export function createCollector(): { add(piece: Uint8Array): void; take(): Uint8Array[] } {
  const pieces: Uint8Array[] = [];
  let block: Uint8Array | null = null;
  let filled = 0;

  function closeBlock(): void {
    if (block === null) return;
    // A copy of what is filled: the rest of a block must not be carried along.
    pieces.push(filled === block.byteLength ? block : block.slice(0, filled));
    block = null;
    filled = 0;
  }

  return {
    add(piece) {
      const ownsMemory = piece.byteOffset === 0 && piece.byteLength === piece.buffer.byteLength;
      if (ownsMemory && piece.byteLength >= smallPieceBytes) {
        closeBlock();
        pieces.push(piece);
        return;
      }
      for (let from = 0; from < piece.byteLength; ) {
        block ??= new Uint8Array(pieceBlockBytes);
        const part = piece.subarray(from, from + block.byteLength - filled);
        block.set(part, filled);
        filled += part.byteLength;
        from += part.byteLength;
        if (filled === block.byteLength) closeBlock();
      }
    },
    take() {
      closeBlock();
      return pieces;
    },
  };
}
