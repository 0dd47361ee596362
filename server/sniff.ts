import { acceptsType } from '../contract/index.js';
import type { HookCheck, HookUpload, Verdict } from './policy.js';

type Detect = (path: string) => Promise<{ mime: string } | undefined>;

export interface SniffOptions {
  /** Types that the content may have; `image/*` stands for all images. */
  types: readonly string[];
  /** Tells a file's type from its bytes; undefined: unknown. @default fileTypeFromFile of the package `file-type` */
  detect?: Detect;
}

/** A `beforePublish` for any policy. */
export type SniffHook = ((upload: HookUpload<unknown>, file: { path: string }) => Promise<Verdict>) &
  HookCheck;

/**
 * A ready `beforePublish`: looks into the verified bytes, whatever the client has declared, and refuses what is not
 * one of the types. Fails closed: content of no known type (all plain text, for one) is refused. While `file-type` is
 * not installed the server does not open, and nothing is published.
 * @throws TypeError where no type is given: nothing could ever pass
 */
export function sniffType({ types, detect }: SniffOptions): SniffHook {
  if (types.length === 0) throw new TypeError('sniffType needs at least one type.');
  const sniff = async (_upload: HookUpload<unknown>, file: { path: string }): Promise<Verdict> => {
    const found = await detectOrNone(detect ?? detectByFileType, file.path);
    if (found === undefined)
      return `The content is of no type that can be told from its bytes. Accepted: ${types.join(', ')}.`;
    if (acceptsType(types, found)) return true;
    return `The content is ${found}, which is not accepted. Accepted: ${types.join(', ')}.`;
  };
  return detect ? sniff : Object.assign(sniff, { ready: async () => void (await loadFileType()) });
}

/** Content that the detector cannot make sense of has no type; a file that cannot be read is another matter. */
async function detectOrNone(detect: Detect, path: string): Promise<string | undefined> {
  try {
    return (await detect(path))?.mime;
  } catch (error) {
    if (error instanceof MissingPackage || (error instanceof Error && 'syscall' in error)) throw error;
    return undefined;
  }
}

class MissingPackage extends Error {}

async function loadFileType() {
  try {
    return await import('file-type');
  } catch (cause) {
    throw new MissingPackage('sniffType needs the package file-type: run `npm i file-type`.', { cause });
  }
}

async function detectByFileType(path: string): Promise<{ mime: string } | undefined> {
  const { fileTypeFromFile } = await loadFileType();
  return fileTypeFromFile(path);
}
