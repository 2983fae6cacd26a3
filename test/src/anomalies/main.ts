import { parseArgs } from 'node:util';
import { DETECTOR_RULES, type DetectorRules } from '@spanloom/detector';
import { fixedThreshold, type Threshold } from './fixed-threshold';
import { readRecording } from './recorded-traces';
import { detect, selfTimesOf } from './replay';
import { readFaults, type Score, score } from './score';
import { tune } from './tune';

const USAGE = `usage: npm run anomalies -- --recording FILE --faults FILE [--json] [--events] [--tune] [--set name=value]…

Feeds a recording (OTLP/JSON lines) through decoder, self times and detector, and compares the events with
labelled faults; beside it a fixed threshold on the p99 of each service, with the multiple that suits this
recording best. --tune tries combinations of rules and says which suit this recording best.`;

const SAME_MS = [20, 50, 100, 200, 500, 1000, 2000, 5000];
const OWN_TIMES = [1.25, 1.5, 2, 3, 5, 10];

function rulesFrom(settings: readonly string[]): DetectorRules {
  const changed: Record<string, number> = {};
  for (const setting of settings) {
    const [name = '', value = ''] = setting.split('=');
    if (!(name in DETECTOR_RULES) || !Number.isFinite(Number(value))) {
      throw new Error(`no rule ${setting}; rules: ${Object.keys(DETECTOR_RULES).join(', ')}`);
    }
    changed[name] = Number(value);
  }
  return { ...DETECTOR_RULES, ...changed };
}

/** The threshold that finds most, and of those the one with the fewest other events. */
function best(
  candidates: readonly Threshold[],
  of: (threshold: Threshold) => Score,
): { readonly threshold: Threshold; readonly score: Score } {
  const all = candidates.map((threshold) => ({ threshold, score: of(threshold) }));
  const other = (one: Score): number => one.late + one.unfounded;
  all.sort((a, b) => b.score.found - a.score.found || other(a.score) - other(b.score));
  return all[0] as (typeof all)[0];
}

function line(name: string, of: Score): string {
  const { found, faults, first, events, late, unfounded } = of;
  const share = `${found}/${faults} (${Math.round((100 * found) / faults)} %)`;
  return [name.padEnd(40), share.padEnd(15), first, events, late, unfounded].join('\t');
}

function main(): void {
  const { values } = parseArgs({
    options: {
      recording: { type: 'string' },
      faults: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      events: { type: 'boolean', default: false },
      tune: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.recording === undefined || values.faults === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const rules = rulesFrom(values.set);
  const faults = readFaults(values.faults);
  const { traces, entries } = readRecording(values.recording);
  const messages = selfTimesOf(traces);
  if (values.tune) {
    const tried = tune((changed) => score(detect(messages, changed), faults));
    for (const { changed, score: of } of tried.slice(0, 10))
      console.log(line(JSON.stringify(changed), of));
    return;
  }
  const events = detect(messages, rules);
  const detector = score(events, faults);
  const fixed = (threshold: Threshold): Score => score(fixedThreshold(entries, threshold), faults);
  const same = best(
    SAME_MS.map((ms) => ({ type: 'same', ms })),
    fixed,
  );
  const own = best(
    OWN_TIMES.map((times) => ({ type: 'own', times })),
    fixed,
  );
  if (values.json) {
    const { each, ...figures } = detector;
    console.log(JSON.stringify({ detector: figures, each, fixed: { same, own }, events }, null, 1));
    return;
  }
  console.log(`${traces.length} traces, ${faults.length} faults\n`);
  console.log(['', 'among first 3', 'first', 'events', 'late', 'unfounded'].join('\t'));
  console.log(line('spanloom', detector));
  console.log(line(`p99 of a service above ${JSON.stringify(same.threshold)}`, same.score));
  console.log(line(`p99 of a service above ${JSON.stringify(own.threshold)}`, own.score));
  console.log('');
  for (const { unix_s, service, type, place, named } of detector.each) {
    console.log([unix_s, place ?? 'missed', service, type, '→', named.join(', ')].join('\t'));
  }
  if (!values.events) return;
  console.log('');
  for (const { atS, services, findings } of events) {
    console.log(atS, services.join(', '));
    for (const { exemplars, name, ...rest } of findings.slice(0, 4)) {
      console.log('   ', JSON.stringify(name), JSON.stringify(rest), exemplars[0]);
    }
  }
}

main();
