import { FLOOR } from './contenders.js';
import type { Sample } from './measure.js';

export type Rounds = Map<string, Sample[]>;

const KEYS = ['wallS', 'serverCpuS', 'serverPeakMiB', 'clientPeakMiB'] as const;

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Ratios to the floor, round by round, so that a machine that changes its speed changes both. */
function ratios(rounds: Rounds, name: string, key: (typeof KEYS)[number]): number[] {
  const floor = rounds.get(FLOOR) ?? [];
  return (rounds.get(name) ?? []).map((sample, round) => sample[key] / (floor[round]?.[key] ?? Number.NaN));
}

export function table(rounds: Rounds, sizeGiB: number): string {
  const lines = [
    '| | wall | ÷ floor (min–max) | MiB/s | server CPU s/GiB | ÷ floor | server peak MiB | client peak MiB |',
    '|---|---|---|---|---|---|---|---|',
  ];
  for (const [name, samples] of rounds) {
    const of = (key: (typeof KEYS)[number]) => median(samples.map((sample) => sample[key]));
    const wall = ratios(rounds, name, 'wallS');
    const range = `${Math.min(...wall).toFixed(2)}–${Math.max(...wall).toFixed(2)}`;
    lines.push(
      `| ${name} | ${of('wallS').toFixed(2)} s | ${median(wall).toFixed(2)} (${range}) | ${Math.round((sizeGiB * 1024) / of('wallS'))} | ${(of('serverCpuS') / sizeGiB).toFixed(2)} | ${median(ratios(rounds, name, 'serverCpuS')).toFixed(2)} | ${Math.round(of('serverPeakMiB'))} | ${Math.round(of('clientPeakMiB'))} |`,
    );
  }
  return lines.join('\n');
}
