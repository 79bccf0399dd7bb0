// Weights in the order in which tiles read them: panels of whole vectors, so
// that the micro-kernel reads B with stride one, once for every tile of rows.
#pragma once

#include "simd.h"
#include "tile.h"
#include "transpose.h"

namespace FASTNN_VARIANT {

// (rows, width): columns column .. of a (rows, n) matrix, zeros past the last. Of at most MOST
// registers, as a panel of W, of dZ, or the units of a tile of dW.
template <class T, int MOST = TILE_VECTORS>
FASTNN_INLINE void pack_columns(const T *from, int64_t ld, int64_t rows, int64_t n, int64_t column,
                                int vectors, T *panel) {
    constexpr int lanes = Vec<T>::lanes;
    const int count = lanes_at<T>(n, column + (vectors - 1) * lanes);
    from += column;
    for (int64_t row = 0; row < rows; ++row, from += ld, panel += vectors * lanes) {
        for (int v = 0; v + 1 < MOST; ++v)
            if (v + 1 < vectors) store(panel + v * lanes, load(from + v * lanes));
        const int last = (vectors - 1) * lanes;
        store(panel + last,
              count == lanes ? load(from + last) : load_first(from + last, count, T(0)));
    }
}

// Panel `column / panel` of `rows` rows of a matrix of n columns.
template <class T>
static void pack(const T *from, int64_t ld, int64_t rows, int64_t n, int64_t column, T *panel) {
    const int vectors = vectors_from(n, column, Vec<T>::lanes);
    pack_columns(from, ld, rows, n, column, vectors, panel);
}

// The units of a tile of dW, in `rows` rows.
template <class T>
static void pack_units(const Layer<T> *layer, int64_t rows, int64_t unit, int units, T *tile) {
    constexpr int lanes = Vec<T>::lanes;
    pack_columns<T, packed_units<T> / lanes>(layer->A, layer->ld, rows, layer->n, unit,
                                             registers_of<T>(units), tile);
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
