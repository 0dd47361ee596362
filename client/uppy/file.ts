import { UploadError } from '../../contract/for-clients.js';
import { blobSource, type Source } from '../sources.js';
import type { PlainFile } from './plain.js';
import type { Say } from './strings.js';

/**
 * The bytes of a file that Uppy holds, under the name that it has there: people may have changed it.
 * @throws UploadError where there are none on this device
 */
export function sourceOf(file: PlainFile, say: Say): Source {
  const name = file.meta.name;
  if (file.isRemote) throw new UploadError('INPUT_INVALID', { message: say('fileIsRemote', { file: name }) });
  const { data } = file;
  if (file.isGhost || !(data instanceof Blob))
    throw new UploadError('INPUT_INVALID', { message: say('fileIsGhost', { file: name }) });
  // Uppy knows the types of more names than browsers do, and has checked its restrictions by them.
  return { ...blobSource(data, { name, ...pathOf(file, data) }), type: file.type || undefined };
}

function pathOf({ meta }: PlainFile, data: Blob): { relativePath?: string } {
  const inFolder = meta.relativePath || ('webkitRelativePath' in data && data.webkitRelativePath);
  return inFolder ? { relativePath: String(inFolder) } : {};
}
