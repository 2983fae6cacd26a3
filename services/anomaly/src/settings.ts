import { DETECTOR_RULES, type DetectorRules, SELF_TIME_RULES } from '@spanloom/detector';
import {
  type ConfigOf,
  choice,
  defineSettings,
  flag,
  int,
  kafkaSettings,
  memberSettings,
  processSettings,
} from '@spanloom/runtime';

const percent = (share: number): number => Math.round(share * 100);

/** The anomaly worker's settings; docs/anomalies.md says what happens when one is changed. */
export const settings = defineSettings('anomaly', {
  ...kafkaSettings,
  ...memberSettings,
  ...processSettings(9476),
  anomaly_window_s: int({
    default: DETECTOR_RULES.window_s,
    min: 10,
    max: 600,
    doc: 'How much of span time is compared with the baseline; drawn down to a multiple of 10.',
  }),
  anomaly_half_life_s: int({
    default: DETECTOR_RULES.half_life_s,
    min: 60,
    max: 604_800,
    doc: 'After this much time with data, an observation counts half in the baseline.',
  }),
  anomaly_baseline_min: int({
    default: DETECTOR_RULES.baseline_min,
    min: 1,
    max: 100_000,
    doc: 'Observations that a baseline needs before anything is compared with it.',
  }),
  anomaly_evidence_min: int({
    default: DETECTOR_RULES.evidence_min,
    min: 1,
    max: 100,
    doc: 'Evidence that self times have risen, for an event: 4 is a probability of one in 10,000 without a change.',
  }),
  anomaly_effect_percent: int({
    default: percent(DETECTOR_RULES.effect_min),
    min: 0,
    max: 100,
    doc: "Share of the traces' duration that a rise must make up, for an event.",
  }),
  anomaly_traces_min: int({
    default: DETECTOR_RULES.traces_min,
    min: 1,
    max: 10_000,
    doc: 'Traces in the window that a series must have for its self times to count.',
  }),
  anomaly_share_evidence_min: int({
    default: DETECTOR_RULES.share_evidence_min,
    min: 1,
    max: 100,
    doc: 'Evidence that more traces fail, or have another shape, for an event: 8 is one in 100,000,000.',
  }),
  anomaly_share_effect_percent: int({
    default: percent(DETECTOR_RULES.share_effect_min),
    min: 0,
    max: 100,
    doc: 'By how much of all traces the share of such traces must rise, for an event.',
  }),
  anomaly_share_traces_min: int({
    default: DETECTOR_RULES.share_traces_min,
    min: 1,
    max: 10_000,
    doc: 'Such traces that there must be in the window, for an event.',
  }),
  anomaly_quiet_s: int({
    default: DETECTOR_RULES.quiet_s,
    min: 10,
    max: 86_400,
    doc: 'After this much span time without anything unusual, an incident is over.',
  }),
  anomaly_adopt_s: int({
    default: DETECTOR_RULES.adopt_s,
    min: 10,
    max: 604_800,
    doc: 'Self times that stay unusual for this much time with data are taken into the baseline.',
  }),
  anomaly_lateness_s: int({
    default: DETECTOR_RULES.lateness_s,
    min: 0,
    max: 3_600,
    doc: 'A pane is judged this long after every partition has passed it, in log time.',
  }),
  anomaly_idle_s: int({
    default: DETECTOR_RULES.idle_s,
    min: 1,
    max: 3_600,
    doc: 'A partition that sent nothing for this long, in log time, is not waited for.',
  }),
  anomaly_series_max: int({
    default: DETECTOR_RULES.series_max,
    min: 10,
    max: 100_000,
    doc: 'Series with a baseline, about 4 KB each; further ones are not judged, and counted.',
  }),
  anomaly_pending_panes_max: int({
    default: DETECTOR_RULES.pending_panes_max,
    min: 10,
    max: 100_000,
    doc: 'Panes that wait to be judged; at more the oldest is judged without waiting.',
  }),
  anomaly_replay_s: int({
    default: 10_800,
    min: 0,
    max: 86_400,
    doc: 'How much log time before its commit a worker reads again at its start, to have its baselines.',
  }),
  anomaly_flush_series_max: int({
    default: SELF_TIME_RULES.flush_series_max,
    min: 10,
    max: 100_000,
    doc: 'Series gathered from one partition; at this many they are written early, at twice as many left out.',
  }),
  template_operations: flag({
    default: SELF_TIME_RULES.template_operations,
    doc: 'Whether ids in operation names (numbers in paths, UUIDs, hex, addresses) are replaced by {id}.',
  }),
  tick_quiet_ms: int({
    default: 1000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    doc: 'While panes wait to be judged and nothing comes for this long, an empty record lets the log clock go on.',
  }),
  anomaly_compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'lz4',
    doc: 'Compression of what is written to the topics self-times and anomalies.',
  }),
});

/** The detector's rules from the settings. */
export function rulesOf(config: ConfigOf<typeof settings>): DetectorRules {
  return {
    window_s: config.anomaly_window_s - (config.anomaly_window_s % 10),
    half_life_s: config.anomaly_half_life_s,
    baseline_min: config.anomaly_baseline_min,
    evidence_min: config.anomaly_evidence_min,
    effect_min: config.anomaly_effect_percent / 100,
    traces_min: config.anomaly_traces_min,
    share_evidence_min: config.anomaly_share_evidence_min,
    share_effect_min: config.anomaly_share_effect_percent / 100,
    share_traces_min: config.anomaly_share_traces_min,
    quiet_s: config.anomaly_quiet_s,
    adopt_s: config.anomaly_adopt_s,
    lateness_s: config.anomaly_lateness_s,
    idle_s: config.anomaly_idle_s,
    series_max: config.anomaly_series_max,
    pending_panes_max: config.anomaly_pending_panes_max,
  };
}
