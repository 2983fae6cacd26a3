import type { DelayPane } from '@spanloom/avro';
import { Sketch } from '@spanloom/sketch';

/** Length of a pane of delays, s. */
export const DELAY_PANE_S = 10;
/** The service under which delays of further services are gathered. */
export const OTHER_SERVICE = 'other';
/** Services told apart in one book; a service name is at most {@link SERVICE_BYTES_MAX} long. */
export const SERVICES_MAX = 200;
export const SERVICE_BYTES_MAX = 256;
/** Panes in one book: delays of further ones are not gathered, but counted. */
export const PANES_MAX = 2_000;
/** A transfer that took longer than this was none: a clock is wrong. ms. */
export const TRANSFER_MS_MAX = 3_600_000;

/** A delay as it was observed. */
export interface Delay {
  readonly figure: DelayPane['figure'];
  readonly leg: string;
  readonly service: string;
  /** When it was over, ms since 1970. */
  readonly at_ms: number;
  /** ms; what is not between 0 and `ms_max` counts as the nearer of the two, and as clamped. */
  readonly delay_ms: number;
  readonly ms_max: number;
  /** How many spans (of an analysis: queries) it holds for. */
  readonly count: number;
}

interface Pane {
  readonly figure: DelayPane['figure'];
  readonly leg: string;
  readonly service: string;
  readonly start_s: number;
  readonly sketch: Sketch;
  clamped: number;
}

const NANO_PER_MS = 1e6;

/** The name, or {@link OTHER_SERVICE} where it is longer than names are. */
export function boundedService(service: string): string {
  return Buffer.byteLength(service) > SERVICE_BYTES_MAX ? OTHER_SERVICE : service;
}

/** Delays that were observed since the book was last taken, in sketches by figure, leg, service and pane. */
export class DelayBook {
  private panes = new Map<string, Pane>();
  private services = new Set<string>();
  /** Observations, by count, for which there was no room since the process started. */
  lost = 0;

  get size(): number {
    return this.panes.size;
  }

  add(delay: Delay): void {
    const { figure, leg, service, at_ms, delay_ms, ms_max, count } = delay;
    if (!(count > 0)) return;
    const kept_ms = Math.min(Math.max(delay_ms, 0), ms_max);
    const start_s = Math.floor(at_ms / 1000 / DELAY_PANE_S) * DELAY_PANE_S;
    const pane = this.paneOf({ figure, leg, service, start_s });
    if (pane === null || Number.isNaN(kept_ms)) {
      this.lost += count;
      return;
    }
    pane.sketch.add(Math.round(kept_ms * NANO_PER_MS), count);
    if (kept_ms !== delay_ms) pane.clamped += count;
  }

  /** Adds what another book has gathered. */
  merge(other: DelayPane): void {
    const pane = this.paneOf(other);
    if (pane === null) {
      this.lost += other.count;
      return;
    }
    pane.sketch.merge(other);
    pane.clamped += other.clamped;
  }

  private paneOf({
    figure,
    leg,
    service,
    start_s,
  }: Pick<DelayPane, 'figure' | 'leg' | 'service' | 'start_s'>): Pane | null {
    const named = this.admit(service);
    const key = JSON.stringify([figure, leg, named, start_s]);
    const known = this.panes.get(key);
    if (known !== undefined) return known;
    if (this.panes.size >= PANES_MAX) return null;
    const pane = { figure, leg, service: named, start_s, sketch: new Sketch(), clamped: 0 };
    this.panes.set(key, pane);
    return pane;
  }

  private admit(service: string): string {
    if (this.services.has(service)) return service;
    if (this.services.size >= SERVICES_MAX) return OTHER_SERVICE;
    const named = boundedService(service);
    this.services.add(named);
    return named;
  }

  /** Gives what was gathered, and begins anew. */
  take(): readonly DelayPane[] {
    const taken = [...this.panes.values()].map(({ sketch, ...pane }): DelayPane => {
      const { min, max, sum, indices, counts } = sketch.counts();
      return { ...pane, count: sketch.count, min, max, sum, indices, counts };
    });
    this.panes = new Map();
    this.services = new Set();
    return taken;
  }
}
