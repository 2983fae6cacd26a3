-- Sizes and bytes of texts in one stream, as older versions of ClickHouse have them: two of them, the default of the
-- newer ones, take 6 % more of the disk for spans and a tenth more CPU to insert and merge. docs/performance.md.
-- An older server does not know the setting, and needs none.
ALTER TABLE otel_traces MODIFY SETTING string_serialization_version = 'single_stream';
