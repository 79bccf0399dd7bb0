// Weights in the order in which tiles read them: panels of whole vectors, so
// that the micro-kernel reads B with stride one, once for every tile of rows.
// update_tile updates the panels of the forward pass together with theta.
#pragma once

#include "simd.h"
#include "tile.h"
#include "transpose.h"

namespace FASTNN_VARIANT {

// (1 + n_in, width): b, then W, columns column.. of both, zeros past the last.
template <class T>
static void pack(const T *W, const T *b, int64_t n_in, int64_t n_out, int64_t column, T *panels) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(n_out, column, lanes);
    const int64_t width = vectors * lanes;
    T *panel = panels + column * (n_in + 1);
    for (int64_t i = -1; i < n_in; ++i, panel += width) {
        const T *row = i < 0 ? b : W + i * n_out;
        for (int v = 0; v < vectors; ++v) {
            const int64_t at = column + v * lanes;
            const int64_t left = n_out - at;
            store(panel + v * lanes,
                  left >= lanes ? load(row + at) : load_first(row + at, int(left), T(0)));
        }
    }
}

// (n_out, width): columns column.. of the transpose of W, zeros past the last.
template <class T>
static void pack_transposed(const T *W, int64_t n_in, int64_t n_out, int64_t column, T *panels) {
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(n_in, column, lanes);
    const int64_t width = vectors * lanes;
    T *panel = panels + column * n_out;
    for (int v = 0; v < vectors; ++v) {
        const int64_t unit = column + v * lanes;
        for (int64_t j = 0; j < n_out; j += lanes)
            transpose(W + unit * n_out + j, n_out, lanes_at<T>(n_in, unit), lanes_at<T>(n_out, j),
                      panel + j * width + v * lanes, width);
    }
}

}  // namespace FASTNN_VARIANT
