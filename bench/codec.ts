import { Bench } from "tinybench";
import { MapReply, MapRequest, ResultCode, decodeMapReply, decodeMapRequest, encodeMapReply, encodeMapRequest } from "../src/wire/index.ts";
import type { Row } from "./table.ts";

const BATCH = 1000;

/** Codec operations per second on one core, reusing message and buffer as the engine does. */
export async function benchCodec(milliseconds: number): Promise<Row[]> {
  const view = new DataView(new ArrayBuffer(256));
  const request = sampleRequest();
  const reply = sampleReply();
  const requestView = new DataView(new ArrayBuffer(256));
  const replyView = new DataView(new ArrayBuffer(256));
  const requestLength = encodeMapRequest(requestView, request);
  const replyLength = encodeMapReply(replyView, reply);
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 5 });
  bench.add("Map Request, encode", repeat(() => encodeMapRequest(view, request)));
  bench.add("Map Request, decode", repeat(() => decodeMapRequest(requestView, requestLength, request)));
  bench.add("Map Reply, encode", repeat(() => encodeMapReply(view, reply)));
  bench.add("Map Reply, decode", repeat(() => decodeMapReply(replyView, replyLength, reply)));
  await bench.run();
  return bench.tasks.map((task) => ({ what: task.name, value: perSecond(task.result), unit: "operations/s" }));
}

function repeat(operation: () => number): () => void {
  let sum = 0;
  return () => {
    for (let index = 0; index < BATCH; index++) sum += operation();
    if (sum < 0) throw new Error("no operation gives a negative number");
  };
}

function perSecond(result: { state: string; latency?: { p50: number } }): number {
  if (result.latency === undefined) throw new Error(`the benchmark did not complete: ${result.state}`);
  return (BATCH * 1000) / result.latency.p50;
}

function sampleRequest(): MapRequest {
  const request = new MapRequest();
  Object.assign(request.header, { sequence: 1, nonceHi: 0xdeadbeef, nonceLo: 0xcafef00d, clientCookieHi: 1, clientCookieLo: 2 });
  return Object.assign(request, { family: 4, keyHi: 0xc0000201 });
}

function sampleReply(): MapReply {
  const reply = new MapReply();
  Object.assign(reply.header, { sequence: 1, nonceHi: 0xdeadbeef, nonceLo: 0xcafef00d, clientCookieHi: 1, clientCookieLo: 2 });
  reply.result = ResultCode.mapping;
  Object.assign(reply.body, {
    family: 4,
    prefixLength: 24,
    etrFamily: 4,
    cachingMs: 600_000,
    versionLineage: 1,
    versionLo: 7,
    positionLineage: 1,
    positionLo: 9,
    firstHi: 0xc0000200,
    lastHi: 0xc0000263,
    etr0: 0xcb007107,
  });
  return reply;
}
