// Register-tiled matrix products: forward, backward, and weight gradient.
//
// All three are C = A B for a tile of C that fits the registers: R rows of NV
// vectors. A is read one number at a time (broadcast), through a row stride and
// a column stride, so that it may be a matrix or its transpose; B is read in
// whole vectors. Each number of C is one sum over k in ascending order, whatever
// the tile it falls in: the bits do not depend on how the work is cut.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "random.h"
#include "simd.h"

namespace FASTNN_VARIANT {

using fastnn::Layer;

static constexpr int TILE_VECTORS = 2;
template <class T> static constexpr int panel_columns = TILE_VECTORS * Vec<T>::lanes;

template <class T> struct Product {
    const T *A;
    int64_t row_stride, k_stride;
    const T *B;
    int64_t ldb, depth;
    const T *init;   // one row that every row of C starts from, or null for zeros
};

// (R, NV vectors) of C to a scratch tile with `panel_columns` numbers a row.
template <class T, int R, int NV> static void multiply(const Product<T> &p, T *C) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    V c[R][NV];
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < NV; ++v) c[r][v] = p.init ? load(p.init + v * lanes) : V{};
    const T *a = p.A, *b = p.B;
    for (int64_t k = 0; k < p.depth; ++k, a += p.k_stride, b += p.ldb) {
        V row[NV];
        for (int v = 0; v < NV; ++v) row[v] = load(b + v * lanes);
        for (int r = 0; r < R; ++r) {
            V x = broadcast(a[r * p.row_stride]);
            for (int v = 0; v < NV; ++v) c[r][v] += x * row[v];
        }
    }
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < NV; ++v) store(C + r * panel_columns<T> + v * lanes, c[r][v]);
}

// multiply<R, NV> for run-time R and NV.
template <class T, int NV, int R = 1>
FASTNN_INLINE void multiply_rows(int rows, const Product<T> &p, T *C) {
    if constexpr (R < FASTNN_TILE_ROWS) {
        if (rows > R) return multiply_rows<T, NV, R + 1>(rows, p, C);
    }
    multiply<T, R, NV>(p, C);
}

template <class T> FASTNN_INLINE void multiply(int rows, int vectors, const Product<T> &p, T *C) {
    vectors == 1 ? multiply_rows<T, 1>(rows, p, C) : multiply_rows<T, 2>(rows, p, C);
}

template <class T> static void whole_tile(const T *A, const T *B, int64_t depth, T *C) {
    multiply<T, FASTNN_TILE_ROWS, TILE_VECTORS>(
        {A, depth, 1, B, panel_columns<T>, depth, nullptr}, C);
}

template <class T> struct alignas(64) Tile {
    T C[FASTNN_TILE_ROWS * panel_columns<T>];
};

FASTNN_INLINE int vectors_from(int64_t n, int64_t column, int lanes) {
    return n - column > lanes ? TILE_VECTORS : 1;
}

template <class T>
static void forward_tile(const Layer<T> *below, const Layer<T> *layer, int64_t row, int rows,
                         int64_t first_row, int64_t column) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(layer->n, column, lanes);
    const int64_t width = vectors * lanes;
    const T *panel = layer->W_panels + column * (below->n + 1);
    Tile<T> z;
    multiply<T>(rows, vectors,
                {below->A + row * below->ld, below->ld, 1, panel + width, width, below->n, panel},
                z.C);
    const fastnn::Dropout &d = layer->dropout;
    const T scale = T(1 / d.keep_prob);
    with_activation<T>(layer->activation, [&](auto g) __attribute__((always_inline)) {
        for (int r = 0; r < rows; ++r) {
            const int64_t at = (row + r) * layer->ld + column;
            const RowKeys keys = d.on ? row_keys(d, first_row + row + r) : RowKeys{};
            for (int v = 0; v < vectors; ++v) {
                auto zv = load(z.C + r * panel_columns<T> + v * lanes);
                auto a = g.value(zv);
                if (layer->Z) store(layer->Z + at + v * lanes, zv);
                if (d.on)
                    a = select(kept<T>(d, keys, column + v * lanes), a * scale, decltype(a){});
                store(layer->A + at + v * lanes, a);
            }
        }
    });
}

