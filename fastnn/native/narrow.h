// The weight gradient of a layer of fewer units than a register has lanes.
#pragma once

#include "tile.h"
#include "transpose.h"

namespace FASTNN_VARIANT {

// dW of `units` rows from `unit`, to a strip (units, n), as `gradient` computes it, bit for bit. A
// tile holds the transpose, dZ^T A: one register a row of dW would leave lanes empty. Rows of A are
// read in whole registers, so they must be padded.
template <class T>
static void narrow_gradient(const Layer<T> *below, const Layer<T> *layer, int64_t rows,
                            int64_t unit, int64_t units, T *strip) {
    constexpr int lanes = Vec<T>::lanes;
    constexpr int64_t width = panel_columns<T>;
    alignas(64) T C[lanes * width];
    const int64_t n = layer->n, end = unit + units;
    for (int64_t column = unit / lanes * lanes; column < end; column += width) {
        const int vectors = vectors_from(end, column, lanes);
        in_tiles(
            n, vectors,
            ToMemory<T>{
                {layer->dZ, 1, layer->ld, below->A + column, below->ld, rows, nullptr}, C, width});
        for (int64_t at = column; at < column + vectors * lanes; at += lanes) {
            const int64_t from = at < unit ? unit : at, to = at + lanes < end ? at + lanes : end;
            transpose(C + from - column, width, int(n), int(to - from), strip + (from - unit) * n,
                      n);
        }
    }
}

}  // namespace FASTNN_VARIANT
