// The calls of a fragment, for the module that gathers them by edge (edges.ts): a record each.
import { CALL, Stream } from '../src/stage-layout';
import * as calls from '../../trace/wasm/calls';
import * as spans from '../../trace/wasm/spans';
import * as fragment from './fragment';
import * as peer from './peer';
import * as services from './services';
import * as streams from './streams';

let client: usize = 0;
let clientBytes: usize = 0;
let server: usize = 0;
let serverBytes: usize = 0;
let type: u32 = 0;

/** Writes the calls that were found. `weight` -1 takes them out again. */
export function write(weight: i32): void {
  for (let call = 0; call < calls.count; call++) {
    nameSides(call);
    const bytes = (<usize>CALL.texts + clientBytes + serverBytes + 7) & ~7;
    streams.room(Stream.calls, bytes);
    const to = streams.position(Stream.calls);
    store<u32>(to + CALL.paneS, calls.paneS(call));
    store<u8>(to + CALL.type, <u8>type);
    store<u8>(to + CALL.failed, calls.hasFailed(call) ? 1 : 0);
    store<i16>(to + CALL.weight, <i16>weight);
    store<f64>(to + CALL.clientNano, nanoOf(calls.caller(call)));
    store<f64>(to + CALL.serverNano, nanoOf(calls.callee(call)));
    store<u32>(to + CALL.clientBytes, <u32>clientBytes);
    store<u32>(to + CALL.serverBytes, <u32>serverBytes);
    memory.copy(to + CALL.texts, client, clientBytes);
    memory.copy(to + CALL.texts + clientBytes, server, serverBytes);
    streams.moveTo(Stream.calls, to + bytes);
  }
}

/** Duration of one side's span; -1 where there is none. */
@inline
function nanoOf(span: i32): f64 {
  return span < 0 ? -1 : spans.duration(span);
}

/** Names both sides. One without a span is the peer's; a request from outside has none, as its attributes name whom it came to. */
function nameSides(call: i32): void {
  const caller = calls.caller(call);
  const callee = calls.callee(call);
  const isMessage = calls.isMessage(call);
  type = isMessage ? peer.MESSAGING : 0;
  if (caller < 0 || callee < 0) {
    const span = calls.spanOf(call);
    if (caller >= 0 || isMessage) peer.find(fragment.attributes(span), fragment.inputEnd);
    else peer.forget();
    type = peer.type;
  }
  if (caller >= 0) nameClient(spans.service(caller));
  else setClient(peer.name, peer.nameBytes);
  if (callee >= 0) nameServer(spans.service(callee));
  else setServer(peer.name, peer.nameBytes);
}

function nameClient(service: i32): void {
  setClient(services.name(service), services.nameBytes(service));
}

function nameServer(service: i32): void {
  setServer(services.name(service), services.nameBytes(service));
}

@inline
function setClient(from: usize, bytes: usize): void {
  client = from;
  clientBytes = bytes;
}

@inline
function setServer(from: usize, bytes: usize): void {
  server = from;
  serverBytes = bytes;
}
