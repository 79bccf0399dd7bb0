// A = dropout(activation(A_below W + b)).
//
// W is read where it lies in theta. Its panels are packed only where they are used again: by the
// first rows that use them, on their way, into a buffer that stays in the L2 cache. To pack all of
// W before would take as long as the products of some ten rows, and theta may change at any moment.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "narrow.h"
#include "pack.h"
#include "tile.h"

namespace FASTNN_VARIANT {

// Rows of W are far apart for the processor's own prefetcher. So many take longer than the L3
// cache.
static constexpr int ROWS_AHEAD = 32;

// A whole tile of C to memory, and B to a panel.
template <class T>
struct PackingTile {
    Product<T> p;
    T *C;
    int64_t ldc;

    void run(int vectors) const { vectors == 1 ? pack<1>() : pack<2>(); }

    template <int NV>
    __attribute__((noinline)) void pack() const {
        T *to = C;
        const int64_t ld = ldc;
        multiply<T, FASTNN_TILE_ROWS, NV, true>(
            p, [=](int r, int v, typename Vec<T>::type c)
                   __attribute__((always_inline)) { store(to + r * ld + v * Vec<T>::lanes, c); });
    }
};

// A = activation(Z) of some registers of some rows, where Z is in A.
template <class T>
static __attribute__((noinline)) void activate(const Layer<T> *layer, int64_t row, int64_t end,
                                               int64_t column, int64_t vectors) {
    constexpr int lanes = Vec<T>::lanes;
    if (layer->activation == fastnn::IDENTITY) return;
    const int64_t ld = layer->ld, from = row * ld + column;
    T *const first = layer->A + from, *const Z = layer->Z ? layer->Z + from : nullptr;
    with_activation<T>(layer->activation, [&](auto g) __attribute__((always_inline)) {
        for (int64_t r = 0; r < end - row; ++r) {
            T *A = first + r * ld;
            for (int64_t v = 0; v < vectors; ++v) {
                const auto z = load(A + v * lanes);
                if (Z) store(Z + r * ld + v * lanes, z);
                store(A + v * lanes, g.value(z));
            }
        }
    });
}

// Fetch the end of W's rows in the columns from `column`, far ahead; it comes with its beginning.
template <class T>
FASTNN_INLINE void fetch_rows(Product<T> &p, const T *W, int64_t n, int64_t column, int64_t width) {
    p.ahead = reinterpret_cast<const char *>(W + column + width - 1);
    p.ahead_step = n * sizeof(T);
}

// One panel of columns. `room` holds a packed panel.
template <class T>
FASTNN_INLINE void forward_panel(const Layer<T> *below, const Layer<T> *layer, const T *W, T *room,
                                 int64_t row, int64_t end, int64_t column) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t n_in = below->n, n = layer->n;
    const int vectors = vectors_from(n, column, lanes);
    const int64_t width = vectors * lanes;
    Product<T> p = {below->A + row * below->ld, below->ld, 1, room, width, n_in,
                    room + n_in * width};
    Product<T> in_place = p;
    in_place.B = W + column, in_place.ldb = n, in_place.init = W + n_in * n + column;
    fetch_rows(in_place, W + ROWS_AHEAD * n, n, column, width);
    in_place.panel = room;
    const bool whole = column + width <= n, more = column + 2 * width <= n;
    const bool packs =
        whole && end - row > FASTNN_TILE_ROWS && n_in * n * int64_t(sizeof(T)) > fastnn::L2_BYTES;
    if (!whole)  // a row of W does not end with a whole register
        pack_columns(W, n, n_in + 1, n, column, vectors, room);
    else if (packs)
        p.init = in_place.init;
    else
        p = in_place;
    const bool relu = layer->activation == fastnn::RELU;
    const int64_t last = (end - row - 1) / FASTNN_TILE_ROWS * FASTNN_TILE_ROWS + row;
    for (int64_t r = row, next; r < end; p.A += (next - r) * below->ld, r = next) {
        next = end - r < BLOCK_ROWS ? end : r + BLOCK_ROWS;
        T *A = layer->A + r * layer->ld + column;
        if (packs && r == row) {
            next = row + FASTNN_TILE_ROWS;
            PackingTile<T>{in_place, A, layer->ld}.run(vectors);
            activate(layer, r, next, column, vectors);
            continue;
        }
        // The next panel comes from beyond the L2 cache. The last tiles but one fetch the beginning
        // of its rows, the last their end.
        if (packs && more) {
            const int64_t before = last - FASTNN_TILE_ROWS;
            if (r >= before) fetch_rows(p, W, n, column + width, r < last ? 1 : width);
            const int64_t stop = r < before ? before : r < last ? last : end;
            if (next > stop) next = stop;
        }
        if (relu) {
            in_tiles(next - r, vectors, ToMemory<T, Relu<T>>{p, A, layer->ld});
        } else {
            in_tiles(next - r, vectors, ToMemory<T>{p, A, layer->ld});
            activate(layer, r, next, column, vectors);
        }
    }
}

