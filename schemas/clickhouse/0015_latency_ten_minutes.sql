-- Panes of ten minutes beside those of ten seconds, for percentiles over hours and days: a sixtieth of the rows, or less.
-- The sink writes the same deltas into both, each under a token of its own. PaneStart is the start of ten minutes.
CREATE TABLE IF NOT EXISTS latency_ten_minutes
(
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    PaneStart DateTime CODEC(Delta, ZSTD(1)),
    Count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    SumNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    MinNano SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    MaxNano SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    Buckets SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1)),
    Exemplar SimpleAggregateFunction(max, Tuple(Nano Float64, TraceId String, SpanId String)) COMMENT 'The slowest span' CODEC(ZSTD(1)),
    StoredAt SimpleAggregateFunction(max, DateTime) COMMENT 'Log clock at the flush' CODEC(Delta, ZSTD(1)),
    Seqs SimpleAggregateFunction(maxMap, Map(UInt16, UInt64)) COMMENT 'Per partition, the number of the last message that is in the row' CODEC(ZSTD(1)),

    INDEX idx_pane_start PaneStart TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(StoredAt)
ORDER BY (ServiceName, SpanName, SpanKind, StatusCode, PaneStart)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000;
