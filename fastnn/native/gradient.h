// The gradient of W and b, and the update of theta while its tile is at hand.
//
// A tile of dW is A_below^T dZ over the rows of the batch. Where no overflow is possible (see
// stays_in_range in loops/update.pxi), theta is updated tile by tile: dW never goes through memory,
// and the new weights go into the panels of the next forward pass.
#pragma once

#include "pack.h"
#include "tile.h"
#include "update.h"

namespace FASTNN_VARIANT {

template <class T>
struct alignas(64) Tile {
    T C[FASTNN_TILE_ROWS * panel_columns<T>];
};

// dW of `units` rows from `unit` and one panel of columns. A is those units of A_below, in the
// layout of pack_units, or null where they are not packed.
template <class T>
FASTNN_INLINE void gradient(const Layer<T> *below, const T *A, const Layer<T> *layer, int64_t rows,
                            int64_t unit, int units, int64_t column, Tile<T> &tile) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(layer->n, column, lanes);
    Product<T> p = {below->A + unit, 1, below->ld, layer->dZ + column, layer->ld, rows, nullptr};
    if (A) p.A = A, p.k_stride = units > lanes ? 2 * lanes : lanes;
    if (layer->dZ_panels) p.B = layer->dZ_panels + column * rows, p.ldb = vectors * lanes;
    in_tiles(units, vectors, ToMemory<T>{p, tile.C, panel_columns<T>});
}

template <class T>
static T gradient_tile(const Layer<T> *below, const T *A, const Layer<T> *layer, int64_t rows,
                       int64_t unit, int units, int64_t column, bool accumulate, T *dW) {
    Tile<T> tile;
    gradient(below, A, layer, rows, unit, units, column, tile);
    Watch<T> watched;
    for (int v = 0; v < vectors_from(layer->n, column, Vec<T>::lanes); ++v) {
        const int64_t at = column + v * Vec<T>::lanes;
        const int count = lanes_at<T>(layer->n, at);
        for (int u = 0; u < units; ++u) {
            T *to = dW + (unit + u) * layer->n + at;
            put(to, load(tile.C + u * panel_columns<T> + v * Vec<T>::lanes), count, accumulate,
                watched);
        }
    }
    return watched.magnitude();
}

template <class T>
static T bias_gradient(const Layer<T> *layer, int64_t rows, int64_t column, bool accumulate,
                       T *db) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    Watch<T> watched;
    for (int v = 0; v < vectors_from(layer->n, column, lanes); ++v) {
        const int64_t at = column + v * lanes;
        V sum{};
        for (int64_t row = 0; row < rows; ++row) sum += load(layer->dZ + row * layer->ld + at);
        put(db + at, sum, lanes_at<T>(layer->n, at), accumulate, watched);
    }
    return watched.magnitude();
}

template <class T, template <class> class Rule, bool Plain>
FASTNN_INLINE void update_whole(const Rates<T> &s, const Tile<T> &tile, int units, int vectors,
                                int64_t n, int64_t left, T *W, T *first, T *second, T *panel,
                                Watch<T> &watched) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t width = vectors * lanes;
    for (int v = 0; v < vectors; ++v) {
        const int count = lanes_at<T>(left, v * lanes);
        for (int r = 0; r < units; ++r) {
            const int64_t at = r * n + v * lanes;
            auto g = load(tile.C + r * panel_columns<T> + v * lanes);
            auto w = count == lanes
                         ? updated<T, Rule, Plain>(s, g, W + at, first + at, second + at, watched)
                         : updated<T, Rule, Plain>(s, g, W + at, first + at, second + at, watched,
                                                   count);
            store(panel + r * width + v * lanes, w);
        }
    }
}

// Several rows this narrow fit into a register. An update takes as long for an empty lane as for a
// full one, so the rows are packed together first.
template <class T, template <class> class Rule, bool Plain>
FASTNN_INLINE void update_narrow(const Rates<T> &s, const Tile<T> &tile, int units, int64_t n, T *W,
                                 T *first, T *second, T *panel, Watch<T> &watched) {
    constexpr int lanes = Vec<T>::lanes;
    alignas(64) T close[FASTNN_TILE_ROWS * lanes];
    for (int r = 0; r < units; ++r) store(close + r * n, load(tile.C + r * panel_columns<T>));
    for (int64_t i = 0; i < units * n; i += lanes) {
        const int count = lanes_at<T>(units * n, i);
        auto g = load_first(close + i, count, T(0));
        updated<T, Rule, Plain>(s, g, W + i, first + i, second + i, watched, count);
    }
    for (int r = 0; r < units; ++r) store(panel + r * lanes, load_first(W + r * n, int(n), T(0)));
}

// gradient_tile and the update of the same tile of theta, and of its place in the panels.
template <class T, template <class> class Rule>
static T update_tile(const Layer<T> *below, const T *A, const Layer<T> *layer, int64_t rows,
                     int64_t unit, int units, int64_t column, const fastnn::Update *u, T *W,
                     T *first, T *second) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(layer->n, column, lanes);
    const int64_t n = layer->n, width = vectors * lanes, from = unit * n + column;
    T *panel = layer->W_panels + column * (below->n + 1) + unit * width;
    W += from, first += from, second += from;
    // Memory beyond the L1 cache is fetched while the product is computed. It goes into the L2:
    // rows a power of two apart would evict each other from the L1.
    if (below->n * n >= fastnn::LARGE)
        for (int r = 0; r < units; ++r)
            for (int64_t at = r * n; at < r * n + width; at += 64 / sizeof(T)) {
                __builtin_prefetch(panel + r * width + (at - r * n), 0, 2);
                __builtin_prefetch(W + at, 0, 2);
                if (Rule<T>::has_first) __builtin_prefetch(first + at, 0, 2);
                if (Rule<T>::has_second) __builtin_prefetch(second + at, 0, 2);
            }
    Tile<T> tile;
    gradient(below, A, layer, rows, unit, units, column, tile);
    const Rates<T> s(u);
    Watch<T> watched;
    if_plain<Rule<T>>(s, [&](auto plain) __attribute__((always_inline)) {
        constexpr bool P = decltype(plain)::is;
        if (4 * n <= 3 * lanes)
            update_narrow<T, Rule, P>(s, tile, units, n, W, first, second, panel, watched);
        else
            update_whole<T, Rule, P>(s, tile, units, vectors, n, n - column, W, first, second,
                                     panel, watched);
    });
    return watched.magnitude();
}

// The same of one panel of b.
template <class T, template <class> class Rule>
static T update_bias(const Layer<T> *below, const Layer<T> *layer, int64_t rows, int64_t column,
                     const fastnn::Update *u, T *db, T *b, T *first, T *second) {
    constexpr int lanes = Vec<T>::lanes;
    bias_gradient(layer, rows, column, false, db);
    const int vectors = vectors_from(layer->n, column, lanes);
    T *panel = layer->W_panels + column * (below->n + 1) + below->n * vectors * lanes;
    const Rates<T> s(u);
    Watch<T> watched;
    if_plain<Rule<T>>(s, [&](auto plain) __attribute__((always_inline)) {
        for (int v = 0; v < vectors; ++v) {
            const int64_t at = column + v * lanes;
            const int count = lanes_at<T>(layer->n, at);
            store(panel + v * lanes,
                  updated<T, Rule, decltype(plain)::is>(s, load_first(db + at, count, T(0)), b + at,
                                                        first + at, second + at, watched, count));
        }
    });
    return watched.magnitude();
}

}  // namespace FASTNN_VARIANT
