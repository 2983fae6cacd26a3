import { createProgress } from '@spanloom/cli';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { machineLine } from '../report/table';
import { type DataSet, generatedSet, packMessages, recordedSet } from './data-sets';
import { COMPRESSIONS, compressionsHere, measureCompression } from './measure-compression';
import { HELP, readCompressionOptions } from './options';
import { type CompressionSet, compressionFigures, compressionLines } from './report';

/** `npm run bench:compression`. */
async function main(): Promise<void> {
  const options = readCompressionOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const progress = createProgress(process.stderr, systemClock);
  const here = await compressionsHere();
  const missing = COMPRESSIONS.filter((compression) => !here.includes(compression));

  async function measureSet(data: DataSet, batch: number, rounds: number): Promise<CompressionSet> {
    progress.show(() => [`${data.name}: packing messages of ${batch}`]);
    const messages = await packMessages(data, batch);
    const results = [];
    for (const compression of here) {
      progress.show(() => [`${data.name}, ${batch} spans a message: ${compression}`]);
      results.push(await measureCompression(messages, compression, rounds));
    }
    const { spans, records } = messages;
    return { name: data.name, spans, messages: records.length, batch, results };
  }

  const recorded = options.recordings.map(recordedSet);
  const sets: CompressionSet[] = [];
  for (const data of options.spans > 0 ? [generatedSet(options.spans), ...recorded] : recorded) {
    for (const batch of options.batches) sets.push(await measureSet(data, batch, options.rounds));
  }
  progress.end();
  if (!options.json) {
    const lines = [machineLine(), ...sets.flatMap(compressionLines)];
    for (const name of missing) lines.push(`${name}: this Node (${process.version}) has none`);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  const figures = sets.map(compressionFigures);
  process.stdout.write(`${JSON.stringify({ node: process.version, missing, sets: figures })}\n`);
}

runCommand(main);
