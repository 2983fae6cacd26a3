-- Views that make the questions of docs/sql.md short. Those with parameters take a range of time, so that no more
-- is read than is asked about; start_at belongs to the range, end_at does not.

-- Each span beside its parent:
--   SELECT * FROM span_parents(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00')
-- The range is of the span; a parent is looked for from an hour before it to its end.
CREATE OR REPLACE VIEW span_parents AS
SELECT
    child.TraceId AS TraceId,
    child.SpanId AS SpanId,
    child.ServiceName AS ServiceName,
    child.SpanName AS SpanName,
    child.SpanKind AS SpanKind,
    child.StatusCode AS StatusCode,
    child.Timestamp AS Timestamp,
    child.Duration AS Duration,
    parent.SpanId AS ParentSpanId,
    parent.ServiceName AS ParentServiceName,
    parent.SpanName AS ParentSpanName,
    parent.SpanKind AS ParentSpanKind,
    parent.Timestamp AS ParentTimestamp,
    parent.Duration AS ParentDuration
FROM
(
    SELECT TraceId, SpanId, ParentSpanId AS ParentId, ServiceName, SpanName, SpanKind, StatusCode, Timestamp, Duration
    FROM otel_traces
    WHERE Timestamp >= {start_at:DateTime} AND Timestamp < {end_at:DateTime} AND ParentSpanId != ''
) AS child
INNER JOIN
(
    SELECT TraceId, SpanId, ServiceName, SpanName, SpanKind, Timestamp, Duration
    FROM otel_traces
    WHERE Timestamp >= {start_at:DateTime} - INTERVAL 1 HOUR AND Timestamp < {end_at:DateTime}
) AS parent
    ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentId;

-- The same operation called again and again by one span (N + 1, retries, fan-out): one row for each parent span
-- and operation below it.
CREATE OR REPLACE VIEW repeated_calls AS
SELECT
    TraceId,
    ParentSpanId,
    any(call.ParentServiceName) AS ParentServiceName,
    any(call.ParentSpanName) AS ParentSpanName,
    any(call.ParentDuration) AS ParentDuration,
    ServiceName,
    SpanName,
    count() AS Calls,
    countIf(StatusCode = 'Error') AS Failed,
    sum(call.Duration) AS Nano
FROM span_parents(start_at = {start_at:DateTime}, end_at = {end_at:DateTime}) AS call
GROUP BY TraceId, ParentSpanId, ServiceName, SpanName;

-- What each trace that began in the range waited for: one row for each operation on its critical path.
CREATE OR REPLACE VIEW critical_path AS
SELECT
    trace.TraceId AS TraceId,
    trace.Start AS Start,
    trace.RootService AS RootService,
    trace.RootName AS RootName,
    trace.RootDuration AS RootDuration,
    step.1 AS ServiceName,
    step.2 AS SpanName,
    step.3 AS Nano
FROM
(
    SELECT TraceId, Start, RootService, RootName, RootDuration
    FROM traces
    WHERE TraceId IN
    (
        SELECT TraceId FROM trace_fragments WHERE Start >= {start_at:DateTime} AND Start < {end_at:DateTime}
    )
) AS trace
INNER JOIN
(
    SELECT TraceId, arrayZip(PathServices, PathNames, PathNano) AS Steps
    FROM trace_analysis
    WHERE TraceId IN
    (
        SELECT TraceId FROM trace_fragments WHERE Start >= {start_at:DateTime} AND Start < {end_at:DateTime}
    )
) AS analysis ON analysis.TraceId = trace.TraceId
ARRAY JOIN analysis.Steps AS step
WHERE trace.Start >= {start_at:DateTime} AND trace.Start < {end_at:DateTime};

-- Two traces side by side, by operation: how often, and how long in all.
CREATE OR REPLACE VIEW trace_diff AS
SELECT
    ServiceName,
    SpanName,
    countIf(TraceId = {a:String}) AS CallsA,
    countIf(TraceId = {b:String}) AS CallsB,
    sumIf(span.Duration, TraceId = {a:String}) AS NanoA,
    sumIf(span.Duration, TraceId = {b:String}) AS NanoB,
    toInt64(NanoB) - toInt64(NanoA) AS NanoMore
FROM otel_traces AS span
WHERE TraceId IN ({a:String}, {b:String})
GROUP BY ServiceName, SpanName;

-- Each series in two ranges of time, from panes: within 1 %. What is only in one of them has a count of 0 and no
-- percentiles (nan) in the other.
CREATE OR REPLACE VIEW latency_change AS
SELECT
    ServiceName,
    SpanName,
    SpanKind,
    sumIf(pane.Count, IsBefore) AS CountBefore,
    sumIf(pane.Count, NOT IsBefore) AS CountAfter,
    sumIf(pane.Errors, IsBefore) AS ErrorsBefore,
    sumIf(pane.Errors, NOT IsBefore) AS ErrorsAfter,
    latencyQuantiles([0.5, 0.99], sumMapIf(pane.Buckets, IsBefore), minIf(pane.MinNano, IsBefore), maxIf(pane.MaxNano, IsBefore)) AS Before,
    latencyQuantiles([0.5, 0.99], sumMapIf(pane.Buckets, NOT IsBefore), minIf(pane.MinNano, NOT IsBefore), maxIf(pane.MaxNano, NOT IsBefore)) AS After,
    Before[1] AS P50NanoBefore,
    After[1] AS P50NanoAfter,
    Before[2] AS P99NanoBefore,
    After[2] AS P99NanoAfter
FROM
(
    SELECT *, PaneStart >= {before_start:DateTime} AND PaneStart < {before_end:DateTime} AS IsBefore
    FROM latency_panes
    WHERE IsBefore OR (PaneStart >= {after_start:DateTime} AND PaneStart < {after_end:DateTime})
) AS pane
GROUP BY ServiceName, SpanName, SpanKind;

-- How many spans took how long, in steps of time: durations by powers of two, FromNano ≤ duration < ToNano.
-- Exact, since the sketches' buckets do not cross powers of two.
CREATE OR REPLACE VIEW latency_heat_map AS
SELECT
    toStartOfInterval(PaneStart, toIntervalSecond({step_s:UInt32})) AS Time,
    ServiceName,
    SpanName,
    SpanKind,
    if(latencyBucketLow(Bucket) = 0, 0, bitShiftLeft(toUInt64(1), toUInt8(floor(log2(latencyBucketLow(Bucket)))))) AS FromNano,
    if(FromNano = 0, 1, 2 * FromNano) AS ToNano,
    sum(Spans) AS Count
FROM
(
    SELECT PaneStart, ServiceName, SpanName, SpanKind, Bucket, Spans
    FROM latency_panes
    ARRAY JOIN mapKeys(Buckets) AS Bucket, mapValues(Buckets) AS Spans
    WHERE PaneStart >= {start_at:DateTime} AND PaneStart < {end_at:DateTime}
)
GROUP BY Time, ServiceName, SpanName, SpanKind, FromNano;

-- How often each attribute value is on the slow calls of a service and on its others: one row for each value. A call
-- is a span by which the service is entered.
-- `spanloom explain` ranks by what is not chance; this only counts.
CREATE OR REPLACE VIEW attribute_shares AS
SELECT
    attribute.1 AS Source,
    attribute.2 AS Key,
    attribute.3 AS Value,
    countIf(IsSlow) AS Slow,
    countIf(NOT IsSlow) AS Rest,
    any(SlowSpans) AS SlowOf,
    any(RestSpans) AS RestOf,
    Slow / SlowOf AS ShareSlow,
    Rest / RestOf AS ShareRest,
    ShareSlow - ShareRest AS Difference
FROM
(
    SELECT
        Duration >= {slower_than_ms:Float64} * 1e6 AS IsSlow,
        countIf(IsSlow) OVER () AS SlowSpans,
        countIf(NOT IsSlow) OVER () AS RestSpans,
        arrayJoin(arrayConcat(
            [('field', 'operation', toString(SpanName)), ('field', 'kind', toString(SpanKind))],
            arrayMap((k, v) -> ('span', toString(k), v), mapKeys(SpanAttributes), mapValues(SpanAttributes)),
            arrayMap((k, v) -> ('resource', toString(k), v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes))
        )) AS attribute
    FROM otel_traces
    WHERE ServiceName = {service:String} AND Timestamp >= {start_at:DateTime} AND Timestamp < {end_at:DateTime}
        AND (SpanKind IN ('Server', 'Consumer') OR ParentSpanId = '')
)
GROUP BY Source, Key, Value;

-- What each table takes on disk now, of parts that count.
CREATE OR REPLACE VIEW storage_size AS
SELECT
    table AS Table,
    sum(rows) AS Rows,
    sum(bytes_on_disk) AS Bytes,
    Bytes / Rows AS BytesPerRow,
    count() AS Parts
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY table;
