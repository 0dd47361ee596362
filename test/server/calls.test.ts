import { expect, it } from 'vitest';
import { SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import { startCore } from '../support/core.js';
import { temporaryFolder } from '../support/server.js';

it('a small upload asks the sessions for nothing that it knows, alone and beside others', async () => {
  await using folder = await temporaryFolder();
  const counts = new Map<string, number>();
  await using core = await startCore(
    folder.path,
    (sessions) =>
      new Proxy(sessions, {
        get(target, name, receiver) {
          counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
          return Reflect.get(target, name, receiver);
        },
      }),
  );
  const upload = async () => {
    const id = await core.fill();
    core.assembler.kick(id);
    return core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs);
  };
  // What a start looks for is over.
  await upload();
  await core.cleanup.idle();

  counts.clear();
  expect(await upload()).toMatchObject({ status: 'completed' });
  await core.cleanup.idle();
  expect(counts.get('get')).toBe(2);
  // One more looks for what else is due.
  expect(counts.get('takeLease')).toBeLessThanOrEqual(2);
  for (const name of ['touch', 'dropAll', 'missing', 'setHash']) expect(counts.has(name)).toBe(false);

  const many = 3 * SERVER_DEFAULTS.parallelAssemblies;
  const outcomes = await Promise.all(Array.from({ length: many }, upload));
  expect(outcomes.map((outcome) => outcome?.status)).toEqual(Array(many).fill('completed'));
});

it('a look that fails for one upload is made again, for all that were asked for with it', async () => {
  await using folder = await temporaryFolder();
  let failing = '';
  await using core = await startCore(folder.path, (sessions) => ({
    ...sessions,
    takeLease(...args) {
      if (args[3] === undefined || args[3] !== failing) return sessions.takeLease(...args);
      failing = '';
      return Promise.reject(new UploadError('STORE_UNAVAILABLE'));
    },
  }));
  const [one, other] = [await core.fill(), await core.fill()];
  failing = other;
  core.assembler.kick();
  core.assembler.kick(other);
  for (const id of [one, other])
    expect(await core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs)).toMatchObject({
      status: 'completed',
    });
  expect(failing).toBe('');
});
