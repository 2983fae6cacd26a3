import type { ByteWriter } from './byte-writer';
import type { CallEdges } from './call-edges';
import { EdgeStream } from './stage-layout';

const S = EdgeStream;

/** What is told of an edge: name, type and streams of each column. */
export const EDGE_SHAPES = [
  ['PaneStart', 'DateTime', S.paneStart],
  ['Client', 'String', S.client],
  ['Server', 'String', S.server],
  ['ConnectionType', 'String', S.type],
  ['Calls', 'Int64', S.calls],
  ['Failed', 'Int64', S.failed],
  ['ClientNano', 'Float64', S.clientNano],
  ['ServerNano', 'Float64', S.serverNano],
  ['ClientBuckets', 'Map(Int16, Int64)', S.clientEnds, S.clientKeys, S.clientValues],
  ['ServerBuckets', 'Map(Int16, Int64)', S.serverEnds, S.serverKeys, S.serverValues],
] as const;

/** A bucket's number, as keys of the maps have it. */
const KEY_BYTES = 2;

/** Streams of the columns of {@link EDGE_SHAPES}. */
export class EdgeStreams {
  private readonly writers: readonly ByteWriter[];

  /** @param createStream makes a stream of the columns that these are part of */
  constructor(createStream: () => ByteWriter) {
    this.writers = Array.from({ length: EdgeStream.count }, createStream);
  }

  /** The streams of one column. */
  of(numbers: readonly EdgeStream[]): readonly ByteWriter[] {
    return numbers.map((number) => this.writers[number] as ByteWriter);
  }

  /** Appends what is left of all edges. */
  append(edges: CallEdges): void {
    const clients = this.bytesOf(EdgeStream.clientKeys) / KEY_BYTES;
    const servers = this.bytesOf(EdgeStream.serverKeys) / KEY_BYTES;
    this.writers.forEach((writer, stream) => {
      const before = stream === EdgeStream.serverEnds ? servers : clients;
      writer.append(edges.column(stream, before));
    });
  }

  private bytesOf(stream: EdgeStream): number {
    return (this.writers[stream] as ByteWriter).byteCount;
  }
}
