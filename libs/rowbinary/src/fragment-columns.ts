import { ANALYSIS_COLUMNS, type AnalysisColumns } from './analysis-columns';
import type { ChunkPool } from './chunk-pool';
import { ColumnSet } from './column-set';
import type { ServiceColumns } from './service-counts';

/** Columns of `trace_fragments` as {@link FragmentColumns} sends them. */
export const FRAGMENT_COLUMNS = [
  'TraceId',
  'Partition',
  'Seq',
  'Reason',
  'Late',
  'OpenedAt',
  'ClosedAt',
  'SpanCount',
  'DuplicateCount',
  'DeadLetteredCount',
  'Start',
  'End',
  'ErrorCount',
  'HasRoot',
  'RootSpanId',
  'RootService',
  'RootName',
  'RootStart',
  'RootDuration',
  'Services',
  'ServiceSpans',
  'ServiceErrors',
  ...ANALYSIS_COLUMNS,
] as const;

const TEXT = 'String';
const TEXTS = 'Array(String)';

/** The values of `trace_fragments`, column by column. */
export class FragmentColumns extends ColumnSet implements AnalysisColumns, ServiceColumns {
  readonly traceId = this.stream();
  readonly partition = this.stream();
  readonly seq = this.stream();
  readonly reason = this.stream();
  readonly late = this.stream();
  readonly openedAt = this.stream();
  readonly closedAt = this.stream();
  readonly spanCount = this.stream();
  readonly duplicateCount = this.stream();
  readonly deadLetteredCount = this.stream();
  readonly start = this.stream();
  readonly end = this.stream();
  readonly errorCount = this.stream();
  readonly hasRoot = this.stream();
  readonly rootSpanId = this.stream();
  readonly rootService = this.stream();
  readonly rootName = this.stream();
  readonly rootStart = this.stream();
  readonly rootDuration = this.stream();
  readonly services = this.list();
  readonly serviceSpans = this.list();
  readonly serviceErrors = this.list();
  readonly depth = this.stream();
  readonly rootCount = this.stream();
  readonly orphanCount = this.stream();
  readonly missingParentCount = this.stream();
  readonly connectedCount = this.stream();
  readonly errorOriginSpanId = this.stream();
  readonly errorOriginService = this.stream();
  readonly errorOriginName = this.stream();
  readonly pathServices = this.list();
  readonly pathNames = this.list();
  readonly pathNano = this.list();
  readonly skewSpanIds = this.list();
  readonly skewCallers = this.list();
  readonly skewCallees = this.list();
  readonly skewNano = this.list();

  constructor(chunks: ChunkPool) {
    super(chunks);
    this.nameAll(FRAGMENT_COLUMNS, [
      [TEXT, [this.traceId]],
      ['UInt16', [this.partition]],
      ['UInt64', [this.seq]],
      ['Int8', [this.reason]],
      ['Bool', [this.late]],
      ['DateTime', [this.openedAt]],
      ['DateTime', [this.closedAt]],
      ['UInt32', [this.spanCount]],
      ['UInt32', [this.duplicateCount]],
      ['UInt32', [this.deadLetteredCount]],
      ['DateTime64(9)', [this.start]],
      ['DateTime64(9)', [this.end]],
      ['UInt32', [this.errorCount]],
      ['Bool', [this.hasRoot]],
      [TEXT, [this.rootSpanId]],
      [TEXT, [this.rootService]],
      [TEXT, [this.rootName]],
      ['DateTime64(9)', [this.rootStart]],
      ['UInt64', [this.rootDuration]],
      [TEXTS, this.services.streams],
      ['Array(UInt32)', this.serviceSpans.streams],
      ['Array(UInt32)', this.serviceErrors.streams],
      ['UInt32', [this.depth]],
      ['UInt32', [this.rootCount]],
      ['UInt32', [this.orphanCount]],
      ['UInt32', [this.missingParentCount]],
      ['UInt32', [this.connectedCount]],
      [TEXT, [this.errorOriginSpanId]],
      [TEXT, [this.errorOriginService]],
      [TEXT, [this.errorOriginName]],
      [TEXTS, this.pathServices.streams],
      [TEXTS, this.pathNames.streams],
      ['Array(UInt64)', this.pathNano.streams],
      [TEXTS, this.skewSpanIds.streams],
      [TEXTS, this.skewCallers.streams],
      [TEXTS, this.skewCallees.streams],
      ['Array(Int64)', this.skewNano.streams],
    ]);
  }
}
