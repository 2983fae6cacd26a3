-- Whether everything that came in is accounted for, per partition, up to its last ledger row (LastSeq):
--   CarriedIn + Received = Stored + Duplicates + DeadLettered + SampledOut + OpenSpans, that is Missing = 0.
-- Once the oldest rows have expired, counting starts after a ledger row (AfterSeq) behind which everything is
-- still there, and what was open then is CarriedIn. docs/ledger.md has each column.
CREATE OR REPLACE VIEW ledger_balance AS
WITH
    -- Older rows may have been deleted for their age, in one table sooner than in another.
    (
        SELECT now() - toIntervalDay(if(minIf(days, days > 0) = 0, {{retention_days}}, minIf(days, days > 0)))
        FROM
        (
            SELECT toUInt32OrZero(extract(create_table_query, 'toIntervalDay\\((\\d+)\\)')) AS days
            FROM system.tables
            WHERE database = currentDatabase() AND name IN ('otel_traces', 'trace_fragments', 'ledger')
        )
    ) AS kept_since,
    entries AS
    (
        SELECT
            *,
            lagInFrame(ToOffset, 1, FromOffset) OVER (
                PARTITION BY Partition ORDER BY Seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
            ) AS OffsetBefore
        FROM ledger FINAL
    ),
    starts AS
    (
        SELECT
            first_entry.Partition AS Partition,
            FirstAt >= kept_since AND (FirstOffset = 0 OR FirstSeq = 1 OR first_fragment.Seq = 1) AS Whole,
            multiIf(Whole, 0, KeptSeq = 0, LastSeq, KeptSeq) AS AfterSeq
        FROM
        (
            SELECT
                Partition,
                min(Seq) AS FirstSeq,
                max(Seq) AS LastSeq,
                argMin(At, Seq) AS FirstAt,
                argMin(FromOffset, Seq) AS FirstOffset,
                minIf(Seq, At >= kept_since) AS KeptSeq
            FROM ledger
            GROUP BY Partition
        ) AS first_entry
        LEFT JOIN (SELECT Partition, min(Seq) AS Seq FROM trace_fragments GROUP BY Partition) AS first_fragment
            ON first_fragment.Partition = first_entry.Partition
    ),
    counted AS
    (
        SELECT
            starts.Partition AS Partition,
            any(starts.AfterSeq) AS After,
            max(entries.Seq) AS Last,
            argMax(entries.At, entries.Seq) AS LastAt,
            if(After = 0, argMin(entries.FromOffset, entries.Seq), sumIf(entries.ToOffset, entries.Seq = starts.AfterSeq)) AS OffsetFirst,
            argMax(entries.ToOffset, entries.Seq) AS OffsetEnd,
            countIf(entries.Seq > starts.AfterSeq) AS EntryCount,
            countIf(entries.Seq > starts.AfterSeq AND entries.FromOffset != entries.OffsetBefore) AS HoleCount,
            sumIf(entries.OpenSpans, entries.Seq = starts.AfterSeq) AS OpenBefore,
            argMax(entries.OpenSpans, entries.Seq) AS OpenAfter,
            sumIf(entries.Received, entries.Seq > starts.AfterSeq) AS ReceivedSum,
            sumIf(entries.DeadLettered, entries.Seq > starts.AfterSeq) AS DeadLetteredSum,
            sumIf(entries.SampledOut, entries.Seq > starts.AfterSeq) AS SampledOutSum
        FROM entries
        INNER JOIN starts ON starts.Partition = entries.Partition
        GROUP BY starts.Partition
    ),
    fragments AS
    (
        SELECT
            fragment.Partition AS Partition,
            count() AS FragmentCount,
            sum(fragment.SpanCount) AS SpanSum,
            sum(fragment.DuplicateCount) AS DuplicateSum,
            sum(fragment.DeadLetteredCount) AS UnreadSum,
            sum(fragment.SpanCount * cityHash64(fragment.Seq)) AS SpanCheck
        FROM (SELECT Partition, Seq, SpanCount, DuplicateCount, DeadLetteredCount FROM trace_fragments FINAL) AS fragment
        INNER JOIN counted ON counted.Partition = fragment.Partition
        WHERE fragment.Seq > counted.After AND fragment.Seq < counted.Last
        GROUP BY fragment.Partition
    ),
    spans AS
    (
        SELECT span.Partition AS Partition, count() AS RowCount, sum(cityHash64(span.Seq)) AS RowCheck
        FROM (SELECT Partition, Seq FROM otel_traces) AS span
        INNER JOIN counted ON counted.Partition = span.Partition
        WHERE span.Seq > counted.After AND span.Seq < counted.Last
        GROUP BY span.Partition
    ),
    letters AS
    (
        SELECT letter.Partition AS Partition, count() AS LetterCount
        FROM (SELECT Topic, Partition, Offset FROM dead_letters FINAL) AS letter
        INNER JOIN counted ON counted.Partition = letter.Partition
        WHERE match(letter.Topic, '(^|[^a-zA-Z0-9])spans$')
            AND letter.Offset >= counted.OffsetFirst AND letter.Offset < counted.OffsetEnd
        GROUP BY letter.Partition
    )
