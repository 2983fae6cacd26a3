import { list, objectOrNull, parseJson } from './json-shape';
import { outcomeOf } from './outcome';

/**
 * How many spans a line of OTLP/JSON (one ExportTraceServiceRequest) holds.
 * @returns null when the line is not such a request
 */
export function countJsonSpans(line: string): number | null {
  let spans = 0;
  const outcome = outcomeOf(() => {
    const request = parseJson(line);
    for (const group of list(request?.resourceSpans, 'resourceSpans')) {
      const scopes = objectOrNull(group, 'resourceSpans')?.scopeSpans;
      for (const scope of list(scopes, 'scopeSpans')) {
        spans += list(objectOrNull(scope, 'scopeSpans')?.spans, 'spans').length;
      }
    }
  });
  return outcome.kind === 'decoded' ? spans : null;
}
