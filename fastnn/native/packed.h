// A = activation(A_below W + b) from panels of W that were packed once and do not change.
//
// The panels lie one after the other, each (n_in + 1, width) with b in its last row, so that W
// comes from beyond the L1 cache in the order of memory. Each number is the sum of forward.h, in
// its order.
#pragma once

#include "activation.h"
#include "forward.h"
#include "kernels.h"
#include "tile.h"

namespace FASTNN_VARIANT {

// Up to so many rows of one panel have too few sums under way to hide the time that an addition
// takes. They read several panels side by side.
static constexpr int SIDE_BY_SIDE_ROWS = 3;

// Z, or ReLU(Z), of R rows and P panels of two registers.
template <class T, class Activation, int R, int P>
static __attribute__((noinline)) void side_by_side(const Layer<T> *below, const Layer<T> *layer,
                                                   const T *panel, int64_t row, int64_t column) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes, width = panel_columns<T>;
    const int64_t n_in = below->n, size = (n_in + 1) * width, ld = below->ld;
    V c[R][P][TILE_VECTORS];
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
        for (int v = 0; v < TILE_VECTORS; ++v) {
            const V b = load(panel + p * size + n_in * width + v * lanes);
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) c[r][p][v] = b;
        }
    const T *a = below->A + row * ld;
    for (int64_t k = 0; k < n_in; ++k, panel += width) {
        V x[R];
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) x[r] = broadcast(a[r * ld + k]);
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int v = 0; v < TILE_VECTORS; ++v) {
                V weight = load(panel + p * size + v * lanes);
#if defined(__x86_64__)
                asm("" : "+v"(weight));  // else GCC loads it once for each row
#endif
#pragma GCC unroll 16
                for (int r = 0; r < R; ++r) c[r][p][v] += x[r] * weight;
            }
    }
    T *A = layer->A + row * layer->ld + column;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int v = 0; v < TILE_VECTORS; ++v)
                store(A + r * layer->ld + p * width + v * lanes, Activation::value(c[r][p][v]));
}

// As many groups of P panels as there are from `column` on; returns the column after them.
template <class T, class Activation, int R, int P>
static int64_t panels_beside(const Layer<T> *below, const Layer<T> *layer, const T *panels,
                             int64_t row, int64_t column) {
    constexpr int width = panel_columns<T>;
    // The last panel may be of one register.
    for (; column + P * width - Vec<T>::lanes < layer->n; column += P * width)
        side_by_side<T, Activation, R, P>(below, layer, panels + column * (below->n + 1), row,
                                          column);
    return column;
}

template <class Kernel, int R = FASTNN_TILE_ROWS>
static void of_height(int rows, int vectors, const Kernel &kernel) {
    if constexpr (R > 1)
        if (rows != R) return of_height<Kernel, R - 1>(rows, vectors, kernel);
    vectors == 1 ? kernel.template run<R, 1>(0, R) : kernel.template run<R, 2>(0, R);
}

// Z of rows row .. end, or ReLU(Z).
template <class T, class Activation>
static void multiply_packed(const Layer<T> *below, const Layer<T> *layer, const T *panels,
                            int64_t row, int64_t end) {
    const int64_t n_in = below->n, n = layer->n, rows = end - row;
    int64_t column = 0;
    if (rows == 1) {
        column = panels_beside<T, Activation, 1, 4>(below, layer, panels, row, column);
        column = panels_beside<T, Activation, 1, 2>(below, layer, panels, row, column);
    } else if (rows == 2) {
        column = panels_beside<T, Activation, 2, 2>(below, layer, panels, row, column);
    } else if (rows == 3) {
        column = panels_beside<T, Activation, 3, 2>(below, layer, panels, row, column);
    }
    for (; column < n; column += panel_columns<T>) {
        const int vectors = vectors_from(n, column, Vec<T>::lanes);
        const int64_t width = vectors * Vec<T>::lanes;
        const T *panel = panels + column * (n_in + 1);
        ToMemory<T, Activation> tile = {
            {below->A + row * below->ld, below->ld, 1, panel, width, n_in, panel + n_in * width},
            layer->A + row * layer->ld + column,
            layer->ld};
        // The first tile waits for the panel; the others find it in a cache.
        fetch_rows(tile.p, panel + ROWS_AHEAD * width, width, 0, 1);
        // Tiles of nearly one height: the last of 8 rows by 6 would have two, which take as long as
        // four.
        int64_t r = row;
        for (int64_t left = (rows + FASTNN_TILE_ROWS - 1) / FASTNN_TILE_ROWS; left > 0; --left) {
            const int height = int((end - r + left - 1) / left);
            of_height(height, vectors, tile);
            tile.p.A += height * below->ld, tile.C += height * layer->ld;
            tile.p.ahead = nullptr;
            tile.p.ahead_step = 0;
            r += height;
        }
    }
}

// A of rows row .. end. There is no dropout.
template <class T>
static void forward_packed(const Layer<T> *below, const Layer<T> *layer, const T *panels, T *room,
                           int64_t row, int64_t end) {
    if (is_narrow<T>(below->n, layer->n)) {
        narrow_forward<1>(below, layer, panels, int64_t(Vec<T>::lanes), room, row, end);
        activate(layer, row, end, 0, 1);
    } else if (layer->activation == fastnn::RELU) {
        multiply_packed<T, Relu<T>>(below, layer, panels, row, end);
    } else {
        multiply_packed<T, Identity<T>>(below, layer, panels, row, end);
        activate(layer, row, end, 0, (layer->n + Vec<T>::lanes - 1) / Vec<T>::lanes);
    }
}

}  // namespace FASTNN_VARIANT
