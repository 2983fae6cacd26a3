/** The parts of kafkajs 2.2.4 below its public API that this package uses; see internals.ts for why. */

declare module 'kafkajs/src/cluster' {
  import type { Broker, BrokerMetadataPartition, ClusterOptions } from 'kafkajs-internals';

  class Cluster {
    constructor(options: ClusterOptions);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    removeBroker(at: { host: string; port: number }): void;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    addTargetTopic(topic: string): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findControllerBroker(): Promise<Broker>;
    findBroker(of: { nodeId: string | number }): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): BrokerMetadataPartition[];
    findGroupCoordinator(of: { groupId: string }): Promise<Broker>;
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning?: boolean;
        fromTimestamp?: number;
      }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
  export = Cluster;
}

declare module 'kafkajs/src/consumer/consumerGroup' {
  import type { Broker, GroupOptions } from 'kafkajs-internals';

  class ConsumerGroup {
    constructor(options: GroupOptions);
    coordinator: Broker | null;
    generationId: number | null;
    memberId: string | null;
    connect(): Promise<void>;
    joinAndSync(): Promise<void>;
    leave(): Promise<void>;
    assigned(): { topic: string; partitions: number[] }[];
  }
  export = ConsumerGroup;
}

declare module 'kafkajs/src/consumer/assigners/roundRobinAssigner' {
  function roundRobin(of: { cluster: unknown }): unknown;
  export = roundRobin;
}

declare module 'kafkajs/src/instrumentation/emitter' {
  class Emitter {
    constructor();
  }
  export = Emitter;
}

declare module 'kafkajs/src/network/connection' {
  import type { Socket } from 'node:net';
  import type RequestQueue from 'kafkajs/src/network/requestQueue';

  class Connection {
    readonly clientId: string;
    readonly socket: Socket;
    readonly requestQueue: RequestQueue;
    readonly authExpectResponse: boolean;
    readonly authHandlers: { onSuccess(bytes: Buffer): void } | null;
    isAuthenticated(): boolean;
    authenticate(): Promise<void>;
    failIfNotConnected(): void;
    nextCorrelationId(): number;
    processData(chunk: Buffer): void;
  }
  export = Connection;
}

declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    readonly pending: readonly unknown[];
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
    maybeThrottle(throttle_ms: number): void;
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        readonly correlationId: number;
        resolve(answer: { readonly payload: Buffer }): void;
        reject(error: Error): void;
      };
      readonly expectResponse: boolean;
      readonly requestTimeout: number;
      sendRequest(): void;
    }): void;
  }
  export = RequestQueue;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    constructor(initialSize?: number);
    readonly buffer: Buffer;
    writeInt8(value: number): this;
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: number | bigint | string): this;
    writeString(value: string): this;
    writeBuffer(value: Buffer): this;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/error' {
  export function createErrorFromCode(code: number): Error;
}

declare module 'kafkajs-internals' {
  import type Connection from 'kafkajs/src/network/connection';

  export interface ClusterOptions {
    readonly logger: unknown;
    readonly retry: object;
    readonly socketFactory: unknown;
    readonly brokers: readonly string[];
    readonly ssl: boolean;
    readonly sasl: unknown;
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly authenticationTimeout: number;
    readonly reauthenticationThreshold: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly metadataMaxAge: number;
    readonly allowAutoTopicCreation: boolean;
    readonly maxInFlightRequests: number | null;
    readonly isolationLevel: number;
  }

  export interface BrokerMetadataPartition {
    readonly partitionId: number;
    readonly leader: number;
  }

  export interface GroupOptions {
    readonly retry: object;
    readonly cluster: unknown;
    readonly groupId: string;
    readonly topics: readonly string[];
    readonly topicConfigurations: object;
    readonly logger: unknown;
    readonly instrumentationEmitter: unknown;
    readonly assigners: readonly unknown[];
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly autoCommit: boolean;
    readonly isolationLevel: number;
    readonly metadataMaxAge: number;
  }

  export interface Protocol {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      encode(): Promise<unknown>;
    };
    readonly response: {
      decode(payload: Buffer): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
    readonly requestTimeout?: number;
  }

  export interface Broker {
    readonly nodeId: number;
    readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null;
    readonly connectionPool: {
      readonly host: string;
      readonly port: number;
      send(protocol: Protocol): Promise<unknown>;
      getConnection(): Promise<Connection>;
    };
    isConnected(): boolean;
    disconnect(): Promise<void>;
    initProducerId(of: object): Promise<{ producerId: string; producerEpoch: number }>;
    heartbeat(of: {
      groupId: string;
      groupGenerationId: number;
      memberId: string;
    }): Promise<unknown>;
    offsetCommit(of: {
      groupId: string;
      groupGenerationId: number;
      memberId: string;
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number; offset: string; metadata: string | null }[];
      }[];
    }): Promise<unknown>;
    offsetFetch(of: {
      groupId: string;
      topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
    }): Promise<{
      responses: {
        topic: string;
        partitions: { partition: number; offset: string; metadata: string | null }[];
      }[];
    }>;
  }
}