// Up to so many rows are streamed at once. Their activations fill 12 of 32 registers; of 16, GCC
// keeps half of 16 in memory.
static constexpr int STREAMED_ROWS = FASTNN_TILE_ROWS >= 8 ? 3 : 4;
// Of W and of the sums of a row, as much as is read in one go.
static constexpr int64_t PAGE = 4096;

// Z = A_below W + b of R rows from `row` on, for `count` columns that fill whole registers, a page
// at most, and k from `from` to `end` of the sums; what came before is in A. W comes from beyond
// the L1 cache, so it is read in the order of memory, four of its rows side by side, while the sums
// stay in the L1.
//
// A load waits for an earlier store at the same place of another page, as if it were to the same
// address. The rows of W of a layer of 1,024 units all begin at one place of their pages. So the
// sums of each row lie 1 KiB further in theirs than those before, and the first than W: one cache
// line further, each store stops the next loads, and one row takes 1.3 times as long.
template <int R, class T>
static void stream_rows(const Layer<T> *below, const Layer<T> *layer, const T *W, int64_t row,
                        int64_t column, int64_t count, int64_t from, int64_t end) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes, depth = 4;
    constexpr int64_t line = 64, further = 1024, ldz = (PAGE + further) / sizeof(T);
    const int64_t n = layer->n, ld = below->ld;
    alignas(line) char place[PAGE + R * ldz * sizeof(T)];
    const T *a = below->A + row * ld, *w = W + from * n + column;
    const T *b = W + below->n * n + column;
    T *A = layer->A + row * layer->ld + column;
    const int64_t away = reinterpret_cast<const char *>(w) - place;
    T *z = reinterpret_cast<T *>(place + ((away + further) & (PAGE - line)));
    for (int r = 0; r < R; ++r)
        memcpy(z + r * ldz, from ? A + r * layer->ld : b, count * sizeof(T));
    int64_t k = from;
    for (; k + depth <= end; k += depth, w += depth * n) {
        V x[R][depth];
        for (int r = 0; r < R; ++r)
            for (int i = 0; i < depth; ++i) x[r][i] = broadcast(a[r * ld + k + i]);
        for (int64_t j = 0; j < count; j += lanes) {
            V sum[R];
            for (int r = 0; r < R; ++r) sum[r] = load(z + r * ldz + j);
            for (int i = 0; i < depth; ++i) {
                V weight = load(w + i * n + j);
#if defined(__x86_64__)
                asm("" : "+v"(weight));  // else GCC loads it once for each row
#endif
                for (int r = 0; r < R; ++r) sum[r] += x[r][i] * weight;
            }
            for (int r = 0; r < R; ++r) store(z + r * ldz + j, sum[r]);
        }
    }
    for (; k < end; ++k, w += n) {
        for (int r = 0; r < R; ++r) {
            const V x = broadcast(a[r * ld + k]);
            T *sum = z + r * ldz;
            for (int64_t j = 0; j < count; j += lanes)
                store(sum + j, load(sum + j) + x * load(w + j));
        }
    }
    for (int r = 0; r < R; ++r) memcpy(A + r * layer->ld, z + r * ldz, count * sizeof(T));
}

template <int R, class T, class... Rest>
FASTNN_INLINE void stream_some(int rows, const Layer<T> *below, Rest... rest) {
    if (rows == R) return stream_rows<R>(below, rest...);
    if constexpr (R > 1) stream_some<R - 1>(rows, below, rest...);
}

