-- What was done about dead letters: rows are only added, so nothing is decided without a trace.
CREATE TABLE IF NOT EXISTS dead_letter_actions
(
    Topic LowCardinality(String) CODEC(ZSTD(1)),
    Partition UInt16 CODEC(ZSTD(1)),
    Offset UInt64 CODEC(ZSTD(1)),
    SpanIndex Int32 CODEC(ZSTD(1)),
    RunId String COMMENT 'The run of the command that acts' CODEC(ZSTD(1)),
    Action Enum8('intended' = 0, 'withdrawn' = 1, 'quarantined' = 2, 'discarded' = 3, 'replayed' = 4) CODEC(ZSTD(1)),
    At DateTime64(3) DEFAULT now64(3) COMMENT 'ClickHouse''s clock' CODEC(ZSTD(1)),
    Who String COMMENT 'user@host' CODEC(ZSTD(1)),
    Process String COMMENT 'Number and start of the process on that host' CODEC(ZSTD(1)),
    Note String CODEC(ZSTD(1)),
    ToPartition UInt16 COMMENT 'Where on its topic a replay goes' CODEC(ZSTD(1)),
    ToOffset Int64 COMMENT 'intended: where the log ended before; replayed: where it is, -1 for nowhere' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(At)
ORDER BY (Topic, Partition, Offset, SpanIndex, RunId, Action)
TTL toDateTime(At) + INTERVAL {{retention_days}} DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- What each run came to with each letter. Open intents are replays that are under way or were interrupted.
CREATE OR REPLACE VIEW dead_letter_runs AS
SELECT
    Topic,
    Partition,
    Offset,
    SpanIndex,
    RunId,
    groupUniqArray(toString(Action)) AS Actions,
    has(Actions, 'intended') AND NOT hasAny(Actions, ['withdrawn', 'quarantined', 'replayed']) AS Pending,
    argMax(action.Who, Action) AS Who,
    argMax(action.Process, Action) AS Process,
    argMax(action.At, Action) AS At,
    argMax(action.Note, Action) AS Note,
    argMax(action.ToPartition, Action) AS ToPartition,
    argMax(action.ToOffset, Action) AS ToOffset
FROM dead_letter_actions AS action
GROUP BY Topic, Partition, Offset, SpanIndex, RunId;

-- Each letter with its state. States only go up, so no clock decides which action counts:
-- open < quarantined < discarded < replaying < replayed.
CREATE OR REPLACE VIEW dead_letter_queue AS
SELECT
    letter.Topic AS Topic,
    letter.Partition AS Partition,
    letter.Offset AS Offset,
    letter.SpanIndex AS SpanIndex,
    letter.At AS At,
    letter.Reason AS Reason,
    letter.Error AS Error,
    letter.Attempts AS Attempts,
    letter.SchemaId AS SchemaId,
    letter.Key AS Key,
    letter.Raw AS Raw,
    ['open', 'quarantined', 'discarded', 'replaying', 'replayed'][done.Rank + 1] AS State
FROM dead_letters AS letter FINAL
LEFT JOIN
(
    SELECT
        Topic,
        Partition,
        Offset,
        SpanIndex,
        max(multiIf(
            has(Actions, 'replayed'), 4,
            Pending, 3,
            has(Actions, 'discarded'), 2,
            has(Actions, 'quarantined'), 1,
            0)) AS Rank
    FROM dead_letter_runs
    GROUP BY Topic, Partition, Offset, SpanIndex
) AS done
    ON done.Topic = letter.Topic AND done.Partition = letter.Partition AND done.Offset = letter.Offset
    AND done.SpanIndex = letter.SpanIndex;
