// A few rows through one layer, with the weights where they lie in theta: to pack them into panels
// would take as long as the products of some ten rows.
//
// The sums are those of tile.h, in the same order. So are the tiles, but for up to WIDE_ROWS rows:
// their tiles are wider, and have as many sums under way.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "tile.h"

namespace FASTNN_VARIANT {

// 16 of 32 registers hold C, or 8 of 16.
static constexpr int WIDE_VECTORS = 4, WIDE_ROWS = FASTNN_TILE_ROWS >= 8 ? 4 : 2;

// z = b + a W, for as many columns as fill whole registers; returns how many. W comes from beyond
// the L1 cache, so it is read in the order of memory, four of its rows side by side, while z stays
// in the L1.
template <class T>
static int64_t stream_row(const T *a, int64_t n_in, const T *W, int64_t n_out, T *z) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes, depth = 4;
    const int64_t columns = n_out / lanes * lanes;
    memcpy(z, W + n_in * n_out, columns * sizeof(T));
    int64_t k = 0;
    for (; k + depth <= n_in; k += depth, W += depth * n_out) {
        V x[depth];
        for (int i = 0; i < depth; ++i) x[i] = broadcast(a[k + i]);
        for (int64_t j = 0; j < columns; j += lanes) {
            V sum = load(z + j);
            for (int i = 0; i < depth; ++i) sum += x[i] * load(W + i * n_out + j);
            store(z + j, sum);
        }
    }
    for (; k < n_in; ++k, W += n_out) {
        const V x = broadcast(a[k]);
        for (int64_t j = 0; j < columns; j += lanes) store(z + j, load(z + j) + x * load(W + j));
    }
    return columns;
}

template <class T, int R>
FASTNN_INLINE int in_wide_height(int rows, int at, const ToMemory<T> &tile) {
    for (; rows - at >= R; at += R) tile.template run<R, WIDE_VECTORS>(at);
    return at;
}

// Z = A W + b for rows row .. end.
template <class T>
FASTNN_INLINE void products_in_place(const Layer<T> *below, const Layer<T> *layer, const T *W,
                                     int64_t row, int64_t end) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t n_in = below->n, n = layer->n;
    const T *b = W + n_in * n;
    T *Z = layer->A + row * layer->ld;
    const auto product = [&](int64_t column, int vectors) __attribute__((always_inline)) {
        Product<T> p = {below->A + row * below->ld, below->ld, 1, W + column, n, n_in, b + column};
        // Rows of W are far apart for the processor's own prefetcher. 32 of them take longer than
        // the L3 cache; the end of a panel comes with its beginning.
        p.ahead = reinterpret_cast<const char *>(W + 32 * n + column + vectors * lanes - 1);
        p.ahead_step = n * sizeof(T);
        return p;
    };
    int64_t column = 0;
    if (end - row == 1 && n_in * n >= fastnn::LARGE)
        column = stream_row(below->A + row * below->ld, n_in, W, n, Z);
    else if (end - row <= WIDE_ROWS)
        for (; column + WIDE_VECTORS * lanes <= n; column += WIDE_VECTORS * lanes) {
            const ToMemory<T> tile = {product(column, WIDE_VECTORS), Z + column, layer->ld};
            int at = 0;
            if constexpr (WIDE_ROWS == 4) at = in_wide_height<T, 4>(int(end - row), at, tile);
            at = in_wide_height<T, 2>(int(end - row), at, tile);
            in_wide_height<T, 1>(int(end - row), at, tile);
        }
    while (column < n) {
        const int vectors = n - column > lanes && n >= 2 * lanes ? 2 : 1;
        // The last panel ends with the row, and does some columns again: nothing past W is read.
        column = column < n - vectors * lanes ? column : n - vectors * lanes;
        Product<T> p = product(column, vectors);
        for (int64_t r = row; r < end; r += FASTNN_TILE_ROWS, p.A += FASTNN_TILE_ROWS * below->ld)
            in_tiles(end - r < FASTNN_TILE_ROWS ? int(end - r) : FASTNN_TILE_ROWS, vectors,
                     ToMemory<T>{p, layer->A + r * layer->ld + column, layer->ld});
        column += vectors * lanes;
    }
}

// A = activation(A_below W + b) for rows row .. end. W is a register wide or more; b follows it.
template <class T>
static void forward_in_place(const Layer<T> *below, const Layer<T> *layer, const T *W, int64_t row,
                             int64_t end) {
    products_in_place(below, layer, W, row, end);
    if (layer->activation == fastnn::IDENTITY) return;
    with_activation<T>(layer->activation, [&](auto g) __attribute__((always_inline)) {
        for (T *A = layer->A + row * layer->ld; A < layer->A + end * layer->ld; A += layer->ld)
            for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes)
                store(A + j, g.value(load(A + j)));
    });
}

}  // namespace FASTNN_VARIANT
