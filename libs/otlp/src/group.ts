import type { ReportTexts } from '@spanloom/figures';

/** The spans of one resource: whose they are, and what their producer reported with them. */
export interface ResourceGroup {
  readonly service: string;
  /** Attributes of the producer's report, taken out of the resource; null when there were none. */
  readonly report: ReportTexts | null;
  /** Accepted spans. */
  spans: number;
}

/** Groups of one request that are told apart; spans of further resources are in the last of their service, or in none. */
export const GROUPS_MAX = 1_000;

/** The groups of one request. Reused. */
export class ResourceGroups {
  readonly all: ResourceGroup[] = [];
  /** Reports for which there was no room. */
  dropped = 0;

  reset(): void {
    this.all.length = 0;
    this.dropped = 0;
  }

  /** Notes a resource. One without spans and without a report is nothing. */
  add(service: string, report: ReportTexts | null, spans: number): void {
    if (spans === 0 && report === null) return;
    const last = this.all.at(-1);
    if (report === null && last?.service === service) {
      last.spans += spans;
      return;
    }
    if (this.all.length < GROUPS_MAX) {
      this.all.push({ service, report, spans });
      return;
    }
    if (report !== null) this.dropped++;
    const known = this.all.findLast((group) => group.service === service);
    if (known !== undefined) known.spans += spans;
  }
}
