// The transpose of a block: for rows that are shorter than a register, and for W transposed.
#pragma once

#include "simd.h"

namespace FASTNN_VARIANT {

// A square of registers. It is transposed by swapping its off-diagonal quarters, then the same
// within each quarter, down to single numbers.
template <class T>
struct Square {
    typedef typename Vec<T>::type V;
    static constexpr int N = Vec<T>::lanes;
    V row[N];

    template <int Half>
    __attribute__((always_inline)) void swap_quarters() {
#pragma GCC unroll 16
        for (int i = 0; i < N; ++i)
            if (!(i & Half)) swap<Half>(row[i], row[i + Half]);
        if constexpr (Half > 1) swap_quarters<Half / 2>();
    }

    template <int Half>
    FASTNN_INLINE void swap(V &above, V &below) {
        swap<Half>(above, below, std::make_integer_sequence<int, N>());
    }

#if __has_builtin(__builtin_shufflevector)
    template <int Half, int... k>
    FASTNN_INLINE void swap(V &above, V &below, std::integer_sequence<int, k...>) {
        V a = above, b = below;
        above = __builtin_shufflevector(a, b, (k & Half ? N + k - Half : k)...);
        below = __builtin_shufflevector(a, b, (k & Half ? N + k : k + Half)...);
    }
#else  // GCC before 12: number by number
    template <int Half, int... k>
    FASTNN_INLINE void swap(V &above, V &below, std::integer_sequence<int, k...>) {
        V a = above, b = below;
        for (int i = 0; i < N; ++i) {
            above[i] = i & Half ? b[i - Half] : a[i];
            below[i] = i & Half ? b[i] : a[i + Half];
        }
    }
#endif
};

// `columns` registers of the transpose of a (rows, columns) block, each filled up with zeros; at
// most as many of both as a register has lanes. Nothing outside the block is read.
//
// A function of its own: inlined where it is used, it made a third of all code and compilation.
template <class T>
__attribute__((noinline)) static void transpose(const T *from, int64_t ld, int rows, int columns,
                                                T *to, int64_t to_ld) {
    constexpr int lanes = Vec<T>::lanes;
    Square<T> square;
    if (rows == lanes && columns == lanes) {
#pragma GCC unroll 16
        for (int i = 0; i < lanes; ++i) square.row[i] = load(from + i * ld);
    } else {
#pragma GCC unroll 16
        for (int i = 0; i < lanes; ++i)
            square.row[i] =
                i < rows ? load_first(from + i * ld, columns, T(0)) : typename Vec<T>::type{};
    }
    square.template swap_quarters<lanes / 2>();
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i)
        if (i < columns) store(to + i * to_ld, square.row[i]);
}

}  // namespace FASTNN_VARIANT
