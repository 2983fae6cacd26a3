import type { SeriesName } from './series-names';

/** The service, or operation, of spans whose own would have been one too many. */
export const OVERFLOW_NAME = 'other';

/** Bounds on the series of one flush. */
export interface SeriesLimits {
  /** Distinct services. */
  readonly services_max: number;
  /** Distinct operations of one service. */
  readonly operations_per_service_max: number;
  /** Series in all; only overflow series may come on top (at most 18 for each service). */
  readonly series_max: number;
}

/**
 * The series of the current flush, numbered from 0 in order of appearance. Who gets in is decided
 * by the order of the spans since the last flush and nothing else: the first services, the first
 * operations of each service, the first series; whoever comes later goes to `other`.
 */
export class SeriesSet {
  readonly services: string[] = [];
  readonly operations: string[] = [];
  readonly kinds: number[] = [];
  readonly statusCodes: number[] = [];
  private readonly overflows: boolean[] = [];
  private readonly limits: SeriesLimits;
  private readonly numbers = new Map<string, number>();
  private readonly operationsOf = new Map<string, Set<string>>();
  private admitted = 0;

  constructor(limits: SeriesLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.services.length;
  }

  /** The number of the series, admitted or `other`: see {@link isOverflow}. */
  number(name: SeriesName): number {
    const known = this.numbers.get(name.key);
    if (known !== undefined) return known;
    const knownService = this.admitsService(name.service);
    if (knownService && this.admitsOperation(name)) {
      return this.open(name.key, name.service, name.operation, name, false);
    }
    const service = knownService ? name.service : OVERFLOW_NAME;
    // The refused name is not remembered: what is remembered must be bounded.
    const key = `+${name.kind}${name.statusCode}${service}`;
    return this.numbers.get(key) ?? this.open(key, service, OVERFLOW_NAME, name, true);
  }

  /** Is this the series of names that were not admitted? (A real operation `other` is its own.) */
  isOverflow(series: number): boolean {
    return this.overflows[series] as boolean;
  }

  clear(): void {
    this.services.length = 0;
    this.operations.length = 0;
    this.kinds.length = 0;
    this.statusCodes.length = 0;
    this.overflows.length = 0;
    this.numbers.clear();
    this.operationsOf.clear();
    this.admitted = 0;
  }

  private admitsService(service: string): boolean {
    if (this.operationsOf.has(service)) return true;
    if (this.operationsOf.size >= this.limits.services_max) return false;
    this.operationsOf.set(service, new Set());
    return true;
  }

  private admitsOperation(name: SeriesName): boolean {
    if (this.admitted >= this.limits.series_max) return false;
    const operations = this.operationsOf.get(name.service) as Set<string>;
    if (operations.has(name.operation)) return true;
    if (operations.size >= this.limits.operations_per_service_max) return false;
    operations.add(name.operation);
    return true;
  }

  private open(
    key: string,
    service: string,
    operation: string,
    name: SeriesName,
    overflow: boolean,
  ): number {
    const number = this.services.length;
    this.services.push(service);
    this.operations.push(operation);
    this.kinds.push(name.kind);
    this.statusCodes.push(name.statusCode);
    this.overflows.push(overflow);
    this.numbers.set(key, number);
    if (!overflow) this.admitted++;
    return number;
  }
}
