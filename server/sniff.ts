import { acceptsType } from '../contract/index.js';
import type { HookUpload, Verdict } from './policy.js';

type Detect = (path: string) => Promise<{ mime: string } | undefined>;

export interface SniffOptions {
  /** Types that the content may have; `image/*` stands for all images. */
  types: readonly string[];
  /** Tells a file's type from its bytes; undefined: unknown. @default fileTypeFromFile of the package `file-type` */
  detect?: Detect;
}

/**
 * A ready `beforePublish`: looks into the verified bytes, whatever the client has declared, and refuses what is not
 * one of the types. Fails closed: content of no known type (all plain text, for one) is refused, and while
 * `file-type` is not installed nothing is published.
 * @throws TypeError where no type is given: nothing could ever pass
 */
export function sniffType({ types, detect = detectByFileType }: SniffOptions) {
  if (types.length === 0) throw new TypeError('sniffType needs at least one type.');
  return async (_upload: HookUpload<unknown>, file: { path: string }): Promise<Verdict> => {
    const found = await detectOrNone(detect, file.path);
    if (found === undefined)
      return `The content is of no type that can be told from its bytes. Accepted: ${types.join(', ')}.`;
    if (acceptsType(types, found)) return true;
    return `The content is ${found}, which is not accepted. Accepted: ${types.join(', ')}.`;
  };
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

async function detectByFileType(path: string): Promise<{ mime: string } | undefined> {
  const { fileTypeFromFile } = await import('file-type').catch((cause) => {
    throw new MissingPackage('sniffType needs the package file-type: run `npm install file-type`.', {
      cause,
    });
  });
  return fileTypeFromFile(path);
}
