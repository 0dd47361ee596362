import type { PluginOpts, UppyFile } from '@uppy/core';
import type { UploaderOptions } from '../engine.js';
import type { DataOf, PolicyName, UploadOptions, UploadResult, UploadsClient } from '../types.js';
import type { Uploader } from '../uploader.js';

/** What Uppy asks of a file's `meta` and of a response's `body`. */
export type AnyFields = Record<string, unknown>;

/** `response.body` of 'upload-success': what an upload under that policy gives. For `new Uppy<Meta, Body>()`. */
export type ChunkwiseBody<
  Client extends UploadsClient = UploadsClient,
  Name extends PolicyName<Client> = PolicyName<Client>,
> = Members<UploadResult<DataOf<Client, Name>>>;

/** Uppy wants any text to be a key, as interfaces do not. */
type Members<Type> = { [Key in keyof Type]: Type[Key] };

/** `policy` and `metadata`, as an upload under that policy takes them. */
type Choice<Client extends UploadsClient, Name extends PolicyName<Client>> = Omit<
  UploadOptions<Client, Name>,
  'name' | 'relativePath' | 'signal'
>;

/** `metadata` is made for each file. */
type PerFile<Options, File> = {
  [Key in keyof Options]: Key extends 'metadata' ? (file: File) => Options[Key] : Options[Key];
};

/** The name of the policy selects the types of `metadata` and of the result. */
export type PolicyOptions<Client extends UploadsClient, M extends AnyFields, B extends AnyFields> = {
  [Name in PolicyName<Client>]: PerFile<Choice<Client, Name>, UppyFile<M, B>> & {
    /** Where a completed file can be had: it becomes its `uploadURL`, to which the Dashboard links. */
    downloadUrl?: (result: ChunkwiseBody<Client, Name>) => string | undefined;
  };
}[PolicyName<Client>];

/** An uploader that the app has, too, or a client and options for one of the plugin's own. */
export type UploaderChoice<Client extends UploadsClient> =
  | { uploader: Uploader<Client>; client?: never }
  | ({ client: Client; uploader?: never } & UploaderOptions);

export interface CommonOptions extends PluginOpts {
  /**
   * A file that is taken away while it uploads is aborted on the server as well: by its own button or by "cancel", not
   * when the page is closed. With `false` the server keeps what it has, and the same file goes on from there.
   * @default true
   */
  discardOnCancel?: boolean;
  /**
   * Takes `maxFileSize` and `allowedFileTypes` from the policy where Uppy's own `restrictions` leave them open, so that
   * a file is refused when it is chosen. The server refuses it in any case.
   * @default true
   */
  restrictions?: boolean;
}

export type ChunkwiseOptions<
  Client extends UploadsClient = UploadsClient,
  M extends AnyFields = AnyFields,
  B extends AnyFields = AnyFields,
> = CommonOptions & UploaderChoice<Client> & PolicyOptions<Client, M, B>;
