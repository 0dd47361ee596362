import { UploadError } from '../../../contract/index.js';
import type { Place } from './operations/finding.js';

/** Opaque text that stands for the last upload of a page. */
export function encodeCursor({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url');
}

/** @throws UploadError INPUT_INVALID */
export function decodeCursor(cursor: string): Place {
  const match = /^(\d{1,16})\.([0-9A-Z]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  const [, createdAt, id] = match ?? [];
  if (createdAt === undefined || id === undefined)
    throw new UploadError('INPUT_INVALID', { message: 'cursor: not one that `list` has answered' });
  return { createdAt: Number(createdAt), id };
}
