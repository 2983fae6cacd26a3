-- The four figures of a tracing system, as they are read. Definitions: docs/pipeline-figures.md. Each view has one row
-- for each of the services_max largest services, one for all further ones ("other"), and one over all (Overall = 1).

-- Data capture rate between two whole minutes:
--   SELECT * FROM pipeline_capture(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00', services_max = 100)
CREATE OR REPLACE VIEW pipeline_capture AS
WITH
    reported AS
    (
        SELECT ServiceName, StartId,
            max(counted.Ended) - maxIf(counted.Ended, Minute < {start_at:DateTime}) AS Ended,
            max(counted.Dropped) - maxIf(counted.Dropped, Minute < {start_at:DateTime}) AS Dropped,
            max(Minute) >= {start_at:DateTime} AS Heard
        FROM producer_counters AS counted
        WHERE Minute < {end_at:DateTime}
        GROUP BY ServiceName, StartId
    ),
    stored AS
    (
        SELECT Services, ServiceSpans
        FROM trace_fragments FINAL
        WHERE OpenedAt >= {start_at:DateTime} AND OpenedAt < {end_at:DateTime} AND ClosedAt >= {start_at:DateTime}
    ),
    services AS
    (
        SELECT
            Service,
            sum(P) AS ServiceProcesses,
            sum(E) AS ServiceEnded,
            sum(D) AS ServiceDropped,
            sum(C) AS ServiceCaptured
        FROM
        (
            SELECT toString(ServiceName) AS Service, toUInt64(1) AS P, toUInt64(Ended) AS E, toUInt64(Dropped) AS D, toUInt64(0) AS C
            FROM reported
            WHERE Heard
            UNION ALL
            SELECT toString(Name) AS Service, toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(Spans)
            FROM stored
            ARRAY JOIN Services AS Name, ServiceSpans AS Spans
        )
        GROUP BY Service
    ),
    placed AS
    (
        SELECT *, row_number() OVER (ORDER BY greatest(ServiceEnded, ServiceCaptured) DESC, Service) AS Place
        FROM services
    )
SELECT
    grouping(Named) AS Overall,
    Named AS ServiceName,
    sum(ServiceProcesses) AS Processes,
    sum(ServiceEnded) AS Total,
    sum(ServiceDropped) AS Dropped,
    sum(ServiceCaptured) AS Captured,
    sumIf(ServiceCaptured, ServiceEnded = 0) AS Unreported,
    toInt64(Total) - toInt64(Dropped) - toInt64(Captured - Unreported) AS Missing,
    if(Total = 0, NULL, 100 * (Captured - Unreported) / Total) AS RatePercent
FROM (SELECT *, if(Place <= {services_max:UInt32}, Service, 'other') AS Named FROM placed)
GROUP BY GROUPING SETS ((Named), ());

-- Transfer, storage and analysis delays that were over between two times (multiples of 10 s):
--   SELECT * FROM pipeline_delay(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00', services_max = 100)
CREATE OR REPLACE VIEW pipeline_delay AS
WITH
    panes AS
    (
        -- Routes are also taken together: time spent on one query or another can be compared, parts of a way can not.
        SELECT Figure, LegOrAll AS Leg, toString(ServiceName) AS Service, Count, Clamped, SumNano, MinNano, MaxNano, Buckets
        FROM pipeline_delays
        ARRAY JOIN if(Figure = 'analysis', [toString(Leg), 'all'], [toString(Leg)]) AS LegOrAll
        WHERE PaneStart >= {start_at:DateTime} AND PaneStart < {end_at:DateTime}
    ),
    placed AS
    (
        SELECT Service, row_number() OVER (ORDER BY Spans DESC, Service) AS Place
        FROM (SELECT Service, sum(Count) AS Spans FROM panes GROUP BY Service)
    ),
    named AS
    (
        SELECT panes.*, if(Service IN (SELECT Service FROM placed WHERE Place <= {services_max:UInt32}), Service, 'other') AS Named
        FROM panes
    )
SELECT
    Figure,
    Leg,
    grouping(Named) AS Overall,
    Named AS ServiceName,
    sum(named.Count) AS Count,
    sum(named.Clamped) AS Clamped,
    sum(named.SumNano) / Count / 1e6 AS MeanMs,
    min(named.MinNano) / 1e6 AS MinMs,
    max(named.MaxNano) / 1e6 AS MaxMs,
    arrayMap(
        nano -> nano / 1e6,
        latencyQuantiles([0.5, 0.75, 0.9, 0.95, 0.99, 0.999], sumMap(named.Buckets), min(named.MinNano), max(named.MaxNano))
    ) AS QuantilesMs,
    QuantilesMs[1] AS P50Ms,
    QuantilesMs[2] AS P75Ms,
    QuantilesMs[3] AS P90Ms,
    QuantilesMs[4] AS P95Ms,
    QuantilesMs[5] AS P99Ms,
    QuantilesMs[6] AS P999Ms
FROM named
GROUP BY GROUPING SETS ((Figure, Leg, Named), (Figure, Leg));

-- What became of what the pipeline received, between the last ledger rows before two times, over all partitions:
--   CarriedIn + Received = Stored + Duplicates + DeadLettered + SampledOut + OpenSpans + Missing
-- and Missing is 0 (docs/ledger.md). The rate is of distinct spans whose windows have closed.
CREATE OR REPLACE VIEW pipeline_ledger AS
WITH
    bounds AS
    (
        SELECT
            Partition,
            -- Without a row before the start: from the log's beginning or, where that has expired, the first row left.
            multiIf(
                countIf(At < {start_at:DateTime}) > 0, maxIf(Seq, At < {start_at:DateTime}),
                argMin(FromOffset, Seq) = 0, 0,
                min(Seq)
            ) AS AfterSeq,
            max(Seq) AS LastSeq
        FROM ledger
        WHERE At < {end_at:DateTime}
        GROUP BY Partition
    ),
    entries AS
    (
        SELECT
            bounds.Partition AS Partition,
            sumIf(entry.OpenSpans, Seq = AfterSeq) AS OpenBefore,
            sumIf(entry.OpenSpans, Seq = LastSeq) AS OpenAfter,
            sumIf(entry.Received, Seq > AfterSeq) AS ReceivedSum,
            sumIf(entry.DeadLettered, Seq > AfterSeq) AS DeadLetteredSum,
            sumIf(entry.SampledOut, Seq > AfterSeq) AS SampledOutSum,
            if(any(AfterSeq) = 0, toDateTime(0), minIf(At, Seq = AfterSeq)) AS Since
        FROM (SELECT * FROM ledger FINAL) AS entry
        INNER JOIN bounds ON bounds.Partition = entry.Partition
        WHERE Seq >= AfterSeq AND Seq <= LastSeq
        GROUP BY bounds.Partition
    ),
    fragments AS
    (
        SELECT
            sum(SpanCount) AS SpanSum,
            sum(DuplicateCount) AS DuplicateSum,
            sum(DeadLetteredCount) AS UnreadSum
        FROM
        (
            SELECT Partition, Seq, SpanCount, DuplicateCount, DeadLetteredCount
            FROM trace_fragments FINAL
            WHERE ClosedAt >= (SELECT min(Since) FROM entries)
        ) AS fragment
        INNER JOIN bounds ON bounds.Partition = fragment.Partition
        WHERE Seq > AfterSeq AND Seq < LastSeq
    )
SELECT
    sum(OpenBefore) AS CarriedIn,
    sum(ReceivedSum) AS Received,
    any(fragments.SpanSum) AS Stored,
    any(fragments.DuplicateSum) AS Duplicates,
    sum(DeadLetteredSum) + any(fragments.UnreadSum) AS DeadLettered,
    sum(SampledOutSum) AS SampledOut,
    sum(OpenAfter) AS OpenSpans,
    toInt64(CarriedIn + Received) - toInt64(Stored + Duplicates + DeadLettered + SampledOut + OpenSpans) AS Missing,
    toInt64(CarriedIn + Received) - toInt64(Duplicates + OpenSpans) AS Total,
    if(Total <= 0, NULL, 100 * Stored / Total) AS RatePercent
FROM entries
CROSS JOIN fragments;
