// Register-tiled matrix products: forward, backward, and weight gradient.
//
// All three are C = A B for a tile of C that fits the registers: R rows of NV
// vectors. A is read one number at a time (broadcast), through a row stride and
// a column stride, so that it may be a matrix or its transpose; B is read in
// whole vectors. Each number of C is one sum over k in ascending order, whatever
// the tile it falls in: the bits do not depend on how the work is cut.
//
// While a panel of B is in use, the next one is fetched into the L2 cache: a processor reads memory
// beyond it at 10 to 30 GB/s, and waits for it unless it was told early.
//
// ReLU, its slope and that of tanh are a few instructions and act on C in its registers. Other
// activations would be compiled once for each register. For them the tile is stored, and processed
// again while it is in the L1 cache. Dropout goes through whole rows, whose keys are made once.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "random.h"
#include "simd.h"

namespace FASTNN_VARIANT {

using fastnn::Layer;

static constexpr int TILE_VECTORS = 2;
template <class T>
static constexpr int panel_columns = TILE_VECTORS * Vec<T>::lanes;

// The registers of so many numbers; and the numbers of those that hold a number of each row of a
// tile, which may be more than two.
template <class T>
static constexpr int registers_of(int count) {
    return (count + Vec<T>::lanes - 1) / Vec<T>::lanes;
}
template <class T>
static constexpr int packed_units = registers_of<T>(FASTNN_TILE_ROWS) * Vec<T>::lanes;

template <class T>
struct Product {
    const T *A;
    int64_t row_stride, k_stride;
    const T *B;
    int64_t ldb, depth;
    const T *init;                // one row that every row of C starts from, or null for zeros
    const char *ahead = nullptr;  // memory that is fetched meanwhile, or null
    int64_t ahead_step = 0;       // bytes of it for each k
    int64_t ahead_tile = 0;       // from a tile of rows to the next
    T *panel = nullptr;           // where a product that Packs puts B, row by row

    // Fetch `count` numbers in the course of `tiles` products.
    __attribute__((always_inline)) void fetch(const T *from, int64_t count, int64_t tiles) {
        const int64_t bytes = count * sizeof(T), times = tiles * depth;
        ahead = reinterpret_cast<const char *>(from);
        ahead_step = (bytes + times - 1) / times;
        ahead_tile = ahead_step * depth;
    }

    // Go on to the next tile.
    __attribute__((always_inline)) void next(int rows) {
        A += rows * row_stride;
        ahead += ahead_tile;
    }
};

// out(r, v, c) gets each register of the (R, NV vectors) tile of C when it is done.
//
// GCC unrolls the loops over rows soon enough only if it is told to: else C lies on the stack
// before and after the loop over k.
template <class T, int R, int NV, bool Packs = false, class Out>
FASTNN_INLINE void multiply(const Product<T> &p, Out out) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    V c[R][NV];
    for (int v = 0; v < NV; ++v) {
        V first = p.init ? load(p.init + v * lanes) : V{};
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) c[r][v] = first;
    }
    const T *a[(R + 2) / 3], *b = p.B;
#pragma GCC unroll 16
    for (int i = 0; i < (R + 2) / 3; ++i) a[i] = p.A + 3 * i * p.row_stride;
    T *panel = p.panel;
    const char *ahead = p.ahead ? p.ahead : reinterpret_cast<const char *>(b);
    for (int64_t k = 0; k < p.depth; ++k, b += p.ldb, ahead += p.ahead_step) {
        __builtin_prefetch(ahead, 0, 2);
        V row[NV];
        for (int v = 0; v < NV; ++v) row[v] = load(b + v * lanes);
        if constexpr (Packs) {
            for (int v = 0; v < NV; ++v) store(panel + v * lanes, row[v]);
            panel += NV * lanes;
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            V x = broadcast(a[r / 3][r % 3 * p.row_stride]);
            for (int v = 0; v < NV; ++v) c[r][v] += x * row[v];
        }
#pragma GCC unroll 16
        for (int i = 0; i < (R + 2) / 3; ++i) a[i] += p.k_stride;
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < NV; ++v) out(r, v, c[r][v]);
}

