#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define FASTNN_AVX2
#define FASTNN_VARIANT fastnn_avx2
#define FASTNN_VECTOR_BYTES 32
#define FASTNN_TILE_ROWS 6  // 12 of 16 registers hold C
#include "variant.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
