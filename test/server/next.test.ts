import { describe, expect, it } from 'vitest';
import { MAX_CHUNK_SIZE_BYTES } from '../../contract/index.js';
import { withChunkwise } from '../../server/next.js';
import { loadedWith } from '../house/loaded.js';
import { ROOT } from '../house/tree.js';

const EXTERNAL = ['chunkwise/server', 'chunkwise/dist/server', 'better-sqlite3', 'piscina'];
const whole = { proxyClientMaxBodySize: MAX_CHUNK_SIZE_BYTES };

describe('withChunkwise', () => {
  it('makes a configuration of nothing', () => {
    expect(withChunkwise()).toEqual({ serverExternalPackages: EXTERNAL, experimental: whole });
  });

  it('adds to what the app has set, and leaves its object alone', () => {
    const given = {
      output: 'standalone' as const,
      serverExternalPackages: ['sharp', 'piscina'],
      experimental: { typedEnv: true },
    };
    const copy = structuredClone(given);
    expect(withChunkwise(given)).toEqual({
      output: 'standalone',
      serverExternalPackages: [
        'sharp',
        'piscina',
        'chunkwise/server',
        'chunkwise/dist/server',
        'better-sqlite3',
      ],
      experimental: { typedEnv: true, ...whole },
    });
    expect(given).toEqual(copy);
    expect(withChunkwise(withChunkwise(given))).toEqual(withChunkwise(given));
  });

  it.each(['proxyClientMaxBodySize', 'middlewareClientMaxBodySize'])(
    'keeps a limit of bodies by the name of %s, as Next.js refuses both names at once',
    (name) => {
      expect(withChunkwise({ experimental: { [name]: '20mb' } }).experimental).toEqual({ [name]: '20mb' });
      expect(withChunkwise({ experimental: { [name]: undefined } }).experimental).toMatchObject(whole);
    },
  );

  it('takes a function, also one that answers later, and hands it what Next.js says', async () => {
    const config = withChunkwise(async (phase: string, { defaultConfig }: { defaultConfig: object }) => ({
      ...defaultConfig,
      env: { phase },
    }));
    expect(await config('phase-production-build', { defaultConfig: { poweredByHeader: false } })).toEqual({
      poweredByHeader: false,
      env: { phase: 'phase-production-build' },
      serverExternalPackages: EXTERNAL,
      experimental: whole,
    });
    expect(await withChunkwise(() => ({ env: {} }))()).toMatchObject({ serverExternalPackages: EXTERNAL });
  });

  it('loads nothing of Next.js, nor of the server', async () => {
    expect(await loadedWith(ROOT, 'server/next.ts')).toEqual(['contract/limits.ts', 'server/next.ts']);
  });
});
