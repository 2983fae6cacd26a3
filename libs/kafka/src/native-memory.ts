/**
 * To be imported before the native codecs, whose allocator (mimalloc, which reads this when it is loaded) gives freed
 * pages back to the system after 10 ms and has each of them cleared anew for the next batch. After a second the next
 * batch has come as a rule. Measured when they unpacked lz4 too (libs/lz4 does now): the three workers took 13.1
 * instead of 14.2 µs a span. What is left to them are packing, and snappy.
 */
process.env.MIMALLOC_PURGE_DELAY ??= '1000';
