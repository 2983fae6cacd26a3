-- The four figures of a tracing system: what they are made of. Definitions: docs/pipeline-figures.md.

-- The bucket of a whole number of ns (see 0004): the inverse of latencyBucketLow. log2 may be off by one next to a
-- power of two, which the shift shows.
CREATE OR REPLACE FUNCTION latencyBucketIndex AS (nano) ->
    if(
        toUInt64(nano) < 128,
        toInt16(nano),
        toInt16(
            arrayMap(
                (value, exponent) -> arrayMap(
                    (value, shift) -> 64 * shift + toInt64(bitShiftRight(value, shift)),
                    [value],
                    [exponent - toInt8(bitShiftRight(value, exponent) = 0) + toInt8(bitShiftRight(value, exponent) > 1) - 6]
                )[1],
                [toUInt64(nano)],
                [toInt8(floor(log2(toUInt64(nano))))]
            )[1]
        )
    );

-- Delays over ten seconds of the time when they were over. Rows are deltas: a query must aggregate.
CREATE TABLE IF NOT EXISTS pipeline_delays
(
    Figure LowCardinality(String) COMMENT 'transfer, storage or analysis' CODEC(ZSTD(1)),
    Leg LowCardinality(String) COMMENT 'Which part of the way; of analysis: the route' CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    PaneStart DateTime CODEC(Delta, ZSTD(1)),
    Count SimpleAggregateFunction(sum, UInt64) COMMENT 'Spans; of analysis: queries' CODEC(T64, ZSTD(1)),
    Clamped SimpleAggregateFunction(sum, UInt64) COMMENT 'Those whose delay made no sense and was drawn to the nearest bound' CODEC(T64, ZSTD(1)),
    SumNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    MinNano SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    MaxNano SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    Buckets SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1)),
    StoredAt SimpleAggregateFunction(max, DateTime) CODEC(Delta, ZSTD(1)),
    Seqs SimpleAggregateFunction(maxMap, Map(UInt16, UInt64)) COMMENT 'Per partition of the topic figures, one after the offset of the last message that is in the row' CODEC(ZSTD(1)),

    INDEX idx_pane_start PaneStart TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(StoredAt)
ORDER BY (Figure, Leg, ServiceName, PaneStart)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

-- What each life of a process has counted by the end of a minute, as far as was heard then. The greatest holds, so
-- reports may come late, twice, out of order or not at all.
CREATE TABLE IF NOT EXISTS producer_counters
(
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    StartId String COMMENT 'Names one life of one process' CODEC(ZSTD(1)),
    Minute DateTime COMMENT 'By the broker clock' CODEC(Delta, ZSTD(1)),
    Ended SimpleAggregateFunction(max, UInt64) COMMENT 'Spans that ended since its start and were to be sent' CODEC(T64, ZSTD(1)),
    Dropped SimpleAggregateFunction(max, UInt64) COMMENT 'Those of them that the tracer gave up' CODEC(T64, ZSTD(1)),
    StoredAt SimpleAggregateFunction(max, DateTime) CODEC(Delta, ZSTD(1)),
    Seqs SimpleAggregateFunction(maxMap, Map(UInt16, UInt64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(StoredAt)
ORDER BY (ServiceName, StartId, Minute)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

-- Storage delays, from the fragments as they are inserted: their spans are in otel_traces by then. A block that comes
-- again is dropped here with its fragments. Log-clock times are whole seconds, so a delay is up to 1 s too long.
-- Whole: from the append of the trace's first span; closed: from the log clock at which the window closed.
CREATE MATERIALIZED VIEW IF NOT EXISTS pipeline_storage_delays TO pipeline_delays AS
SELECT
    'storage' AS Figure,
    Leg,
    Service AS ServiceName,
    toStartOfInterval(now(), INTERVAL 10 SECOND) AS PaneStart,
    sum(Spans) AS Count,
    sumIf(Spans, Nano < 0) AS Clamped,
    sum(toFloat64(greatest(Nano, 0)) * Spans) AS SumNano,
    toFloat64(min(greatest(Nano, 0))) AS MinNano,
    toFloat64(max(greatest(Nano, 0))) AS MaxNano,
    sumMap(map(latencyBucketIndex(greatest(Nano, 0)), toUInt64(Spans))) AS Buckets,
    now() AS StoredAt
FROM
(
    SELECT
        Leg,
        Service,
        sum(ServiceSpan) AS Spans,
        (toUnixTimestamp64Milli(now64(3)) - toInt64(toUnixTimestamp(Since)) * 1000) * 1000000 AS Nano
    FROM
    (
        SELECT Leg, if(Leg = 'whole', OpenedAt, ClosedAt) AS Since, Services, ServiceSpans
        FROM trace_fragments
        ARRAY JOIN ['whole', 'closed'] AS Leg
    )
    ARRAY JOIN Services AS Service, ServiceSpans AS ServiceSpan
    GROUP BY Leg, Service, Since
)
GROUP BY Leg, Service;
