-- Services whose self times, failures or shape have left their baselines (docs/anomalies.md); Id names an event.
-- Read FINAL, or anomaly_findings: a repeat has the same Id and At.
CREATE TABLE IF NOT EXISTS anomalies
(
    Id String CODEC(ZSTD(1)),
    Incident String COMMENT 'Id of the first event of the incident' CODEC(ZSTD(1)),
    At DateTime COMMENT 'End of the pane in which it was seen, span time' CODEC(Delta, ZSTD(1)),
    StoredAt DateTime COMMENT 'Append time of the message' CODEC(Delta, ZSTD(1)),
    Services Array(LowCardinality(String)) COMMENT 'Newly named, the likeliest cause first' CODEC(ZSTD(1)),
    Findings Nested
    (
        What LowCardinality(String),
        ServiceName LowCardinality(String),
        SpanName LowCardinality(String),
        SpanKind LowCardinality(String),
        Peer LowCardinality(String),
        Missing LowCardinality(String),
        Traces UInt64,
        Observed Float64,
        Expected Float64,
        ExcessNano Float64,
        Effect Float64,
        Evidence Float64,
        TraceIds Array(String)
    ) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(StoredAt)
PARTITION BY toYYYYMM(At)
ORDER BY (At, Id)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- One row for each thing that was unusual: self-time with p99s in ns, failures and shape with shares of traces.
-- An edge, all calls of ServiceName to Peer, has no SpanName.
CREATE OR REPLACE VIEW anomaly_findings AS
SELECT
    Id,
    Incident,
    At,
    Services,
    Found.What AS What,
    Found.ServiceName AS ServiceName,
    Found.SpanName AS SpanName,
    Found.SpanKind AS SpanKind,
    Found.Peer AS Peer,
    Found.Missing AS Missing,
    Found.Traces AS Traces,
    Found.Observed AS Observed,
    Found.Expected AS Expected,
    Found.ExcessNano AS ExcessNano,
    Found.Effect AS Effect,
    Found.Evidence AS Evidence,
    Found.TraceIds AS TraceIds
FROM (SELECT * FROM anomalies FINAL)
ARRAY JOIN Findings AS Found;
