import { toUploadError } from '../errors.js';
import type { UploadsClient } from '../types.js';
import { createUploader, type Uploader } from '../uploader.js';
import type { ChunkwiseOptions } from './options.js';
import type { PlainOptions, PlainUploader, PlainUppy } from './plain.js';
import { createRestrictions } from './restrictions.js';
import type { Say } from './strings.js';
import { createTransfers } from './transfers.js';

/** The plugin at work in an Uppy. */
export interface Installed {
  policyChanged(): void;
  filesOf(uploadId: string): string[];
  uninstall(): void;
}

/**
 * @param options asked anew each time: Uppy lets them change
 * @throws RangeError where an option of the plugin's own uploader is out of its range
 */
export function install(uppy: PlainUppy, options: () => ChunkwiseOptions, say: Say): Installed {
  const { uploader, own } = uploaderOf(options());
  const plain = () => options() as PlainOptions;
  const transfers = createTransfers(uppy, uploader as unknown as PlainUploader, plain, say);
  const restrictions = createRestrictions(uppy, () => {
    const { policy } = plain();
    return uploader.client.policy.query(policy === undefined ? {} : { policy });
  });
  const restricted = options().restrictions !== false;

  const upload = (fileIDs: string[]) => {
    // It could not be asked before, or nobody was signed in.
    if (restricted) void restrictions.load();
    return transfers.upload(fileIDs);
  };
  const onRemoved = (file: { id: string }) => transfers.remove(file.id);
  const onPause = (file: { id: string } | undefined, paused: boolean) => {
    if (file) transfers.pause(file.id, paused);
  };
  const onPauseAll = () => transfers.pauseAll(true);
  const onResumeAll = () => transfers.pauseAll(false);

  const able = (resumableUploads: boolean) => {
    const { capabilities } = uppy.getState();
    uppy.setState({ capabilities: { ...capabilities, resumableUploads, individualCancellation: true } });
  };
  able(true);
  uppy.addUploader(upload);
  uppy.on('files-added', transfers.added).on('file-removed', onRemoved).on('upload-pause', onPause);
  uppy.on('pause-all', onPauseAll).on('resume-all', onResumeAll);
  if (restricted) void restrictions.load();

  return {
    policyChanged() {
      if (restricted) void restrictions.reload();
    },
    filesOf: transfers.filesOf,
    uninstall() {
      transfers.stop();
      uppy.removeUploader(upload);
      uppy.off('files-added', transfers.added).off('file-removed', onRemoved).off('upload-pause', onPause);
      uppy.off('pause-all', onPauseAll).off('resume-all', onResumeAll);
      restrictions.release();
      able(false);
      if (own) own.close().catch((cause) => uppy.log(toUploadError(cause), 'warning'));
    },
  };
}

function uploaderOf(options: ChunkwiseOptions): { uploader: Uploader; own: Uploader | null } {
  if (options.uploader) return { uploader: options.uploader, own: null };
  const { client, ...uploaderOptions } = options;
  if (!isClient(client))
    throw new TypeError(
      'Chunkwise needs `uploader` or `client`: `.use(Chunkwise, { client: trpc.uploads })`.',
    );
  const own = createUploader(client, uploaderOptions);
  return { uploader: own, own };
}

/** tRPC's clients are made of proxies, which are functions. */
function isClient(value: unknown): value is UploadsClient {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