// The heights and widths that tiles are compiled for. Kernel has run<R, NV>(at, end), which does
// tiles of R rows from row `at` on while they end before `end`, and returns where they end. It
// loops itself: a call for each tile passed its arguments through memory, in pieces that a load
// has to wait for until the whole tile before is done.
template <class Kernel, int R>
FASTNN_INLINE int64_t in_height(int64_t at, int64_t end, int vectors, const Kernel &kernel) {
    if (end - at < R) return at;
    return vectors == 1 ? kernel.template run<R, 1>(at, end) : kernel.template run<R, 2>(at, end);
}

// All rows, in tiles that are as high as can be. Two rows take as long as four, for each of their
// sums waits for the last: 6 + 2 rows are done as 4 + 4.
template <class Kernel>
FASTNN_INLINE void in_tiles(int64_t rows, int vectors, const Kernel &kernel) {
    const int64_t whole = FASTNN_TILE_ROWS == 6 && rows % 6 == 2 && rows > 6 ? rows - 8 : rows;
    int64_t at = in_height<Kernel, FASTNN_TILE_ROWS>(0, whole, vectors, kernel);
    if constexpr (FASTNN_TILE_ROWS > 8) at = in_height<Kernel, 8>(at, rows, vectors, kernel);
    if constexpr (FASTNN_TILE_ROWS > 4) at = in_height<Kernel, 4>(at, rows, vectors, kernel);
    at = in_height<Kernel, 2>(at, rows, vectors, kernel);
    in_height<Kernel, 1>(at, rows, vectors, kernel);
}

// So many rows of a panel of C stay in the L1 cache, where they are processed again.
static constexpr int64_t BLOCK_ROWS = 8 * FASTNN_TILE_ROWS;

// g(C) to memory, row by row.
template <class T, class Activation = Identity<T>>
struct ToMemory {
    Product<T> p;
    T *C;
    int64_t ldc;

    template <int R, int NV>
    __attribute__((noinline)) int64_t run(int64_t at, int64_t end) const {
        T *to = C + at * ldc;
        const int64_t ld = ldc;
        Product<T> part = p;
        part.A += at * p.row_stride;
        for (; end - at >= R; at += R, part.next(R), to += R * ld)
            multiply<T, R, NV>(
                part, [=](int r, int v, typename Vec<T>::type c) __attribute__((always_inline)) {
                    store(to + r * ld + v * Vec<T>::lanes, Activation::value(c));
                });
        return at;
    }
};

template <class T>
static void whole_tile(const T *A, const T *B, int64_t depth, T *C) {
    ToMemory<T> tile = {{A, depth, 1, B, panel_columns<T>, depth, nullptr}, C, panel_columns<T>};
    tile.template run<FASTNN_TILE_ROWS, TILE_VECTORS>(0, FASTNN_TILE_ROWS);
}

FASTNN_INLINE int vectors_from(int64_t n, int64_t column, int lanes) {
    return n - column > lanes ? TILE_VECTORS : 1;
}

// Fetch the panel after that at `column` of n columns, if there is one, for `rows` rows of C.
template <class T>
FASTNN_INLINE void fetch_next(Product<T> &p, const T *next, int64_t size, int64_t n, int64_t column,
                              int64_t rows) {
    constexpr int lanes = Vec<T>::lanes;
    column += panel_columns<T>;
    if (column < n && rows > 0)
        p.fetch(next, size * vectors_from(n, column, lanes) * lanes,
                (rows + FASTNN_TILE_ROWS - 1) / FASTNN_TILE_ROWS);
}

// dZ = dA * g'(Z) * mask / keep_prob, from A alone: where that of ReLU is positive, the unit was
// active and kept.
template <class T, class Activation>
struct BackThrough {
    typedef typename Vec<T>::type V;
    Product<T> p;
    const Layer<T> *below;
    int64_t row, column;

