import type { ByteWriter } from './byte-writer';
import type { Lists } from './native-streams';

/** Columns of `trace_fragments` and `trace_amendments` that an analysis writes, in this order. */
export const ANALYSIS_COLUMNS = [
  'Depth',
  'RootCount',
  'OrphanCount',
  'MissingParentCount',
  'ConnectedCount',
  'ErrorOriginSpanId',
  'ErrorOriginService',
  'ErrorOriginName',
  'PathServices',
  'PathNames',
  'PathNano',
  'SkewSpanIds',
  'SkewCallers',
  'SkewCallees',
  'SkewNano',
] as const;

/** Where the values of {@link ANALYSIS_COLUMNS} are written: each column by itself, or all in a row. */
export interface AnalysisColumns {
  readonly depth: ByteWriter;
  readonly rootCount: ByteWriter;
  readonly orphanCount: ByteWriter;
  readonly missingParentCount: ByteWriter;
  readonly connectedCount: ByteWriter;
  readonly errorOriginSpanId: ByteWriter;
  readonly errorOriginService: ByteWriter;
  readonly errorOriginName: ByteWriter;
  readonly pathServices: Lists;
  readonly pathNames: Lists;
  readonly pathNano: Lists;
  readonly skewSpanIds: Lists;
  readonly skewCallers: Lists;
  readonly skewCallees: Lists;
  readonly skewNano: Lists;
}

/** All columns in `out`, one after the other, as RowBinary has them. */
export function inRow(out: ByteWriter): AnalysisColumns {
  const lists: Lists = {
    begin(elements) {
      out.varint(elements);
      return out;
    },
  };
  return {
    depth: out,
    rootCount: out,
    orphanCount: out,
    missingParentCount: out,
    connectedCount: out,
    errorOriginSpanId: out,
    errorOriginService: out,
    errorOriginName: out,
    pathServices: lists,
    pathNames: lists,
    pathNano: lists,
    skewSpanIds: lists,
    skewCallers: lists,
    skewCallees: lists,
    skewNano: lists,
  };
}
