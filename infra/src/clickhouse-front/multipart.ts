/**
 * Reads the text parts of a `multipart/form-data` body: the client sends long query parameters that way.
 * Gives name → value; parts without a name are left out. Source: RFC 7578.
 */
export function readTextParts(body: Buffer, boundary: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  const text = body.toString('utf8');
  for (const piece of text.split(`--${boundary}`).slice(1, -1)) {
    const split = piece.indexOf('\r\n\r\n');
    if (split < 0) continue;
    const name = /name="([^"]*)"/i.exec(piece.slice(0, split))?.[1];
    if (name !== undefined) parts.set(name, piece.slice(split + 4).replace(/\r\n$/, ''));
  }
  return parts;
}

/** The boundary of a multipart content type; null for other types. */
export function multipartBoundary(contentType: string | undefined): string | null {
  if (!contentType?.toLowerCase().startsWith('multipart/form-data')) return null;
  const match = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}
