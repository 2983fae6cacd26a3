import { ANALYSIS_COLUMNS, inRow } from './analysis-columns';
import { type CallSketch, CallSketches } from './call-sketches';
import { writeBuckets } from './edge-rows';
import { FragmentAnalysis } from './fragment-analysis';
import { RowBinaryRows } from './row-binary-rows';
import { ServiceCounts } from './service-counts';
import { SpanRows } from './span-rows';

/** Columns of `trace_amendments` in the order in which {@link AmendmentRows} writes them. */
export const AMENDMENT_COLUMNS = [
  'TraceId',
  'Partition',
  'LastSeq',
  'Fragments',
  'ClosedAt',
  'Final',
  ...ANALYSIS_COLUMNS,
  'Edges.PaneStart',
  'Edges.Client',
  'Edges.Server',
  'Edges.ConnectionType',
  'Edges.Calls',
  'Edges.Failed',
  'Edges.ClientNano',
  'Edges.ServerNano',
  'Edges.ClientBuckets',
  'Edges.ServerBuckets',
] as const;

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

const STATUS_ERROR = 2;

/** Analyses traces of several fragments as a whole: rows of `trace_amendments`. */
export class AmendmentRows extends RowBinaryRows {
  private readonly analysis = new FragmentAnalysis();
  private readonly analysisColumns = inRow(this.out);
  private readonly services = new ServiceCounts();
  private readonly spans = new SpanRows();
  private readonly edges = new CallSketches();

  /**
   * Appends a trace's row.
   * @param whole all of its distinct spans in canonical Avro bytes
   * @param fragments the spans of each of its fragments likewise: their calls are in `service_edges`
   * @throws RangeError when a span cannot be read
   */
  append(fields: AmendmentFields, whole: Buffer, fragments: readonly Buffer[]): void {
    this.out.text(fields.traceId);
    this.out.uint16(fields.partition);
    this.out.int64(fields.lastSeq);
    this.out.uint32(fields.fragments);
    this.out.uint32(fields.closedAtS);
    this.out.uint8(fields.final ? 1 : 0);
    this.edges.clear();
    const errors = this.load(whole);
    this.analysis.write(this.analysisColumns, errors, this.edges);
    for (const fragment of fragments) {
      this.load(fragment);
      this.analysis.takeCalls(this.edges);
    }
    this.writeEdges();
    this.rowCount++;
  }

  /** Reads spans; gives how many of them failed. */
  private load(bytes: Buffer): number {
    const { analysis, services, spans } = this;
    let errors = 0;
    analysis.begin();
    services.reset();
    spans.begin(bytes, 0, bytes.length);
    while (spans.next()) {
      const isError = spans.statusCode === STATUS_ERROR;
      if (isError) errors++;
      const service = services.add(bytes, spans.serviceStart, spans.serviceEnd, isError);
      analysis.add(bytes, spans, service);
    }
    spans.reset(); // only their fields are wanted, not their rows
    if (spans.at < bytes.length) {
      throw new RangeError(`a stored span cannot be read: ${spans.reason}`);
    }
    return errors;
  }

  private writeEdges(): void {
    const edges = [...this.edges.values()].map(withoutZeros).filter(isCorrection);
    const column = (write: (edge: CallSketch) => void): void => {
      this.out.varint(edges.length);
      edges.forEach(write);
    };
    column((edge) => this.out.uint32(edge.paneS));
    column((edge) => this.out.text(edge.client));
    column((edge) => this.out.text(edge.server));
    column((edge) => this.out.text(edge.type));
    column((edge) => this.out.int64(edge.calls));
    column((edge) => this.out.int64(edge.failed));
    column((edge) => this.out.float64(edge.clientNano));
    column((edge) => this.out.float64(edge.serverNano));
    column((edge) => writeBuckets(this.out, edge.clientBuckets));
    column((edge) => writeBuckets(this.out, edge.serverBuckets));
  }
}

function withoutZeros(edge: CallSketch): CallSketch {
  return {
    ...edge,
    clientBuckets: edge.clientBuckets.withoutZeros(),
    serverBuckets: edge.serverBuckets.withoutZeros(),
  };
}

/** Whether anything is left of an edge after the fragments' calls were taken out. */
function isCorrection(edge: CallSketch): boolean {
  const { calls, failed, clientBuckets, serverBuckets } = edge;
  return calls !== 0 || failed !== 0 || clientBuckets.size > 0 || serverBuckets.size > 0;
}
