-- A block of spans becomes one file and not a hundred: parts of otel_traces have a file for each column only from 40 MiB
-- on, which merged ones have. Creating files is much of what a small insert costs. docs/performance.md.
ALTER TABLE otel_traces MODIFY SETTING min_bytes_for_wide_part = 41943040;
