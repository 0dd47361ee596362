/** A module of its own: whoever imports it late gets SHA-256 alone, and not all of hash-wasm. */
export { createSHA256 } from 'hash-wasm';
