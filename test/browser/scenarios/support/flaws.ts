import type { Told } from '../bench/page.js';

/** What never goes back while an upload lasts. */
const GROWING = ['bytes', 'hashedBytes', 'fraction', 'retries'] as const;
const ENDS = ['completed', 'failed', 'cancelled'];

/** What is wrong with the states that one upload told of, from the first to the last; in words. */
export function flawsOf(log: readonly Told[]): string[] {
  return log.flatMap((now, index) => {
    const before = log[index - 1];
    const flaws = [...flawsAlone(now), ...(before ? flawsAfter(before, now) : [])];
    return flaws.map((flaw) => `state ${index} of ${log.length} (${now.phase}): ${flaw}`);
  });
}

function flawsAlone({
  phase,
  size,
  bytes,
  fraction,
  chunks,
  total,
  path,
  hashedBytes,
  ...rest
}: Told): string[] {
  const { hashTotalBytes, uploadId } = rest;
  const whole = fraction === 1;
  return [
    bytes > size && `${bytes} bytes of ${size}`,
    hashedBytes > hashTotalBytes && `${hashedBytes} bytes hashed of ${hashTotalBytes}`,
    chunks > (total ?? 0) && `${chunks} chunks of ${total}`,
    (fraction < 0 || fraction > 1) && `a fraction of ${fraction}`,
    whole !== (phase === 'completed') && `a fraction of ${fraction}`,
    phase === 'completed' && (bytes !== size || chunks !== total) && `${bytes} bytes, ${chunks} chunks`,
    (phase === 'completed') !== (path !== null) && `the path ${path}`,
    phase === 'uploading' && uploadId === null && 'no uploadId',
  ].filter((flaw) => flaw !== false);
}

function flawsAfter(before: Told, now: Told): string[] {
  const back = GROWING.filter((key) => now[key] < before[key]).map(
    (key) => `${key} went from ${before[key]} to ${now[key]}`,
  );
  // A session in place of a lost one may cut the file otherwise.
  if (now.total === before.total && now.chunks < before.chunks)
    back.push(`chunks went from ${before.chunks} to ${now.chunks}`);
  if (ENDS.includes(before.phase)) back.push(`came after ${before.phase}`);
  return back;
}