template <class T>
static void backward_tile(const Layer<T> *layer, const Layer<T> *below, int64_t row, int rows,
                          int64_t first_row, int64_t column) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(below->n, column, lanes);
    const T *panel = layer->Wt_panels + column * layer->n;
    Tile<T> dA;
    multiply<T>(rows, vectors,
                {layer->dZ + row * layer->ld, layer->ld, 1, panel, vectors * lanes, layer->n,
                 nullptr},
                dA.C);
    const fastnn::Dropout &d = below->dropout;
    const T keep_prob = T(d.keep_prob), scale = T(1 / d.keep_prob);
    with_activation<T>(below->activation, [&](auto g) __attribute__((always_inline)) {
        for (int r = 0; r < rows; ++r) {
            const int64_t at = (row + r) * below->ld + column;
            const RowKeys keys = d.on ? row_keys(d, first_row + row + r) : RowKeys{};
            for (int v = 0; v < vectors; ++v) {
                V a = load(below->A + at + v * lanes);
                V z = below->Z ? load(below->Z + at + v * lanes) : V{};
                V dz = load(dA.C + r * panel_columns<T> + v * lanes);
                if (d.on) {
                    dz = select(kept<T>(d, keys, column + v * lanes),
                                dz * g.slope(a * keep_prob, z) * scale, V{});
                } else {
                    dz *= g.slope(a, z);
                }
                store(below->dZ + at + v * lanes, dz);
            }
        }
    });
}

// The largest magnitude of what goes by; infinite if something was not finite.
template <class T> struct Watch {
    typedef typename Vec<T>::type V;
    V largest{}, finite{};   // x - x is 0 for every finite x and NaN for the rest

    __attribute__((always_inline)) void see(V x) {
        V magnitude = vabs<T>(x);
        largest = select(magnitude > largest, magnitude, largest);
        finite += x - x;
    }

    __attribute__((always_inline)) T magnitude() const {
        T top = 0, sum = 0;
        for (int i = 0; i < Vec<T>::lanes; ++i) {
            sum += finite[i];
            if (largest[i] > top) top = largest[i];
        }
        return sum == 0 ? top : T(__builtin_inf());
    }
};

// The first n numbers of a tile's row, added to what stands there or put in its place.
template <class T>
FASTNN_INLINE void put(T *to, typename Vec<T>::type v, int64_t n, bool accumulate,
                       Watch<T> &watched) {
    if (n >= Vec<T>::lanes) {
        if (accumulate) v += load(to);
        store(to, v);
        watched.see(v);
    } else {
        // The lanes past the row's end are products of padding: not watched.
        if (accumulate) v += load_first(to, int(n), T(0));
        store_first(to, v, int(n));
        watched.see(load_first(to, int(n), T(0)));
    }
}

template <class T>
static T gradient_tile(const Layer<T> *below, const Layer<T> *layer, int64_t rows, int64_t unit,
                          int units, int64_t column, bool accumulate, T *dW) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(layer->n, column, lanes);
    Tile<T> c;
    multiply<T>(units, vectors,
                {below->A + unit, 1, below->ld, layer->dZ + column, layer->ld, rows, nullptr}, c.C);
    Watch<T> watched;
    for (int u = 0; u < units; ++u)
        for (int v = 0; v < vectors; ++v) {
            const int64_t at = column + v * lanes;
            put<T>(dW + (unit + u) * layer->n + at, load(c.C + u * panel_columns<T> + v * lanes),
                   layer->n - at, accumulate, watched);
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
        put<T>(db + at, sum, layer->n - at, accumulate, watched);
    }
    return watched.magnitude();
}

template <class T>
static void drop(const Layer<T> *layer, int64_t row, int64_t rows, int64_t first_row) {
    const fastnn::Dropout &d = layer->dropout;
    const T scale = T(1 / d.keep_prob);
    for (int64_t r = row; r < row + rows; ++r) {
        const RowKeys keys = row_keys(d, first_row + r);
        for (int64_t unit = 0; unit < layer->n; unit += Vec<T>::lanes) {
            T *a = layer->A + r * layer->ld + unit;
            auto x = load(a);
            store(a, select(kept<T>(d, keys, unit), x * scale, decltype(x){}));
        }
    }
}

}  // namespace FASTNN_VARIANT
