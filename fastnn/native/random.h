// Counter-based randomness: a dropout mask is a function of (seed, step, layer,
// row, unit), so it is never stored and can be replayed.
//
// The root is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011): counter (step, layer), key = seed. A full Philox for every
// unit would cost more than the arithmetic of a small layer, so its words key a
// two-round multiply-xorshift hash of row and then of unit instead. Both hashes
// are bijections of their argument: two rows never share both of their keys.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

template <class T>
struct Word32 {
    typedef uint32_t type __attribute__((vector_size(Vec<T>::lanes * 4)));
    typedef int32_t mask __attribute__((vector_size(Vec<T>::lanes * 4)));
};

template <class Word>
FASTNN_INLINE Word hash_row(Word x) {
    x ^= x >> 16;
    x *= 0x21f0aaadU;
    x ^= x >> 15;
    x *= 0x735a2d97U;
    return x ^ (x >> 15);
}

struct RowKeys {
    uint32_t first, second;
};

// The keys of the rows of a tile, a register of them at a time: one by one they took as long as the
// masks of a narrow layer.
class TileKeys {
    typedef Word32<float>::type Words;
    static constexpr int lanes = Vec<float>::lanes,
                         registers = (FASTNN_TILE_ROWS + lanes - 1) / lanes;
    Words first[registers], second[registers];

  public:
    __attribute__((always_inline)) TileKeys(const fastnn::Dropout &d, int64_t row) {
        if (!d.on) return;
        for (int i = 0; i < registers; ++i) {
            Words rows;
            for (int j = 0; j < lanes; ++j) rows[j] = uint32_t(i * lanes + j);
            rows += uint32_t(row);
            first[i] = hash_row(rows ^ d.keys[0]), second[i] = hash_row(rows + d.keys[1]);
        }
    }

    __attribute__((always_inline)) RowKeys operator[](unsigned r) const {
        return {first[r / lanes][r % lanes], second[r / lanes][r % lanes]};
    }
};

// 32 random bits for each of units unit, unit + 1, ...
template <class T>
FASTNN_INLINE typename Word32<T>::type hash_units(RowKeys row, int64_t unit) {
    typedef typename Word32<T>::type W;
    W x;
    for (int i = 0; i < Vec<T>::lanes; ++i) x[i] = uint32_t(i);
    x = (x + uint32_t(unit)) ^ row.first;
    x = (x ^ (x >> 16)) * 0x7feb352dU;
    x = (x ^ (x >> 15)) + row.second;
    x = x * 0x846ca68bU;
    return x ^ (x >> 16);
}

// All ones in the lanes of units unit, unit + 1, ... that are kept.
FASTNN_INLINE Vec<float>::mask kept(const fastnn::Dropout &d, RowKeys row, int64_t unit) {
    return Vec<float>::mask(hash_units<float>(row, unit) >> 1) < d.threshold;
}

// Register `part` of a register of words, each as wide as a T.
template <class T>
FASTNN_INLINE typename Vec<T>::mask widen(Vec<float>::mask words, int part) {
    if constexpr (sizeof(T) == sizeof(float)) {
        return words;
    } else {
        typedef int32_t half __attribute__((vector_size(FASTNN_VECTOR_BYTES / 2)));
        half some;
        memcpy(&some, reinterpret_cast<const char *>(&words) + part * sizeof some, sizeof some);
        return __builtin_convertvector(some, typename Vec<T>::mask);
    }
}

// A with dropout: a / keep_prob where a unit is kept, else -0. The sum with 0 makes a kept -0
// positive, and denormal numbers are flushed before it: A tells the mask.
template <class T>
FASTNN_INLINE typename Vec<T>::type drop(typename Vec<T>::mask keep, typename Vec<T>::type a,
                                         T scale) {
    return select(keep, a * scale + T(0), broadcast(-T(0)));
}

template <class T>
FASTNN_INLINE auto dropped(typename Vec<T>::type a) {
    return to_bits<T>(a) == Math<T>::sign;
}

}  // namespace FASTNN_VARIANT