    template <int R, int NV>
    __attribute__((noinline)) int64_t run(int64_t at, int64_t end) const {
        const int64_t ld = below->ld, from = (row + at) * ld + column;
        const T scale = T(1 / below->dropout.keep_prob);
        const T *A = below->A + from;
        T *dZ = below->dZ + from;
        Product<T> part = p;
        part.A += at * p.row_stride;
        for (; end - at >= R; at += R, part.next(R), A += R * ld, dZ += R * ld)
            multiply<T, R, NV>(part, [=](int r, int v, V dA) __attribute__((always_inline)) {
                const int64_t to = r * ld + v * Vec<T>::lanes;
                store(dZ + to, Activation::back(dA, load(A + to), scale));
            });
        return at;
    }
};

template <class T>
FASTNN_INLINE void backward_block(Product<T> p, const Layer<T> *layer, const Layer<T> *below,
                                  int64_t row, int64_t rows, int64_t column) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const int vectors = vectors_from(below->n, column, lanes);
    p.A += row * layer->ld;
    const fastnn::Dropout &d = below->dropout;
    if (below->activation == fastnn::RELU)
        return in_tiles(rows, vectors, BackThrough<T, Relu<T>>{p, below, row, column});
    if (below->activation == fastnn::TANH && !d.on)
        return in_tiles(rows, vectors, BackThrough<T, Tanh<T>>{p, below, row, column});
    const int64_t from = row * below->ld + column;
    in_tiles(rows, vectors, ToMemory<T>{p, below->dZ + from, below->ld});
    const T keep_prob = T(d.keep_prob), scale = T(1 / d.keep_prob);
    with_activation<T>(below->activation, [&](auto g) __attribute__((always_inline)) {
        for (int64_t r = 0; r < rows; ++r) {
            const int64_t at = from + r * below->ld;
            for (int v = 0; v < vectors; ++v) {
                V a = load(below->A + at + v * lanes);
                V z = below->Z ? load(below->Z + at + v * lanes) : V{};
                V dz = load(below->dZ + at + v * lanes);
                if (d.on) {
                    dz = select(dropped<T>(a), V{}, dz * g.slope(a * keep_prob, z) * scale);
                } else {
                    dz *= g.slope(a, z);
                }
                store(below->dZ + at + v * lanes, dz);
            }
        }
    });
}

template <class T>
static void backward_panel(const Layer<T> *layer, const Layer<T> *below, int64_t row, int64_t end,
                           int64_t column) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t width = vectors_from(below->n, column, lanes) * lanes, size = layer->n;
    const T *panel = layer->Wt_panels + column * size;
    Product<T> p = {layer->dZ, layer->ld, 1, panel, width, size, nullptr};
    fetch_next(p, panel + size * width, size, below->n, column, end - row);
    for (; row < end; row += BLOCK_ROWS, p.ahead += 8 * p.ahead_tile)
        backward_block(p, layer, below, row, end - row < BLOCK_ROWS ? end - row : BLOCK_ROWS,
                       column);
}

// A *= mask / keep_prob of some rows.
template <class T>
static void apply_dropout(const Layer<T> *layer, int64_t row, int64_t rows, int64_t first_row) {
    constexpr int lanes = Vec<T>::lanes;
    const fastnn::Dropout d = layer->dropout;  // copies, so that no store can change them
    if (!d.on) return;
    const T scale = T(1 / d.keep_prob);
    const int64_t n = layer->n, ld = layer->ld, end = row + rows;
    T *A = layer->A + row * ld;
    for (int64_t tile = row; tile < end; tile += FASTNN_TILE_ROWS) {
        const TileKeys keys(d, first_row + tile);
        for (unsigned r = 0; r < FASTNN_TILE_ROWS && tile + r < end; ++r, A += ld) {
            const RowKeys key = keys[r];
            for (int64_t unit = 0; unit < n; unit += Vec<float>::lanes) {
                const auto keep = kept(d, key, unit);
#pragma GCC unroll 2
                for (int part = 0; part < Vec<float>::lanes / lanes; ++part) {
                    const int64_t at = unit + part * lanes;
                    if (part == 0 || at < n)
                        store(A + at, drop<T>(widen<T>(keep, part), load(A + at), scale));
                }
            }
        }
    }
}

}  // namespace FASTNN_VARIANT
