const LINE_BYTES = 16;

/** The first `bytes_max` bytes as offset, hex and what of them is printable ASCII. */
export function hexDump(bytes: Buffer, bytes_max: number): readonly string[] {
  const lines: string[] = [];
  const end = Math.min(bytes.length, bytes_max);
  for (let at = 0; at < end; at += LINE_BYTES) {
    const line = bytes.subarray(at, Math.min(at + LINE_BYTES, end));
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = [...line]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(LINE_BYTES * 3 - 1)}  ${text}`);
  }
  if (end < bytes.length) lines.push(`… ${bytes.length - end} more bytes`);
  return lines;
}
