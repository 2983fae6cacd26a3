import { CallEdges } from './call-edges';
import { ChunkPool } from './chunk-pool';
import { EDGE_SHAPES, EdgeStreams } from './edge-columns';
import { ANALYSIS_COLUMNS, STAGED_ANALYSIS } from './fragment-columns';
import { NativeRows } from './native-rows';
import { type Stage, StageOwner, sharedStage } from './stage';
import { StageColumns } from './stage-columns';
import { SpanFault } from './stage-layout';

/** Columns of `trace_amendments` as {@link AmendmentRows} sends them. */
export const AMENDMENT_COLUMNS: readonly string[] = [
  'TraceId',
  'Partition',
  'LastSeq',
  'Fragments',
  'ClosedAt',
  'Final',
  ...ANALYSIS_COLUMNS,
  ...EDGE_SHAPES.map(([name]) => `Edges.${name}`),
];

/** What an amendment covers. */
export interface AmendmentFields {
  /** 32 lower-case hex characters. */
  readonly traceId: string;
  readonly partition: number;
  readonly lastSeq: number;
  readonly fragments: number;
  /** Log clock when the last fragment closed, s since 1970. */
  readonly closedAtS: number;
  readonly final: boolean;
}

/** Spans that become no rows of their own have no place. */
const NO_PLACE = { partition: 0, seq: 0, storedAtS: 0 };

/** The values of `trace_amendments`, column by column. */
class AmendmentColumns extends StageColumns {
  readonly traceId = this.stream();
  readonly partition = this.stream();
  readonly lastSeq = this.stream();
  readonly fragments = this.stream();
  readonly closedAt = this.stream();
  readonly final = this.stream();
  /** Where each row's edges end. */
  readonly edgeEnds = this.ends();
  readonly edges = new EdgeStreams(() => this.stream());

  constructor(chunks: ChunkPool, stage: Stage, owner: StageOwner) {
    super(chunks, stage, owner);
    const ends = this.edgeEnds.stream;
    this.nameAll(AMENDMENT_COLUMNS, [
      ['String', [this.traceId]],
      ['UInt16', [this.partition]],
      ['UInt64', [this.lastSeq]],
      ['UInt32', [this.fragments]],
      ['DateTime', [this.closedAt]],
      ['Bool', [this.final]],
      ...this.stageAll(STAGED_ANALYSIS),
      ...EDGE_SHAPES.map(
        ([, type, ...streams]) => [`Array(${type})`, [ends, ...this.edges.of(streams)]] as const,
      ),
    ]);
  }
}

/** Analyses traces of several fragments as a whole: rows of `trace_amendments`. */
export class AmendmentRows extends NativeRows<AmendmentColumns> {
  private readonly stage: Stage;
  private readonly owner: StageOwner;
  private readonly edges: CallEdges;

  constructor() {
    const stage = sharedStage();
    const edges = new CallEdges();
    const owner = new StageOwner((records) => edges.add(records));
    super(new AmendmentColumns(new ChunkPool(), stage, owner));
    this.stage = stage;
    this.owner = owner;
    this.edges = edges;
  }

  /**
   * Appends a trace's row.
   * @param whole all of its distinct spans in canonical Avro bytes
   * @param fragments the spans of each of its fragments likewise: their calls are in `service_edges`
   * @throws RangeError when a span cannot be read
   */
  append(fields: AmendmentFields, whole: Buffer, fragments: readonly Buffer[]): void {
    const { columns, stage, edges } = this;
    edges.clear();
    for (const fragment of fragments) {
      this.load(fragment);
      stage.takeCalls();
    }
    this.load(whole);
    stage.amend();
    stage.release(this.owner);
    columns.traceId.text(fields.traceId);
    columns.partition.uint16(fields.partition);
    columns.lastSeq.int64(fields.lastSeq);
    columns.fragments.uint32(fields.fragments);
    columns.closedAt.uint32(fields.closedAtS);
    columns.final.uint8(fields.final ? 1 : 0);
    columns.edgeEnds.add(edges.leftCount);
    columns.edges.append(edges);
    this.rowCount++;
  }

  /** Reads spans. */
  private load(bytes: Buffer): void {
    const { stage } = this;
    stage.begin(this.owner, NO_PLACE, bytes.length);
    stage.read(bytes, 0, bytes.length);
    if (stage.stoppedAt < bytes.length) {
      throw new RangeError(`a stored span cannot be read: ${SpanFault[stage.fault]}`);
    }
  }
}
