-- Merging is most of what a span costs in ClickHouse, so a span is merged less often, and by column. Measured and
-- compared in docs/performance.md.
--
-- Base 10 instead of 5: some ten parts of a size are merged at once instead of some five, so a row is merged
-- log(10)/log(5) = 1.4 times less often, and there are up to twice as many parts to read.
-- By column already from 8,192 rows, instead of 131,072: a merge by row moves every cell of 40 columns by itself.
ALTER TABLE otel_traces
    MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 8192;

-- A row of fragments is short in bytes and long in columns: a file for each column pays from larger parts on.
ALTER TABLE trace_fragments
    MODIFY SETTING merge_selector_base = 10, min_bytes_for_wide_part = 134217728;
