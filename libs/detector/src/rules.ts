/** What shapes a detector's answers. Evidence is −log10 of a probability: 4 is one in 10,000. */
export interface DetectorRules {
  /** How long the window is that is compared with the baseline, s: a multiple of 10. */
  readonly window_s: number;
  /** After this much time with data, an observation counts half in the baseline, s. */
  readonly half_life_s: number;
  /** Observations that a baseline needs before anything is compared with it. */
  readonly baseline_min: number;
  /** Evidence that a service's self times have risen. */
  readonly evidence_min: number;
  /** Share of the traces' duration that the rise makes up: less matters to nobody. */
  readonly effect_min: number;
  /** Traces that must show a rise. */
  readonly traces_min: number;
  /** Evidence that more traces fail, or have a different shape. */
  readonly share_evidence_min: number;
  /** By how much the share of such traces rises. */
  readonly share_effect_min: number;
  /** Such traces that there must be. */
  readonly share_traces_min: number;
  /** So long without anything unusual, an incident is over, s. */
  readonly quiet_s: number;
  /** What stays unusual for so long becomes the baseline, s of time with data. */
  readonly adopt_s: number;
  /** A pane is judged so long after every partition has passed it, s of log time. */
  readonly lateness_s: number;
  /** A partition that sent nothing for so long is not waited for, s of log time. */
  readonly idle_s: number;
  /** Baselines kept; series beyond are not judged, and counted. */
  readonly series_max: number;
  /** Panes that wait to be judged; at more the oldest is judged without waiting. */
  readonly pending_panes_max: number;
}

/** Defaults; docs/anomalies.md says what each is for and what happens when it is changed. */
export const DETECTOR_RULES: DetectorRules = {
  window_s: 60,
  half_life_s: 3600,
  baseline_min: 20,
  evidence_min: 4,
  effect_min: 0.2,
  traces_min: 3,
  share_evidence_min: 8,
  share_effect_min: 0.05,
  share_traces_min: 5,
  quiet_s: 60,
  adopt_s: 900,
  lateness_s: 20,
  idle_s: 30,
  series_max: 5_000,
  pending_panes_max: 5_000,
};
