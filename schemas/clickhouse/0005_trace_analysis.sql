-- What each fragment shows by itself; of a trace of several fragments see trace_analysis.
ALTER TABLE trace_fragments
    ADD COLUMN IF NOT EXISTS Depth UInt32 COMMENT 'Spans from a top to the deepest leaf' CODEC(T64, ZSTD(1)) AFTER ServiceErrors,
    ADD COLUMN IF NOT EXISTS RootCount UInt32 COMMENT 'Spans that name no parent' CODEC(T64, ZSTD(1)) AFTER Depth,
    ADD COLUMN IF NOT EXISTS OrphanCount UInt32 COMMENT 'Spans that name a parent and have none' CODEC(T64, ZSTD(1)) AFTER RootCount,
    ADD COLUMN IF NOT EXISTS MissingParentCount UInt32 COMMENT 'Different parents that are named and not there' CODEC(T64, ZSTD(1)) AFTER OrphanCount,
    ADD COLUMN IF NOT EXISTS ConnectedCount UInt32 COMMENT 'Spans below the root, itself counted' CODEC(T64, ZSTD(1)) AFTER MissingParentCount,
    ADD COLUMN IF NOT EXISTS ErrorOriginSpanId String COMMENT 'The deepest span with status Error; empty without one' CODEC(ZSTD(1)) AFTER ConnectedCount,
    ADD COLUMN IF NOT EXISTS ErrorOriginService LowCardinality(String) CODEC(ZSTD(1)) AFTER ErrorOriginSpanId,
    ADD COLUMN IF NOT EXISTS ErrorOriginName LowCardinality(String) CODEC(ZSTD(1)) AFTER ErrorOriginService,
    ADD COLUMN IF NOT EXISTS PathServices Array(LowCardinality(String)) COMMENT 'Operations on the critical path' CODEC(ZSTD(1)) AFTER ErrorOriginName,
    ADD COLUMN IF NOT EXISTS PathNames Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER PathServices,
    ADD COLUMN IF NOT EXISTS PathNano Array(UInt64) COMMENT 'Time on the critical path of each of PathNames itself, ns' CODEC(ZSTD(1)) AFTER PathNames,
    ADD COLUMN IF NOT EXISTS SkewSpanIds Array(String) COMMENT 'Called spans whose clock contradicts the caller''s' CODEC(ZSTD(1)) AFTER PathNano,
    ADD COLUMN IF NOT EXISTS SkewCallers Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER SkewSpanIds,
    ADD COLUMN IF NOT EXISTS SkewCallees Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER SkewCallers,
    ADD COLUMN IF NOT EXISTS SkewNano Array(Int64) COMMENT 'What the callee''s clock shows more than the caller''s, ns' CODEC(ZSTD(1)) AFTER SkewCallees;

