import type { ChunkPool } from './chunk-pool';
import type { Stage, StageOwner } from './stage';
import { StageColumns, type StagedColumn } from './stage-columns';
import { Stream } from './stage-layout';

const TEXT = 'String';
const TEXTS = 'Array(String)';
const S = Stream;

/** What an analysis writes of a fragment, or of a whole trace. */
export const STAGED_ANALYSIS: readonly StagedColumn[] = [
  ['Depth', 'UInt32', S.depth],
  ['RootCount', 'UInt32', S.rootCount],
  ['OrphanCount', 'UInt32', S.orphanCount],
  ['MissingParentCount', 'UInt32', S.missingParentCount],
  ['ConnectedCount', 'UInt32', S.connectedCount],
  ['ErrorOriginSpanId', TEXT, S.errorOriginSpanId],
  ['ErrorOriginService', TEXT, S.errorOriginService],
  ['ErrorOriginName', TEXT, S.errorOriginName],
  ['PathServices', TEXTS, S.pathServiceEnds, S.pathServices],
  ['PathNames', TEXTS, S.pathNameEnds, S.pathNames],
  ['PathNano', 'Array(UInt64)', S.pathNanoEnds, S.pathNano],
  ['SkewSpanIds', TEXTS, S.skewSpanIdEnds, S.skewSpanIds],
  ['SkewCallers', TEXTS, S.skewCallerEnds, S.skewCallers],
  ['SkewCallees', TEXTS, S.skewCalleeEnds, S.skewCallees],
  ['SkewNano', 'Array(Int64)', S.skewNanoEnds, S.skewNano],
];

const COLUMNS: readonly StagedColumn[] = [
  ['TraceId', TEXT, S.fragmentTraceId],
  ['Partition', 'UInt16', S.fragmentPartition],
  ['Seq', 'UInt64', S.fragmentSeq],
  ['Reason', 'Int8', S.reason],
  ['Late', 'Bool', S.late],
  ['OpenedAt', 'DateTime', S.openedAt],
  ['ClosedAt', 'DateTime', S.closedAt],
  ['SpanCount', 'UInt32', S.spanCount],
  ['DuplicateCount', 'UInt32', S.duplicateCount],
  ['DeadLetteredCount', 'UInt32', S.deadLetteredCount],
  ['Start', 'DateTime64(9)', S.fragmentStart],
  ['End', 'DateTime64(9)', S.fragmentEnd],
  ['ErrorCount', 'UInt32', S.errorCount],
  ['HasRoot', 'Bool', S.hasRoot],
  ['RootSpanId', TEXT, S.rootSpanId],
  ['RootService', TEXT, S.rootService],
  ['RootName', TEXT, S.rootName],
  ['RootStart', 'DateTime64(9)', S.rootStart],
  ['RootDuration', 'UInt64', S.rootDuration],
  ['Services', TEXTS, S.serviceEnds, S.services],
  ['ServiceSpans', 'Array(UInt32)', S.serviceSpanEnds, S.serviceSpans],
  ['ServiceErrors', 'Array(UInt32)', S.serviceErrorEnds, S.serviceErrors],
  ...STAGED_ANALYSIS,
];

const nameOf = ([name]: StagedColumn): string => name;

/** Columns of `trace_fragments` and `trace_amendments` that an analysis writes, in this order. */
export const ANALYSIS_COLUMNS: readonly string[] = STAGED_ANALYSIS.map(nameOf);

/** Columns of `trace_fragments` as {@link FragmentColumns} sends them. */
export const FRAGMENT_COLUMNS: readonly string[] = COLUMNS.map(nameOf);

/** The values of `trace_fragments`, column by column. */
export class FragmentColumns extends StageColumns {
  constructor(chunks: ChunkPool, stage: Stage, owner: StageOwner) {
    super(chunks, stage, owner);
    this.nameAll(FRAGMENT_COLUMNS, this.stageAll(COLUMNS));
  }
}
