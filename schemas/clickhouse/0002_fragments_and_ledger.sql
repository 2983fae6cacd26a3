-- One row for each fragment that a window closed into; (Partition, Seq) names it.
CREATE TABLE IF NOT EXISTS trace_fragments
(
    TraceId String CODEC(ZSTD(1)),
    Partition UInt16 CODEC(T64, ZSTD(1)),
    Seq UInt64 CODEC(T64, ZSTD(1)),
    Reason Enum8('complete' = 0, 'idle' = 1, 'expired' = 2, 'oversize' = 3, 'evicted' = 4) CODEC(ZSTD(1)),
    Late Bool COMMENT 'The trace had finished before' CODEC(ZSTD(1)),
    OpenedAt DateTime COMMENT 'Log clock when its first span came' CODEC(T64, ZSTD(1)),
    ClosedAt DateTime COMMENT 'Log clock when it closed' CODEC(T64, ZSTD(1)),
    SpanCount UInt32 COMMENT 'Distinct spans, stored in otel_traces' CODEC(T64, ZSTD(1)),
    DuplicateCount UInt32 COMMENT 'Spans dropped because they had come before' CODEC(T64, ZSTD(1)),
    DeadLetteredCount UInt32 COMMENT 'Spans that the sink could not read; see dead_letters' CODEC(T64, ZSTD(1)),
    Start DateTime64(9) COMMENT 'Earliest start of its spans; 1970 when it has none' CODEC(T64, ZSTD(1)),
    End DateTime64(9) COMMENT 'Latest end of its spans; 1970 when it has none' CODEC(T64, ZSTD(1)),
    ErrorCount UInt32 COMMENT 'Spans with status Error' CODEC(T64, ZSTD(1)),
    HasRoot Bool COMMENT 'Whether a span without a parent was among them' CODEC(ZSTD(1)),
    RootSpanId String COMMENT 'The earliest root or, without one, the earliest span' CODEC(ZSTD(1)),
    RootService LowCardinality(String) CODEC(ZSTD(1)),
    RootName LowCardinality(String) CODEC(ZSTD(1)),
    RootStart DateTime64(9) CODEC(T64, ZSTD(1)),
    RootDuration UInt64 COMMENT 'Nanoseconds' CODEC(T64, ZSTD(1)),
    Services Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ServiceSpans Array(UInt32) COMMENT 'Spans of each of Services' CODEC(ZSTD(1)),
    ServiceErrors Array(UInt32) COMMENT 'Spans with status Error of each of Services' CODEC(ZSTD(1)),
    Duration UInt64 ALIAS toUInt64(greatest(toUnixTimestamp64Nano(End) - toUnixTimestamp64Nano(Start), 0)),

    INDEX idx_seq Seq TYPE minmax GRANULARITY 1,
    INDEX idx_start Start TYPE minmax GRANULARITY 1,
    INDEX idx_services Services TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(ClosedAt)
ORDER BY (TraceId, Partition, Seq)
TTL ClosedAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

-- One row for each trace: its fragments together, so that a late one amends it.
CREATE OR REPLACE VIEW traces AS
SELECT
    TraceId,
    minIf(fragment.Start, SpanCount > 0) AS Start,
    maxIf(fragment.End, SpanCount > 0) AS End,
    toUInt64(greatest(toUnixTimestamp64Nano(End) - toUnixTimestamp64Nano(Start), 0)) AS Duration,
    sum(SpanCount) AS Spans,
    sum(ErrorCount) AS Errors,
    sum(DuplicateCount) AS Duplicates,
    sum(DeadLetteredCount) AS DeadLettered,
    count() AS Fragments,
    countIf(Late) AS LateFragments,
    max(fragment.HasRoot) AS HasRoot,
    argMinIf(fragment.RootSpanId, (NOT fragment.HasRoot, RootStart, RootSpanId), SpanCount > 0) AS RootSpanId,
    argMinIf(fragment.RootService, (NOT fragment.HasRoot, RootStart, fragment.RootSpanId), SpanCount > 0) AS RootService,
    argMinIf(fragment.RootName, (NOT fragment.HasRoot, RootStart, fragment.RootSpanId), SpanCount > 0) AS RootName,
    argMinIf(fragment.RootDuration, (NOT fragment.HasRoot, RootStart, fragment.RootSpanId), SpanCount > 0) AS RootDuration,
    sumMap(fragment.Services, fragment.ServiceSpans, fragment.ServiceErrors) AS PerService,
    PerService.1 AS Services,
    PerService.2 AS ServiceSpans,
    PerService.3 AS ServiceErrors,
    groupArray(Reason) AS Reasons,
    min(OpenedAt) AS OpenedAt,
    max(fragment.ClosedAt) AS ClosedAt,
    any(fragment.Partition) AS Partition
FROM trace_fragments AS fragment FINAL
GROUP BY TraceId;

-- When a trace was, for look-ups by id: a table of the exporter's, here a view, so it costs nothing to fill.
CREATE OR REPLACE VIEW otel_traces_trace_id_ts AS
SELECT TraceId, toDateTime(Start) AS Start, toDateTime(End) AS End
FROM trace_fragments
WHERE SpanCount > 0;

-- What came in, per range of offsets of a partition of the topic `spans`; (Partition, Seq) names a row.
CREATE TABLE IF NOT EXISTS ledger
(
    Partition UInt16 CODEC(ZSTD(1)),
    Seq UInt64 CODEC(Delta, ZSTD(1)),
    At DateTime COMMENT 'Log clock at the end of the range' CODEC(Delta, ZSTD(1)),
    FromOffset UInt64 CODEC(Delta, ZSTD(1)),
    ToOffset UInt64 COMMENT 'One after the last offset in the range' CODEC(Delta, ZSTD(1)),
    Received UInt64 COMMENT 'Spans, and one for each message that could not be read at all' CODEC(T64, ZSTD(1)),
    DeadLettered UInt64 CODEC(T64, ZSTD(1)),
    SampledOut UInt64 CODEC(T64, ZSTD(1)),
    OpenSpans UInt64 COMMENT 'Spans in open windows at the end of the range' CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(At)
ORDER BY (Partition, Seq)
TTL At + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

-- Whether everything that came in is accounted for, per partition, up to the last ledger row:
-- Received = Stored + Duplicates + DeadLettered + SampledOut + OpenSpans, that is Missing = 0.
CREATE OR REPLACE VIEW ledger_balance AS
WITH
    entries AS
    (
        SELECT
            Partition,
            min(Seq) AS FirstSeq,
            max(Seq) AS LastSeq,
            argMin(ledger.OpenSpans, Seq) AS FirstOpen,
            argMin(ledger.Received, Seq) AS FirstReceived,
            argMin(ledger.DeadLettered, Seq) AS FirstDeadLettered,
            argMin(ledger.SampledOut, Seq) AS FirstSampledOut,
            argMin(FromOffset, Seq) AS FirstOffset,
            argMax(ledger.OpenSpans, Seq) AS LastOpen,
            sum(ledger.Received) AS AllReceived,
            sum(ledger.DeadLettered) AS AllDeadLettered,
            sum(ledger.SampledOut) AS AllSampledOut
        FROM ledger FINAL
        GROUP BY Partition
    ),
    -- Once the oldest rows have expired, counting starts after the first row that is left.
    spans AS
    (
        SELECT
            Partition,
            FirstOffset = 0 AS Whole,
            LastSeq,
            if(Whole, 0, FirstSeq) AS AfterSeq,
            AllReceived - if(Whole, 0, FirstReceived) AS Received,
            AllDeadLettered - if(Whole, 0, FirstDeadLettered) AS DeadLettered,
            AllSampledOut - if(Whole, 0, FirstSampledOut) AS SampledOut,
            toInt64(LastOpen) - if(Whole, 0, toInt64(FirstOpen)) AS OpenSpans
        FROM entries
    )
SELECT
    spans.Partition AS Partition,
    any(spans.Received) AS Received,
    sumIf(SpanCount, Seq > AfterSeq AND Seq < LastSeq) AS Stored,
    sumIf(DuplicateCount, Seq > AfterSeq AND Seq < LastSeq) AS Duplicates,
    any(spans.DeadLettered) + sumIf(DeadLetteredCount, Seq > AfterSeq AND Seq < LastSeq) AS DeadLettered,
    any(spans.SampledOut) AS SampledOut,
    any(spans.OpenSpans) AS OpenSpans,
    toInt64(Received) - toInt64(Stored) - toInt64(Duplicates) - toInt64(DeadLettered) - toInt64(SampledOut)
        - OpenSpans AS Missing
FROM spans
LEFT JOIN (SELECT Partition, Seq, SpanCount, DuplicateCount, DeadLetteredCount FROM trace_fragments FINAL) AS fragment
    ON fragment.Partition = spans.Partition
GROUP BY spans.Partition;

-- Messages and spans that could not be processed; (Topic, Partition, Offset, SpanIndex) names one.
CREATE TABLE IF NOT EXISTS dead_letters
(
    Topic LowCardinality(String) CODEC(ZSTD(1)),
    Partition UInt16 CODEC(ZSTD(1)),
    Offset UInt64 CODEC(ZSTD(1)),
    SpanIndex Int32 COMMENT 'Position of the span in its message; -1 for what is left of the message' CODEC(ZSTD(1)),
    At DateTime64(3) COMMENT 'Append time of the message' CODEC(ZSTD(1)),
    Reason LowCardinality(String) CODEC(ZSTD(1)),
    Error String CODEC(ZSTD(1)),
    Attempts UInt32 COMMENT 'How often it has failed, replays included' CODEC(ZSTD(1)),
    SchemaId UInt32 COMMENT 'Writer schema of Raw where SpanIndex >= 0' CODEC(ZSTD(1)),
    Key Nullable(String) CODEC(ZSTD(1)),
    Raw String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(At)
ORDER BY (Topic, Partition, Offset, SpanIndex)
TTL toDateTime(At) + INTERVAL {{retention_days}} DAY
SETTINGS non_replicated_deduplication_window = 10000;
