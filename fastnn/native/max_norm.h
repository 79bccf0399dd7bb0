// The max-norm constraint on the weights into each unit, a column of W (Srivastava et al., 2014).
#pragma once

#include "simd.h"
#include "tile.h"

namespace FASTNN_VARIANT {

// As many doubles as a register of T has lanes.
template <class T>
struct Doubles;
template <>
struct Doubles<float> {
    typedef double type __attribute__((vector_size(2 * FASTNN_VECTOR_BYTES)));
};
template <>
struct Doubles<double> {
    typedef double type __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
};

// Norms of up to `lanes` columns of W (n_in, ld), times `scale`.
template <class T>
FASTNN_INLINE void column_norms(const T *W, int64_t n_in, int64_t ld, int count, double scale,
                                double *norms) {
    typedef typename Doubles<T>::type Sums;
    Sums squares[2] = {};  // two: an addition waits for the last one
    for (int64_t row = 0; row < n_in; ++row) {
        const T *at = W + row * ld;
        const Sums w =
            scale * __builtin_convertvector(
                        count == Vec<T>::lanes ? load(at) : load_first(at, count, T(0)), Sums);
        squares[row & 1] += w * w;
    }
    for (int i = 0; i < count; ++i) norms[i] = __builtin_sqrt(squares[0][i] + squares[1][i]);
}

// Scale the columns of a larger norm than `limit` down to it, in one panel of W (n_in, n_out).
template <class T>
static void limit_norms(T *W, int64_t n_in, int64_t n_out, int64_t column, double limit) {
    constexpr int lanes = Vec<T>::lanes;
    for (int v = 0; v < vectors_from(n_out, column, lanes); ++v) {
        const int64_t first = column + v * lanes;
        const int count = lanes_at<T>(n_out, first);
        double norms[lanes], scale = 1;
        alignas(64) T factors[lanes];
        column_norms(W + first, n_in, n_out, count, scale, norms);
        for (int i = 0; i < count; ++i)
            if (!(norms[i] <= 1e300)) scale = 0x1p-600;  // squares of doubles can overflow
        if (scale < 1) column_norms(W + first, n_in, n_out, count, scale, norms);
        bool larger = false;
        for (int i = 0; i < lanes; ++i) {
            const bool scaled = i < count && norms[i] > limit * scale;
            factors[i] = scaled ? T(limit * scale / norms[i]) : T(1);
            larger |= scaled;
        }
        for (int64_t row = 0; larger && row < n_in; ++row) {
            T *at = W + first + row * n_out;
            if (count == lanes)
                store(at, load(at) * load(factors));
            else
                store_first(at, load_first(at, count, T(0)) * load(factors), count);
        }
    }
}

}  // namespace FASTNN_VARIANT
