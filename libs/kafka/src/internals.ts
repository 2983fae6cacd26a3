/// <reference path="./kafkajs-internals.d.ts" />
/**
 * What is used of kafkajs below its public API, in one place, and only in the one version it was written for.
 *
 * Why below: its consumer answers OFFSET_OUT_OF_RANGE by committing a default offset over ours (the checkpoint
 * metadata would be gone), repeats a commit that was refused under the next generation's id, re-joins without
 * letting a partition drain, fetches nothing while one partition is being processed, and can't read outside
 * a group. Its connections, metadata, group protocol and request encoders are sound, and are used as they are.
 */

import { SpanloomError } from '@spanloom/runtime';
import { version } from 'kafkajs/package.json';
import Cluster from 'kafkajs/src/cluster';
import roundRobinAssigner from 'kafkajs/src/consumer/assigners/roundRobinAssigner';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup';
import Emitter from 'kafkajs/src/instrumentation/emitter';
import Connection from 'kafkajs/src/network/connection';
import RequestQueue from 'kafkajs/src/network/requestQueue';
import Encoder from 'kafkajs/src/protocol/encoder';
import { createErrorFromCode } from 'kafkajs/src/protocol/error';
import type { Broker, BrokerMetadataPartition, Protocol } from 'kafkajs-internals';

const KAFKAJS_VERSION = '2.2.4';

if (version !== KAFKAJS_VERSION) {
  throw new SpanloomError(
    'internal',
    `kafkajs ${version} is installed, but @spanloom/kafka reaches into ${KAFKAJS_VERSION}: install exactly that`,
  );
}

export type { Broker, BrokerMetadataPartition, Protocol };
export {
  Cluster,
  Connection,
  ConsumerGroup,
  createErrorFromCode,
  Emitter,
  Encoder,
  RequestQueue,
  roundRobinAssigner,
};
