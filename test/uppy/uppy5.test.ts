import { vi } from 'vitest';
import { describeControlling } from './support/controlling.js';
import { describeRefusing } from './support/refusing.js';
import { describeUploading } from './support/uploading.js';

/** The same plugin, as it is in an app that has Uppy 5. */
vi.mock('@uppy/core', () => import('uppy-core-5'));

describeUploading('5');
describeControlling('5');
describeRefusing('5');
