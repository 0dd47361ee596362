import { expect, it } from 'vitest';
import type { TaskState } from '../../client/index.js';
import type { PlainUppy } from '../../client/uppy/plain.js';
import { createStall } from '../../client/uppy/stall.js';
import { UploadError } from '../../contract/index.js';

const stuck = { phase: 'uploading', speed: null, retrying: new UploadError('NETWORK') } as TaskState;
const moving = { phase: 'uploading', speed: 5, retrying: null } as TaskState;
const hashing = { phase: 'hashing', speed: 5, retrying: null } as TaskState;

it('that nothing moves is told once, until something has moved or all is over', () => {
  let told = 0;
  const uppy = { info: () => told++ } as unknown as PlainUppy;
  const look = createStall(uppy, (key) => key);
  const after = (...states: TaskState[]) => {
    look(states);
    return told;
  };
  expect(after(moving, stuck)).toBe(0);
  expect(after(stuck, moving)).toBe(0);
  expect(after(stuck, hashing)).toBe(1);
  expect(after(stuck, stuck)).toBe(1);
  expect(after(moving, stuck)).toBe(1);
  expect(after(stuck)).toBe(2);
  expect(after()).toBe(2);
  expect(after(stuck)).toBe(3);
});
