import { type Command, createArgument } from 'commander';
import { toUploadError } from '../../client/index.js';
import { CliError, EXIT } from '../failure.js';
import { printable } from '../text.js';
import { uploadIdValue } from '../values.js';
import { type AddCommand, type Io, type ServerFlags, withServerOptions } from './command.js';
import { asking } from './connect.js';

export const addAbort: AddCommand = (program, io, finish) => {
  const command: Command = program
    .command('abort')
    .summary('give an unfinished upload up')
    .description('Ends an unfinished upload; the server deletes what it has of it. Completed files stay.')
    .addArgument(createArgument('<id>', 'the upload id, as `list` shows it').argParser(uploadIdValue));
  withServerOptions(command).action(async (uploadId: string, flags: ServerFlags) =>
    finish(await abort(uploadId, flags, io)),
  );
};

async function abort(uploadId: string, flags: ServerFlags, { output }: Io): Promise<number> {
  await asking(flags, async ({ uploads }) => {
    const view = await uploads.abort.mutate({ uploadId }).catch((cause: unknown) => {
      const error = toUploadError(cause);
      if (error.code === 'UPLOAD_NOT_FOUND')
        throw new CliError(`There is no upload ${uploadId} here: \`chunkwise list\` shows those there are.`);
      if (error.code === 'UPLOAD_CLOSED')
        throw new CliError(`The upload is ${error.data.status} and stays as it is.`);
      throw error;
    });
    output.result(printable(`${view.uploadId} ${view.status}`));
  });
  return EXIT.done;
}