// Z of all columns of some rows. A block of W that takes half of the L2 cache is used for all rows,
// a few at a time.
template <class T>
static void stream(const Layer<T> *below, const Layer<T> *layer, const T *W, int64_t row,
                   int64_t end, int64_t columns) {
    const int64_t n_in = below->n, most = PAGE / sizeof(T);
    const int64_t groups = (end - row + STREAMED_ROWS - 1) / STREAMED_ROWS;
    for (int64_t column = 0; column < columns; column += most) {
        const int64_t count = columns - column < most ? columns - column : most;
        const int64_t fits = fastnn::L2_BYTES / 2 / (count * int64_t(sizeof(T))) / 4 * 4;
        const int64_t depth = groups == 1 ? n_in : fits;
        for (int64_t k = 0; k < n_in; k += depth) {
            const int64_t last = n_in - k < depth ? n_in : k + depth;
            int64_t r = row;
            for (int64_t left = groups; left > 0; --left) {
                const int rows = int((end - r + left - 1) / left);
                stream_some<STREAMED_ROWS>(rows, below, layer, W, r, column, count, k, last);
                r += rows;
            }
        }
    }
}

template <int R, int NV, class T>
FASTNN_INLINE void in_wide_tiles(int rows, int at, const ToMemory<T> &tile) {
    if (rows - at >= R) at = int(tile.template run<R, NV>(at, rows));
    if constexpr (R > 1) in_wide_tiles<R / 2, NV>(rows, at, tile);
}

// A of some rows in tiles of up to R rows of NV vectors, for as many columns as fill them; returns
// how many. Tiles of few rows have to be wide to have enough sums under way.
template <int R, int NV, class T>
FASTNN_INLINE int64_t forward_wide(const Layer<T> *below, const Layer<T> *layer, const T *W,
                                   int64_t row, int64_t end) {
    constexpr int width = NV * Vec<T>::lanes;
    const int64_t n_in = below->n, n = layer->n;
    const T *A = below->A + row * below->ld, *b = W + n_in * n;
    int64_t column = 0;
    for (; column + width <= n; column += width) {
        ToMemory<T> tile = {{A, below->ld, 1, W + column, n, n_in, b + column},
                            layer->A + row * layer->ld + column,
                            layer->ld};
        fetch_rows(tile.p, W + ROWS_AHEAD * n, n, column, width);
        in_wide_tiles<R, NV>(int(end - row), 0, tile);
        activate(layer, row, end, column, NV);
    }
    return column;
}

// Up to so many rows of tiles of four registers, or of three, whose products have to hide the time
// that W takes from beyond the L1 cache. 16 registers are too few for them: more rows are streamed.
static constexpr int64_t FEW_ROWS = FASTNN_TILE_ROWS >= 8 ? 4 : 2;
static constexpr int64_t SOME_ROWS = FASTNN_TILE_ROWS >= 8 ? 16 : 0;

// Up to how many rows a layer is streamed.
template <class T>
FASTNN_INLINE int64_t most_streamed(const Layer<T> *below, const Layer<T> *layer) {
    const int64_t weights = below->n * layer->n;
    if (weights < fastnn::LARGE) return 0;
    if (FASTNN_TILE_ROWS >= 8) return STREAMED_ROWS;
    return (weights * int64_t(sizeof(T)) > fastnn::L2_BYTES ? 10 : 2) * STREAMED_ROWS;
}

// A of rows row .. end, with W (n_in, n) in theta and b after it. `room` has place for a panel of
// W and b. Each sum is that of tile.h, or of narrow.h in narrow layers, in the same order, whatever
// the rows beside it.
template <class T>
static void forward(const Layer<T> *below, const Layer<T> *layer, const T *W, T *room, int64_t row,
                    int64_t end, int64_t first_row) {
    const int64_t rows = end - row;
    int64_t column = 0;
    if (is_narrow<T>(below->n, layer->n)) {
        narrow_forward<1>(below, layer, W, layer->n, room, row, end);
        activate(layer, row, end, 0, 1);
        column = layer->n;
    } else if (rows <= most_streamed(below, layer)) {
        const int64_t vectors = layer->n / Vec<T>::lanes;
        column = vectors * Vec<T>::lanes;
        stream(below, layer, W, row, end, column);
        activate(layer, row, end, 0, vectors);
    } else if (rows <= FEW_ROWS) {
        column = forward_wide<FEW_ROWS, 4>(below, layer, W, row, end);
    } else if (SOME_ROWS && below->n * layer->n >= fastnn::LARGE && rows <= SOME_ROWS) {
        column = forward_wide<2 * FEW_ROWS, 3>(below, layer, W, row, end);
    }
    for (; column < layer->n; column += panel_columns<T>)
        forward_panel(below, layer, W, room, row, end, column);
    apply_dropout(layer, row, end - row, first_row);
}

}  // namespace FASTNN_VARIANT
