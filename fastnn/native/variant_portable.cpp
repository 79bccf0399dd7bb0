// The arithmetic that every CPU can do alike: that of SSE2, tile by tile. setup.py compiles this
// unit without fused multiply-adds. On x86-64 the baseline is the same.
#if !defined(__x86_64__)
#define FASTNN_VARIANT fastnn_portable
#define FASTNN_VECTOR_BYTES 16
#define FASTNN_TILE_ROWS 4
#include "variant.h"
#endif
