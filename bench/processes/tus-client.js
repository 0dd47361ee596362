// As tus-js-client is used by default: one stream for the whole file.
import fs from 'node:fs';
import { Upload } from 'tus-js-client';

const [file, endpoint] = [process.argv[2], process.argv[3]];
await new Promise((resolve, reject) => {
  const upload = new Upload(fs.createReadStream(file), {
    endpoint,
    uploadSize: fs.statSync(file).size,
    retryDelays: [],
    onSuccess: resolve,
    onError: reject,
  });
  upload.start();
});
