-- Spans. The first columns are those of the OpenTelemetry ClickHouse exporter (names, types, enum
-- texts), so that what reads its table reads this one; what Spanloom adds comes after them.
--
-- Parts are by the day of storing (broker time), not of the span: a recording of last year, or a
-- producer whose clock is wrong, must not make hundreds of parts per insert, nor expire on arrival.
-- The engine is the last net: a copy of a span that comes after the id memory has forgotten it is
-- removed by a merge. Everything before that is exact without it.
--
-- Order: spans of one minute, and in it whole traces. Next to each other, a trace's id is stored once
-- instead of once a span, and parents repeat; a minute is found without an index of its own. Why, and
-- what it costs and saves: docs/adr/0007-storage.md, docs/storage.md.
-- Changing how long spans are kept afterwards: ALTER TABLE otel_traces MODIFY TTL …
CREATE TABLE IF NOT EXISTS otel_traces
(
    Timestamp DateTime64(9) CODEC(T64('bit'), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(6)),
    ScopeName String CODEC(ZSTD(3)),
    ScopeVersion String CODEC(ZSTD(3)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested
    (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),
    Links Nested
    (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),

    Flags UInt32 COMMENT 'OTLP span flags' CODEC(T64, ZSTD(1)),
    Partition UInt16 COMMENT 'Partition of the topics spans and traces' CODEC(T64, ZSTD(1)),
    Seq UInt64 COMMENT 'Number of the fragment within its partition' CODEC(Delta, ZSTD(1)),
    StoredAt DateTime COMMENT 'Log clock when the fragment closed' CODEC(Delta, ZSTD(1)),

    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_service ServiceName TYPE set(256) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
    INDEX idx_timestamp Timestamp TYPE minmax GRANULARITY 1,
    INDEX idx_seq Seq TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(StoredAt)
PRIMARY KEY (toStartOfMinute(Timestamp), TraceId)
ORDER BY (toStartOfMinute(Timestamp), TraceId, ServiceName, SpanName, SpanId, SpanKind)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;
