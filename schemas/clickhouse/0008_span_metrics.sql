-- What each series has counted since it was first seen: what counters are made of. It adds up in the order of
-- storing, whatever time the spans are of, so a total never goes down. A series is forgotten when it was
-- silent for a week. Parts are merged within hours, or a row of a series that goes on would pass for silent.
CREATE TABLE IF NOT EXISTS latency_totals
(
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    Count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    SumNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    Buckets SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1)),
    Exemplar SimpleAggregateFunction(max, Tuple(PaneStart DateTime, Nano Float64, TraceId String, SpanId String)) COMMENT 'The slowest span of the newest pane' CODEC(ZSTD(1)),
    FirstSeenAt SimpleAggregateFunction(min, DateTime64(3)) COMMENT 'When it was first stored' CODEC(Delta, ZSTD(1)),
    LastSeenAt SimpleAggregateFunction(max, DateTime) COMMENT 'When it was last stored' CODEC(Delta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (ServiceName, SpanName, SpanKind, StatusCode)
TTL LastSeenAt + INTERVAL 7 DAY
SETTINGS
    min_age_to_force_merge_seconds = 3600,
    non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS latency_totals_deltas TO latency_totals AS
SELECT
    ServiceName,
    SpanName,
    SpanKind,
    StatusCode,
    Count,
    SumNano,
    Buckets,
    (PaneStart, Exemplar.1, Exemplar.2, Exemplar.3) AS Exemplar,
    now64(3) AS FirstSeenAt,
    now() AS LastSeenAt
FROM latency_panes;

-- The same of the service graph. Corrections of traces that came in several fragments are not in it, because
-- they can take away: see service_edge_panes for the exact numbers.
CREATE TABLE IF NOT EXISTS service_edge_totals
(
    Client LowCardinality(String) CODEC(ZSTD(1)),
    Server LowCardinality(String) CODEC(ZSTD(1)),
    ConnectionType LowCardinality(String) CODEC(ZSTD(1)),
    Calls SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    Failed SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    ClientNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    ServerNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    ClientBuckets SimpleAggregateFunction(sumMap, Map(Int16, Int64)) CODEC(ZSTD(1)),
    ServerBuckets SimpleAggregateFunction(sumMap, Map(Int16, Int64)) CODEC(ZSTD(1)),
    FirstSeenAt SimpleAggregateFunction(min, DateTime64(3)) CODEC(Delta, ZSTD(1)),
    LastSeenAt SimpleAggregateFunction(max, DateTime) CODEC(Delta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (Client, Server, ConnectionType)
TTL LastSeenAt + INTERVAL 7 DAY
SETTINGS
    min_age_to_force_merge_seconds = 3600,
    non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS service_edge_totals_deltas TO service_edge_totals AS
SELECT
    Client,
    Server,
    ConnectionType,
    Calls,
    Failed,
    ClientNano,
    ServerNano,
    ClientBuckets,
    ServerBuckets,
    now64(3) AS FirstSeenAt,
    now() AS LastSeenAt
FROM service_edges;

-- Each operation between two times, whatever its status; what /api/latency says:
--   SELECT * FROM latency_by_operation(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00')
CREATE OR REPLACE VIEW latency_by_operation AS
SELECT
    ServiceName,
    SpanName,
    SpanKind,
    sum(pane.Count) AS Count,
    sum(pane.Errors) AS Errors,
    Count / greatest(1, dateDiff('second', {start_at:DateTime}, {end_at:DateTime})) AS RatePerS,
    Errors / Count AS ErrorRate,
    sum(pane.SumNano) / Count AS MeanNano,
    min(pane.MinNano) AS MinNano,
    max(pane.MaxNano) AS MaxNano,
    latencyQuantiles([0.5, 0.75, 0.9, 0.95, 0.99, 0.999], sumMap(pane.Buckets), MinNano, MaxNano) AS Quantiles,
    Quantiles[1] AS P50Nano,
    Quantiles[2] AS P75Nano,
    Quantiles[3] AS P90Nano,
    Quantiles[4] AS P95Nano,
    Quantiles[5] AS P99Nano,
    Quantiles[6] AS P999Nano,
    max(pane.Exemplar).2 AS ExemplarTraceId,
    max(pane.Exemplar).3 AS ExemplarSpanId
FROM latency_panes AS pane
WHERE PaneStart >= {start_at:DateTime} AND PaneStart < {end_at:DateTime}
GROUP BY ServiceName, SpanName, SpanKind;

-- Each service between two times. Percentiles of a service are not made of those of its operations, so it has
-- its own view. Spans of all kinds count; what a service was asked is WHERE SpanKind IN ('Server', 'Consumer').
CREATE OR REPLACE VIEW latency_by_service AS
SELECT
    ServiceName,
    SpanKind,
    sum(pane.Count) AS Count,
    sum(pane.Errors) AS Errors,
    Count / greatest(1, dateDiff('second', {start_at:DateTime}, {end_at:DateTime})) AS RatePerS,
    Errors / Count AS ErrorRate,
    sum(pane.SumNano) / Count AS MeanNano,
    min(pane.MinNano) AS MinNano,
    max(pane.MaxNano) AS MaxNano,
    latencyQuantiles([0.5, 0.75, 0.9, 0.95, 0.99, 0.999], sumMap(pane.Buckets), MinNano, MaxNano) AS Quantiles,
    Quantiles[1] AS P50Nano,
    Quantiles[2] AS P75Nano,
    Quantiles[3] AS P90Nano,
    Quantiles[4] AS P95Nano,
    Quantiles[5] AS P99Nano,
    Quantiles[6] AS P999Nano,
    max(pane.Exemplar).2 AS ExemplarTraceId,
    max(pane.Exemplar).3 AS ExemplarSpanId
FROM latency_panes AS pane
WHERE PaneStart >= {start_at:DateTime} AND PaneStart < {end_at:DateTime}
GROUP BY ServiceName, SpanKind;

-- The service graph in steps of so many seconds (a multiple of 60), for charts:
--   SELECT * FROM service_graph_over_time(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00', step_s = 300)
CREATE OR REPLACE VIEW service_graph_over_time AS
SELECT
    toStartOfInterval(PaneStart, toIntervalSecond({step_s:UInt32})) AS Time,
    Client,
    Server,
    ConnectionType,
    sum(pane.Calls) AS Calls,
    sum(pane.Failed) AS Failed,
    Calls / {step_s:UInt32} AS RatePerS,
    Failed / Calls AS FailureRate,
    latencyQuantiles([0.5, 0.95, 0.99], sumMap(pane.ClientBuckets), 0, inf) AS ClientQuantilesNano,
    latencyQuantiles([0.5, 0.95, 0.99], sumMap(pane.ServerBuckets), 0, inf) AS ServerQuantilesNano
FROM service_edge_panes AS pane
WHERE PaneStart >= toStartOfMinute({start_at:DateTime}) AND PaneStart < {end_at:DateTime}
GROUP BY Time, Client, Server, ConnectionType
HAVING Calls > 0;
