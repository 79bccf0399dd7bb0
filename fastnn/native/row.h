// One row through one layer, with the weights in their places in theta. For a single row, packing
// them into panels would take longer than the product.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "simd.h"

namespace FASTNN_VARIANT {

// z[column ..] = b + a W for NV registers of columns, each sum in the order of tile.h.
template <class T, int NV>
FASTNN_INLINE void row_product(const T *a, int64_t n_in, const T *W, int64_t n_out, int64_t column,
                               T *z) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const T *b = W + n_in * n_out;
    V sum[NV];
    for (int v = 0; v < NV; ++v) sum[v] = load(b + column + v * lanes);
    W += column;
    for (int64_t k = 0; k < n_in; ++k, W += n_out) {
        V x = broadcast(a[k]);
        for (int v = 0; v < NV; ++v) sum[v] += x * load(W + v * lanes);
    }
    for (int v = 0; v < NV; ++v) store(z + column + v * lanes, sum[v]);
}

// A (n_out, padded to whole registers) = activation(a W + b); b follows W in memory.
template <class T>
static void forward_row(const T *a, int64_t n_in, const T *W, int64_t n_out, int activation, T *A) {
    constexpr int lanes = Vec<T>::lanes;
    int64_t column = 0;
    for (; column + 4 * lanes <= n_out; column += 4 * lanes)
        row_product<T, 4>(a, n_in, W, n_out, column, A);
    for (; column + lanes <= n_out; column += lanes)
        row_product<T, 1>(a, n_in, W, n_out, column, A);
    if (column < n_out) {
        const int count = int(n_out - column);
        auto sum = load_first(W + n_in * n_out + column, count, T(0));
        for (int64_t k = 0; k < n_in; ++k)
            sum += broadcast(a[k]) * load_first(W + k * n_out + column, count, T(0));
        store(A + column, sum);
    }
    if (activation == fastnn::IDENTITY) return;
    with_activation<T>(activation, [&](auto g) __attribute__((always_inline)) {
        for (int64_t j = 0; j < n_out; j += lanes) store(A + j, g.value(load(A + j)));
    });
}

}  // namespace FASTNN_VARIANT