SELECT
    counted.Partition AS Partition,
    counted.OffsetFirst AS FromOffset,
    counted.OffsetEnd AS ToOffset,
    counted.LastAt AS At,
    counted.OpenBefore AS CarriedIn,
    counted.ReceivedSum AS Received,
    fragments.SpanSum AS Stored,
    fragments.DuplicateSum AS Duplicates,
    counted.DeadLetteredSum + fragments.UnreadSum AS DeadLettered,
    counted.SampledOutSum AS SampledOut,
    counted.OpenAfter AS OpenSpans,
    toInt64(CarriedIn + Received) - toInt64(Stored + Duplicates + DeadLettered + SampledOut + OpenSpans) AS Missing,
    counted.HoleCount AS Holes,
    toInt64(counted.Last - counted.After) - toInt64(counted.EntryCount + fragments.FragmentCount) AS EntriesMissing,
    spans.RowCount AS Rows,
    spans.RowCheck = fragments.SpanCheck AS RowsAgree,
    counted.DeadLetteredSum AS LettersExpected,
    letters.LetterCount AS Letters,
    counted.After AS AfterSeq,
    counted.Last AS LastSeq,
    Missing = 0 AND Holes = 0 AND EntriesMissing = 0 AS Balanced
FROM counted
LEFT JOIN fragments ON fragments.Partition = counted.Partition
LEFT JOIN spans ON spans.Partition = counted.Partition
LEFT JOIN letters ON letters.Partition = counted.Partition;

-- The fragments of a partition between two numbers whose spans are not as many rows of otel_traces as they
-- should be:
--   SELECT * FROM fragment_row_differences(partition = 0, after_seq = 0, last_seq = 1000)
-- A copy of a span that comes after the id memory has forgotten it takes the place of the earlier row, so fewer
-- rows are right where a later fragment of the trace can account for them (Replaced).
CREATE OR REPLACE VIEW fragment_row_differences AS
WITH
    sides AS
    (
        SELECT Seq, any(Trace) AS TraceId, sum(SpanCount) AS Spans, sum(RowCount) AS Rows
        FROM
        (
            SELECT Seq, TraceId AS Trace, toInt64(trace_fragments.SpanCount) AS SpanCount, toInt64(0) AS RowCount
            FROM trace_fragments FINAL
            WHERE Partition = {partition:UInt16} AND Seq > {after_seq:UInt64} AND Seq < {last_seq:UInt64}
            UNION ALL
            SELECT Seq, any(TraceId), toInt64(0), toInt64(count())
            FROM otel_traces
            WHERE Partition = {partition:UInt16} AND Seq > {after_seq:UInt64} AND Seq < {last_seq:UInt64}
            GROUP BY Seq
        )
        GROUP BY Seq
        HAVING Spans != Rows
    ),
    later AS
    (
        SELECT sides.Seq AS Seq, sum(fragment.SpanCount) AS LaterSpans
        FROM sides
        INNER JOIN
        (
            SELECT TraceId, Seq, SpanCount
            FROM trace_fragments FINAL
            WHERE Partition = {partition:UInt16} AND TraceId IN (SELECT TraceId FROM sides)
        ) AS fragment ON fragment.TraceId = sides.TraceId
        WHERE fragment.Seq > sides.Seq
        GROUP BY sides.Seq
    )
SELECT
    {partition:UInt16} AS Partition,
    sides.Seq AS Seq,
    sides.TraceId AS TraceId,
    sides.Spans AS Spans,
    sides.Rows AS Rows,
    least(greatest(sides.Spans - sides.Rows, 0), toInt64(later.LaterSpans)) AS Replaced,
    greatest(sides.Spans - sides.Rows, 0) - Replaced AS Missing,
    greatest(sides.Rows - sides.Spans, 0) AS Surplus
FROM sides
LEFT JOIN later ON later.Seq = sides.Seq;
