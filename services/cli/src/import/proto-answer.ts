/** How many spans an answer in protobuf says were rejected, and why: ExportTraceServiceResponse. */
export function protoPartialSuccess(body: Buffer): {
  readonly rejected: number;
  readonly why: string;
} {
  const partial = lastField(body, 1);
  if (typeof partial !== 'object') return { rejected: 0, why: '' };
  const rejected = lastField(partial, 1);
  const why = lastField(partial, 2);
  return {
    rejected: typeof rejected === 'number' ? rejected : 0,
    why: typeof why === 'object' ? why.toString('utf8') : '',
  };
}

/** The message of a google.rpc.Status; empty when the body is none. */
export function protoMessage(body: Buffer): string {
  const message = lastField(body, 2);
  return typeof message === 'object' ? message.toString('utf8').slice(0, 300) : '';
}

/** The last value of a varint or length-delimited field; undefined when it is absent. Stops where bytes are broken. */
function lastField(body: Buffer, number: number): number | Buffer | undefined {
  let at = 0;
  let found: number | Buffer | undefined;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < body.length; scale *= 128) {
      const byte = body[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < body.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire !== 0 && wire !== 2) return found;
    const value = varint();
    if (Number.isNaN(value) || (wire === 2 && at + value > body.length)) return found;
    if (tag >>> 3 === number) found = wire === 0 ? value : body.subarray(at, at + value);
    if (wire === 2) at += value;
  }
  return found;
}
