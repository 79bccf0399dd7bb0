#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif
// The compiler's own macros may not follow the pragma: g++ reads the whole file before it obeys.
#define FASTNN_AVX512
#define FASTNN_VARIANT fastnn_avx512
#define FASTNN_VECTOR_BYTES 64
#define FASTNN_TILE_ROWS 12  // 24 of 32 registers hold C
#include "variant.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
