import type { TestFile, TestUppy } from './setup.js';

export interface Told {
  readonly event: string;
  readonly name: string;
  /** Of a progress event, its bytes or its share. */
  readonly value?: number | undefined;
}

type Any = (...args: unknown[]) => void;

/** What Uppy is told, event by event, in order. */
export function record(uppy: TestUppy): Told[] {
  const told: Told[] = [];
  const on = (event: string, take: (name: string, more: never) => Partial<Told>) =>
    (uppy.on as (event: string, listener: Any) => void)(event, (file, more) => {
      for (const one of [file].flat() as TestFile[])
        told.push({ event, name: one.name, ...take(one.name, more as never) });
    });
  on('upload-start', () => ({}));
  on('preprocess-progress', (_, { value }: { value: number }) => ({ value }));
  on('preprocess-complete', () => ({}));
  on('upload-progress', (_, { bytesUploaded }: { bytesUploaded: number }) => ({ value: bytesUploaded }));
  on('postprocess-progress', () => ({}));
  on('postprocess-complete', () => ({}));
  on('upload-success', () => ({}));
  on('upload-error', () => ({}));
  return told;
}

/** The events of one file, each run of the same ones as one. */
export function storyOf(told: readonly Told[], name: string): string[] {
  const events = told.filter((one) => one.name === name).map(({ event }) => event);
  return events.filter((event, index) => event !== events[index - 1]);
}

/** Where a value of that event goes back, or stays. */
export function stepsBack(told: readonly Told[], event: string, name: string): Told[] {
  const values = told.filter((one) => one.event === event && one.name === name);
  return values.filter(({ value = 0 }, index) => value <= (values[index - 1]?.value ?? -1));
}
