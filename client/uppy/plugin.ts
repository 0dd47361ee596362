import { BasePlugin, type Uppy } from '@uppy/core';
import type { UploadsClient } from '../types.js';
import { type Installed, install } from './install.js';
import type { AnyFields, ChunkwiseOptions } from './options.js';
import type { PlainUppy } from './plain.js';
import { type Say, STRINGS } from './strings.js';

/**
 * Uploads the files of an Uppy by Chunkwise: `uppy.use(Chunkwise, { client: trpc.uploads })`. With the type of the client,
 * `uppy.use(Chunkwise<typeof trpc.uploads>, ...)`, the name of the policy selects the type of `metadata`.
 *
 * A class, as Uppy's plugins are; what it does stands beside it.
 */
export class Chunkwise<
  Client extends UploadsClient = UploadsClient,
  // biome-ignore lint/suspicious/noExplicitAny: fits the Uppy that it is used in, without naming its types again.
  M extends AnyFields = any,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  B extends AnyFields = any,
> extends BasePlugin<ChunkwiseOptions<Client, M, B>, M, B> {
  private installed: Installed | null = null;

  constructor(uppy: Uppy<M, B>, options: ChunkwiseOptions<Client, M, B>) {
    super(uppy, options);
    this.id = options?.id ?? 'Chunkwise';
    this.type = 'uploader';
    this.defaultLocale = { strings: STRINGS };
    this.i18nInit();
  }

  override install(): void {
    const say: Say = (key, values) => this.i18n(key, values);
    // Names and types of one server's policies, and of one app's fields, are plain data in here.
    const uppy = this.uppy as unknown as PlainUppy;
    this.installed = install(uppy, () => this.opts as unknown as ChunkwiseOptions, say);
  }

  override uninstall(): void {
    this.installed?.uninstall();
    this.installed = null;
  }

  /** Uppy's ids of the files that upload under the server's `uploadId`; none where that is over, or another's. */
  filesOf(uploadId: string): string[] {
    return this.installed?.filesOf(uploadId) ?? [];
  }

  /** `policy`, `metadata`, `downloadUrl`, `discardOnCancel` and `locale` hold from the next file on; others stay. */
  override setOptions(options: Partial<ChunkwiseOptions<Client, M, B>>): void {
    const { policy } = this.opts;
    super.setOptions(options);
    if (this.opts.policy !== policy) this.installed?.policyChanged();
  }
}