-- Calls between services, per minute of the end of the called span (of the calling one where the callee
-- sends none). Each row that comes in is a delta; merges add them up. Read service_edge_panes instead.
CREATE TABLE IF NOT EXISTS service_edges
(
    PaneStart DateTime CODEC(Delta, ZSTD(1)),
    Client LowCardinality(String) COMMENT 'Empty: not known' CODEC(ZSTD(1)),
    Server LowCardinality(String) COMMENT 'Empty: not known' CODEC(ZSTD(1)),
    ConnectionType LowCardinality(String) COMMENT 'Empty for services, or messaging_system, database, virtual_node, unpaired' CODEC(ZSTD(1)),
    Calls SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    Failed SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    ClientNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    ServerNano SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    ClientBuckets SimpleAggregateFunction(sumMap, Map(Int16, Int64)) COMMENT 'Durations as the callers saw them' CODEC(ZSTD(1)),
    ServerBuckets SimpleAggregateFunction(sumMap, Map(Int16, Int64)) COMMENT 'Durations as the callees saw them' CODEC(ZSTD(1)),
    StoredAt SimpleAggregateFunction(max, DateTime) COMMENT 'Log clock when the last fragment in the row closed' CODEC(Delta, ZSTD(1)),
    Seqs SimpleAggregateFunction(maxMap, Map(UInt16, UInt64)) COMMENT 'Per partition, the number of the last fragment that is in the row' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(StoredAt)
ORDER BY (PaneStart, Client, Server, ConnectionType)
TTL StoredAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

-- Notes of traces that are, or may become, more than one fragment: what the sink has to amend.
CREATE TABLE IF NOT EXISTS trace_reopened
(
    Partition UInt16 CODEC(T64, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    Seq UInt64 CODEC(Delta, ZSTD(1)),
    ClosedAt DateTime CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(ClosedAt)
ORDER BY (Partition, TraceId, Seq)
TTL ClosedAt + INTERVAL {{retention_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_reopened_notes TO trace_reopened AS
SELECT Partition, TraceId, Seq, ClosedAt
FROM trace_fragments
WHERE Late OR Reason IN ('expired', 'oversize');

-- A trace of several fragments as a whole: the newest version holds. The edges are what has to be added
-- to those of its fragments in service_edges, and may be negative.
CREATE TABLE IF NOT EXISTS trace_amendments
(
    TraceId String CODEC(ZSTD(1)),
    Partition UInt16 CODEC(T64, ZSTD(1)),
    LastSeq UInt64 COMMENT 'The last fragment that is covered' CODEC(T64, ZSTD(1)),
    Fragments UInt32 CODEC(T64, ZSTD(1)),
    ClosedAt DateTime COMMENT 'Log clock when it closed' CODEC(T64, ZSTD(1)),
    Final Bool COMMENT 'What may follow is noted when it comes' CODEC(ZSTD(1)),
    Depth UInt32 CODEC(T64, ZSTD(1)),
    RootCount UInt32 CODEC(T64, ZSTD(1)),
    OrphanCount UInt32 CODEC(T64, ZSTD(1)),
    MissingParentCount UInt32 CODEC(T64, ZSTD(1)),
    ConnectedCount UInt32 CODEC(T64, ZSTD(1)),
    ErrorOriginSpanId String CODEC(ZSTD(1)),
    ErrorOriginService LowCardinality(String) CODEC(ZSTD(1)),
    ErrorOriginName LowCardinality(String) CODEC(ZSTD(1)),
    PathServices Array(LowCardinality(String)) CODEC(ZSTD(1)),
    PathNames Array(LowCardinality(String)) CODEC(ZSTD(1)),
    PathNano Array(UInt64) CODEC(ZSTD(1)),
    SkewSpanIds Array(String) CODEC(ZSTD(1)),
    SkewCallers Array(LowCardinality(String)) CODEC(ZSTD(1)),
    SkewCallees Array(LowCardinality(String)) CODEC(ZSTD(1)),
    SkewNano Array(Int64) CODEC(ZSTD(1)),
    Edges Nested
    (
        PaneStart DateTime,
        Client LowCardinality(String),
        Server LowCardinality(String),
        ConnectionType LowCardinality(String),
        Calls Int64,
        Failed Int64,
        ClientNano Float64,
        ServerNano Float64,
        ClientBuckets Map(Int16, Int64),
        ServerBuckets Map(Int16, Int64)
    ) CODEC(ZSTD(1)),
    Version UInt64 MATERIALIZED LastSeq * 2 + Final
)
ENGINE = ReplacingMergeTree(Version)
PARTITION BY toYYYYMM(ClosedAt)
ORDER BY TraceId
TTL ClosedAt + INTERVAL {{retention_days}} DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- What each trace shows, amended by its later fragments. Pending: there are fragments that are not in yet.
CREATE OR REPLACE VIEW trace_analysis AS
WITH
    fragments AS
    (
        SELECT
            TraceId AS Id,
            count() AS FragmentCount,
            max(Seq) AS NewestSeq,
            sum(SpanCount) AS Spans,
            argMax(tuple(Depth, RootCount, OrphanCount, MissingParentCount, ConnectedCount, ErrorOriginSpanId,
                toString(ErrorOriginService), toString(ErrorOriginName), PathServices, PathNames, PathNano,
                SkewSpanIds, SkewCallers, SkewCallees, SkewNano), (SpanCount, Seq)) AS Largest
        FROM trace_fragments FINAL
        GROUP BY TraceId
    ),
    amendments AS
    (
        SELECT
            TraceId AS Id,
            LastSeq,
            tuple(Depth, RootCount, OrphanCount, MissingParentCount, ConnectedCount, ErrorOriginSpanId,
                toString(ErrorOriginService), toString(ErrorOriginName), PathServices, PathNames, PathNano,
                SkewSpanIds, SkewCallers, SkewCallees, SkewNano) AS Whole
        FROM trace_amendments FINAL
    ),
    both AS
    (
        SELECT
            fragments.Id AS Id,
            FragmentCount,
            Spans,
            if(amendments.Id = '', FragmentCount > 1, NewestSeq > LastSeq) AS Waits,
            if(amendments.Id = '', Largest, Whole) AS Shown
        FROM fragments LEFT JOIN amendments ON amendments.Id = fragments.Id
    )
SELECT
    Id AS TraceId,
    FragmentCount AS Fragments,
    Waits AS Pending,
    Spans,
    Shown.1 AS Depth,
    Shown.2 AS RootCount,
    Shown.3 AS OrphanCount,
    Shown.4 AS MissingParentCount,
    RootCount = 1 AND OrphanCount = 0 AS Complete,
    if(Spans = 0, 0, Shown.5 / (Spans + MissingParentCount)) AS Completeness,
    Shown.6 AS ErrorOriginSpanId,
    Shown.7 AS ErrorOriginService,
    Shown.8 AS ErrorOriginName,
    Shown.9 AS PathServices,
    Shown.10 AS PathNames,
    Shown.11 AS PathNano,
    Shown.12 AS SkewSpanIds,
    Shown.13 AS SkewCallers,
    Shown.14 AS SkewCallees,
    Shown.15 AS SkewNano
FROM both;

-- The calls of each minute, corrected for traces of several fragments: aggregate over it.
CREATE OR REPLACE VIEW service_edge_panes AS
SELECT PaneStart, Client, Server, ConnectionType, Calls, Failed, ClientNano, ServerNano, ClientBuckets, ServerBuckets
FROM service_edges
UNION ALL
SELECT
    Edges.PaneStart AS PaneStart,
    Edges.Client AS Client,
    Edges.Server AS Server,
    Edges.ConnectionType AS ConnectionType,
    Edges.Calls AS Calls,
    Edges.Failed AS Failed,
    Edges.ClientNano AS ClientNano,
    Edges.ServerNano AS ServerNano,
    Edges.ClientBuckets AS ClientBuckets,
    Edges.ServerBuckets AS ServerBuckets
FROM (SELECT * FROM trace_amendments FINAL)
ARRAY JOIN Edges;

-- The service graph between two times, drawn down to whole minutes:
--   SELECT * FROM service_graph(start_at = '2024-05-01 10:00:00', end_at = '2024-05-01 11:00:00')
CREATE OR REPLACE VIEW service_graph AS
SELECT
    Client,
    Server,
    ConnectionType,
    sum(pane.Calls) AS Calls,
    sum(pane.Failed) AS Failed,
    Failed / Calls AS FailureRate,
    sumMap(pane.ClientBuckets) AS ClientBuckets,
    sumMap(pane.ServerBuckets) AS ServerBuckets,
    sum(pane.ClientNano) / arraySum(mapValues(ClientBuckets)) AS ClientMeanNano,
    sum(pane.ServerNano) / arraySum(mapValues(ServerBuckets)) AS ServerMeanNano,
    latencyQuantiles([0.5, 0.95, 0.99], ClientBuckets, 0, inf) AS ClientQuantilesNano,
    latencyQuantiles([0.5, 0.95, 0.99], ServerBuckets, 0, inf) AS ServerQuantilesNano
FROM service_edge_panes AS pane
WHERE PaneStart >= toStartOfMinute({start_at:DateTime}) AND PaneStart < {end_at:DateTime}
GROUP BY Client, Server, ConnectionType
HAVING Calls > 0;
