import { describeControlling } from './support/controlling.js';
import { describeRefusing } from './support/refusing.js';
import { describeUploading } from './support/uploading.js';

describeUploading('6');
describeControlling('6');
describeRefusing('6');
