// What every CPU of the architecture has: SSE2 on x86-64, NEON on aarch64.
#define FASTNN_VARIANT fastnn_baseline
#define FASTNN_VECTOR_BYTES 16
#if defined(__aarch64__)
#define FASTNN_TILE_ROWS 8  // 16 of 32 registers hold C
#else
#define FASTNN_TILE_ROWS 4  // 8 of 16
#endif
#include "variant.h"
