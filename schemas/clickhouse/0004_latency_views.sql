-- Percentiles from merged panes, the same to the last bit as libs/sketch computes them.
--
--   SELECT ServiceName, latencyQuantile(0.99, sumMap(Buckets), min(MinNano), max(MaxNano)) / 1e6 AS p99_ms
--   FROM latency_panes WHERE PaneStart >= now() - INTERVAL 5 MINUTE GROUP BY ServiceName
--
-- Bucket i is one value wide below 128; above, each octave is cut into 64: the bucket is
-- (i - 64 s) 2^s … + 2^s with s = i div 64 - 1, and stands for the middle of the whole numbers in it.
CREATE OR REPLACE FUNCTION latencyBucketShift AS (bucket) -> toUInt8(greatest(intDiv(toInt32(bucket), 64) - 1, 0));

CREATE OR REPLACE FUNCTION latencyBucketLow AS (bucket) ->
    bitShiftLeft(toUInt64(bucket - 64 * latencyBucketShift(bucket)), latencyBucketShift(bucket));

CREATE OR REPLACE FUNCTION latencyBucketMidpoint AS (bucket) ->
    toFloat64(latencyBucketLow(bucket))
        + (toFloat64(bitShiftLeft(toUInt64(1), latencyBucketShift(bucket))) - 1) / 2;

-- Nearest rank: the smallest whole number >= 1 that is at least q * count, q taken to the millionth.
CREATE OR REPLACE FUNCTION latencyRank AS (q, count) ->
    greatest(toUInt64(1), intDiv(toUInt64(floor(q * 1000000 + 0.5)) * toUInt64(count) + 999999, 1000000));

-- Several quantiles of one map of buckets (as sumMap gives it, keys rising), drawn into [min, max].
-- The running sums and ranks are arguments of the lambdas and not captured, so they are computed once.
CREATE OR REPLACE FUNCTION latencyQuantiles AS (quantiles, buckets, min_nano, max_nano) ->
    arrayMap(
        (rank, sums, keys) -> if(
            empty(keys),
            nan,
            least(max_nano, greatest(min_nano, latencyBucketMidpoint(keys[arrayFirstIndex(seen -> seen >= rank, sums)])))
        ),
        arrayMap((q, total) -> latencyRank(q, total), quantiles, arrayWithConstant(length(quantiles), arraySum(mapValues(buckets)))),
        arrayWithConstant(length(quantiles), arrayCumSum(mapValues(buckets))),
        arrayWithConstant(length(quantiles), mapKeys(buckets))
    );

CREATE OR REPLACE FUNCTION latencyQuantile AS (q, buckets, min_nano, max_nano) ->
    latencyQuantiles([q], buckets, min_nano, max_nano)[1];

-- Each series between two times:
--   SELECT * FROM latency_quantiles(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00')
CREATE OR REPLACE VIEW latency_quantiles AS
SELECT
    ServiceName,
    SpanName,
    SpanKind,
    StatusCode,
    sum(pane.Count) AS Count,
    sum(pane.Errors) AS Errors,
    Count / greatest(1, dateDiff('second', {start_at:DateTime}, {end_at:DateTime})) AS RatePerS,
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
GROUP BY ServiceName, SpanName, SpanKind, StatusCode;

-- The same in steps of so many seconds (a multiple of 10), for charts.
CREATE OR REPLACE VIEW latency_over_time AS
SELECT
    toStartOfInterval(PaneStart, toIntervalSecond({step_s:UInt32})) AS Time,
    ServiceName,
    SpanName,
    SpanKind,
    StatusCode,
    sum(pane.Count) AS Count,
    sum(pane.Errors) AS Errors,
    Count / {step_s:UInt32} AS RatePerS,
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
GROUP BY Time, ServiceName, SpanName, SpanKind, StatusCode;

-- Rolling windows of 1, 5, 15 and 60 minutes that end at a time, drawn down to a multiple of 10 s:
--   SELECT * FROM latency_rolling(at = '2024-05-01 10:00:00') WHERE WindowS = 300
CREATE OR REPLACE VIEW latency_rolling AS
SELECT
    WindowS,
    ServiceName,
    SpanName,
    SpanKind,
    StatusCode,
    sum(pane.Count) AS Count,
    sum(pane.Errors) AS Errors,
    Count / WindowS AS RatePerS,
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
ARRAY JOIN arrayFilter(
    length -> PaneStart >= toStartOfInterval({at:DateTime}, INTERVAL 10 SECOND) - length,
    [60, 300, 900, 3600]
) AS WindowS
WHERE PaneStart >= {at:DateTime} - 3610
    AND PaneStart < toStartOfInterval({at:DateTime}, INTERVAL 10 SECOND)
GROUP BY WindowS, ServiceName, SpanName, SpanKind, StatusCode;
