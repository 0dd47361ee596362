import fs from 'node:fs/promises';
import path from 'node:path';
import { filesUnder, type Source } from '../../client/node/index.js';
import { UploadError } from '../../contract/index.js';

export interface FoundFile {
  /** As the user would write it: the given path, and what lies below it. */
  readonly shown: string;
  readonly source: Source;
}

/** A path that was given, or one below it, of which nothing can be uploaded. */
export interface NotFound {
  readonly shown: string;
  readonly error: UploadError;
}

/**
 * Every file at or below the given paths, and what could not be read. A path that is given twice counts once.
 * @throws the signal's reason when it aborts
 */
export async function findFiles(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<{ files: FoundFile[]; notFound: NotFound[] }> {
  const files: FoundFile[] = [];
  const notFound: NotFound[] = [];
  const seen = new Set<string>();
  for (const given of paths) {
    const start = path.resolve(given);
    if (seen.has(start)) continue;
    seen.add(start);
    const before = files.length + notFound.length;
    const shownAs = (absolute: string) => path.join(given, path.relative(start, absolute));
    const sources = filesUnder(
      given,
      (error, absolute) => notFound.push({ shown: shownAs(absolute), error }),
      signal,
    );
    for await (const source of sources) files.push({ shown: shownAs(source.path ?? start), source });
    if (files.length + notFound.length === before)
      notFound.push({
        shown: given,
        error: new UploadError('INPUT_INVALID', { message: await whyEmpty(start, given) }),
      });
  }
  return { files, notFound };
}

async function whyEmpty(folder: string, given: string): Promise<string> {
  const entries = await fs.readdir(folder).catch(() => []);
  return entries.length === 0
    ? `The folder ${given} is empty: there is nothing to upload.`
    : `The folder ${given} holds no files: links and special files are left out.`;
}
