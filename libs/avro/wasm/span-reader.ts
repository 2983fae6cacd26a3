// Reads one span: tells its header fields, and checks of the rest that its lengths fit.
import { ScanFact, ScanVerdict, SPAN_BYTES_MAX, SPAN_ITEMS_MAX } from '../src/scan-layout';
import * as places from './avro-places';
import { tell, tellLong, tellText } from './scan-facts';

/** No span takes less: 32 bytes of ids, and 15 fields of a byte or more. */
export const SPAN_BYTES_MIN: usize = 46;
const IDS_BYTES: usize = 32;
/** Trace and span id of a link. */
const LINK_IDS_BYTES: usize = 24;
const KINDS: u64 = 6;
const STATUS_CODES: u64 = 3;

/** Of the span that was read last, unless that could not be read. */
export let verdict: ScanVerdict = ScanVerdict.good;

/** Gives the place behind the span at `at`, beyond `end` when it cannot be read. */
export function readSpan(at: usize, end: usize): usize {
  if (end - at < SPAN_BYTES_MIN) return end + 1;
  tell(ScanFact.hasParent, load<u64>(at, 24) == 0 ? 0 : 1);
  let place = places.long(at + IDS_BYTES, end);
  const start = places.value;
  place = places.long(place, end);
  const duration = places.value;
  place = places.long(place, end);
  const kind = places.value;
  place = places.long(place, end);
  const status = places.value;
  tellLong(ScanFact.startLo, start);
  tellLong(ScanFact.durationLo, duration);
  tell(ScanFact.kind, <i32>kind);
  tell(ScanFact.statusCode, <i32>status);
  place = places.text(place, end);
  tellText(ScanFact.serviceStart, places.textAt, place);
  const hasService = place != places.textAt;
  place = places.text(place, end);
  tellText(ScanFact.nameStart, places.textAt, place);
  place = places.text(place, end);
  tellText(ScanFact.traceStateStart, places.textAt, place);
  verdict = ScanVerdict.good;
  place = skipRest(place, end);
  if (verdict == ScanVerdict.good) {
    verdict = judge(at, start, duration, <u64>kind, <u64>status, hasService);
    if (verdict == ScanVerdict.good && place - at > <usize>SPAN_BYTES_MAX) verdict = ScanVerdict.tooLarge;
  }
  return place;
}

/** Of several things that are wrong the first counts. */
@inline
function judge(at: usize, start: i64, duration: i64, kind: u64, status: u64, hasService: bool): ScanVerdict {
  if ((load<u64>(at) | load<u64>(at, 8)) == 0) return ScanVerdict.traceId;
  if (load<u64>(at, 16) == 0) return ScanVerdict.spanId;
  if (start < 0) return ScanVerdict.start;
  if (duration < 0) return ScanVerdict.duration;
  if (kind >= KINDS) return ScanVerdict.kind;
  if (status >= STATUS_CODES) return ScanVerdict.status;
  return hasService ? ScanVerdict.good : ScanVerdict.serviceEmpty;
}

/** What follows the header. Too many items somewhere count before all else that is wrong. */
function skipRest(at: usize, end: usize): usize {
  let place = places.long(at, end);
  place = places.text(place, end);
  place = places.text(place, end);
  place = places.text(place, end);
  place = skipMap(place, end);
  place = skipMap(place, end);
  place = skipItems(place, end, false);
  return skipItems(place, end, true);
}

function skipMap(at: usize, end: usize): usize {
  let items: usize = 0;
  let place = places.block(at, end);
  for (let count = places.count; count > 0; count = places.count) {
    items += count;
    place = places.texts(place, end, count * 2);
    place = places.block(place, end);
  }
  if (items > <usize>SPAN_ITEMS_MAX) verdict = ScanVerdict.tooLarge;
  return place;
}

/** Events, or links. */
function skipItems(at: usize, end: usize, isLinks: bool): usize {
  let items: usize = 0;
  let place = places.block(at, end);
  for (let count = places.count; count > 0; count = places.count) {
    items += count;
    for (let left = count; left > 0 && place <= end; left--) {
      place = isLinks ? place + LINK_IDS_BYTES : places.long(place, end);
      place = skipMap(places.text(place, end), end);
    }
    place = places.block(place, end);
  }
  if (items > <usize>SPAN_ITEMS_MAX) verdict = ScanVerdict.tooLarge;
  return place;
}
