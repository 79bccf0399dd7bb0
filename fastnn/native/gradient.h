// The gradient of W and b.
//
// A strip of dW, some rows of it, is A_below^T dZ over the rows of the batch. Where no overflow is
// possible (see stays_in_range in loops/update.pxi), theta is updated by a strip while that is in
// the cache: dW never goes through memory. Rows of W lie one after another, so that the update
// reads and writes theta and the moments in their own order.
#pragma once

#include "pack.h"
#include "tile.h"
#include "watch.h"

namespace FASTNN_VARIANT {

// dW of `units` rows from `unit`, to a strip (units, n). A is those units of A_below, tile by tile
// in the layout of pack_units, or null where they are not packed.
//
// Registers are stored whole, past the end of a row of the strip too, where the next row begins.
// From the last panel to the first, and from the first row to the last, the next row overwrites
// that.
template <class T>
static void gradient(const Layer<T> *below, const T *A, const Layer<T> *layer, int64_t rows,
                     int64_t unit, int64_t units, T *strip) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t n = layer->n;
    for (int64_t column = (n - 1) / panel_columns<T> * panel_columns<T>; column >= 0;
         column -= panel_columns<T>) {
        const int vectors = vectors_from(n, column, lanes);
        Product<T> p = {below->A + unit, 1,    below->ld, layer->dZ + column,
                        layer->ld,       rows, nullptr};
        if (layer->dZ_panels) p.B = layer->dZ_panels + column * rows, p.ldb = vectors * lanes;
        if (!A) in_tiles(units, vectors, ToMemory<T>{p, strip + column, n});
        for (int64_t at = 0; A && at < units; at += FASTNN_TILE_ROWS) {
            const int count = units - at < FASTNN_TILE_ROWS ? int(units - at) : FASTNN_TILE_ROWS;
            p.A = A + at / FASTNN_TILE_ROWS * rows * packed_units<T>;
            p.k_stride = registers_of<T>(count) * lanes;
            in_tiles(count, vectors, ToMemory<T>{p, strip + at * n + column, n});
        }
    }
}

// dW (+)= strip. Returns the largest magnitude in dW, infinity if a value is not finite.
template <class T>
static T add_gradient(const T *strip, int64_t n, bool accumulate, T *dW) {
    Watch<T> watched;
    for (int64_t i = 0; i < n; i += Vec<T>::lanes)
        put(dW + i, load(strip + i), lanes_at<T>(n, i), accumulate, watched);
    return watched.magnitude();
}

// db (+)= column sums of dZ from `column` on, of NV registers of columns at a time while there are
// so many, then of fewer. They lie side by side, for an addition waits for the last.
template <int NV, class T>
FASTNN_INLINE void sum_columns(const Layer<T> *layer, int64_t rows, int64_t column, bool accumulate,
                               T *db, Watch<T> &watched) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const int64_t n = layer->n, ld = layer->ld;
    for (; n - column > (NV - 1) * lanes; column += NV * lanes) {
        V sum[NV]{};
        const T *dZ = layer->dZ + column;
        for (int64_t row = 0; row < rows; ++row, dZ += ld)
#pragma GCC unroll 8
            for (int v = 0; v < NV; ++v) sum[v] += load(dZ + v * lanes);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
            const int64_t at = column + v * lanes;
            put(db + at, sum[v], lanes_at<T>(n, at), accumulate, watched);
        }
    }
    if constexpr (NV > 1) sum_columns<NV / 2>(layer, rows, column, accumulate, db, watched);
}

// db (+)= column sums of dZ. Returns the same of db.
template <class T>
static T bias_gradient(const Layer<T> *layer, int64_t rows, bool accumulate, T *db) {
    Watch<T> watched;
    sum_columns<8>(layer, rows, 0, accumulate, db, watched);
    return watched.magnitude();
}

}  // namespace FASTNN_VARIANT
