/**
 * `npm run bench [-- --rounds N --size MIB --dir DIR --write]`: the CLI against `serve`, beside the verified floor and
 * @tus/server, interleaved. With `--write` the figures go into docs/benchmarks.md.
 */
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MiB } from '../contract/index.js';
import { contenders } from './contenders.js';
import { measure } from './measure.js';
import { type Rounds, table } from './report.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    size: { type: 'string', default: '1024' },
    dir: { type: 'string', default: fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir() },
    write: { type: 'boolean', default: false },
  },
});

const rounds = Number(values.rounds);
const sizeMiB = Number(values.size);
const folder = fs.mkdtempSync(path.join(values.dir, 'chunkwise-bench-'));
const file = path.join(folder, 'source.bin');
const results: Rounds = new Map(contenders.map(({ name }) => [name, []]));

try {
  const fd = fs.openSync(file, 'w');
  for (let n = 0; n < sizeMiB; n++) fs.writeSync(fd, randomFillSync(Buffer.alloc(MiB)));
  fs.closeSync(fd);
  for (let round = 0; round < rounds; round++)
    for (let n = 0; n < contenders.length; n++) {
      // Another one begins each round, so that nobody always follows the same neighbour.
      const contender = contenders[(n + round) % contenders.length];
      if (contender === undefined) continue;
      const sample = await measure(contender, file, path.join(folder, 'root'));
      results.get(contender.name)?.push(sample);
      console.error(
        `round ${round + 1}: ${contender.name}: ${sample.wallS.toFixed(2)} s, server CPU ${sample.serverCpuS.toFixed(2)} s`,
      );
    }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

const figures = table(results, sizeMiB / 1024);
console.log(figures);
if (values.write) {
  const doc = path.join(import.meta.dirname, '../docs/benchmarks.md');
  const text = fs.readFileSync(doc, 'utf8');
  fs.writeFileSync(doc, text.replace(/(<!-- figures -->\n)[\s\S]*?(<!-- end -->)/, `$1${figures}\n$2`));
}
