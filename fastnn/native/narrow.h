// The forward pass and the weight gradient of a layer of fewer units than a register has lanes.
#pragma once

#include "activation.h"
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

// Sums of neighbouring lanes, of a and of b, alternately in halves of 16 bytes: two shuffles that
// no lane of 128 bits crosses.
template <class T>
struct Pairs {
    typedef typename Vec<T>::type V;
    static constexpr int lanes = Vec<T>::lanes, part = 16 / sizeof(T);

    // Of a and b, one after the other.
    static constexpr int from(int k, int odd) {
        const int i = k % part, begin = k - i;
        return i < part / 2 ? begin + 2 * i + odd : lanes + begin + 2 * i - part + odd;
    }

    FASTNN_INLINE V of(V a, V b) { return of(a, b, std::make_integer_sequence<int, lanes>()); }

    template <int... k>
    FASTNN_INLINE V of(V a, V b, std::integer_sequence<int, k...>) {
#if __has_builtin(__builtin_shufflevector)
        return __builtin_shufflevector(a, b, from(k, 0)...) +
               __builtin_shufflevector(a, b, from(k, 1)...);
#else  // GCC before 12
        V sum;
        for (int i = 0; i < lanes; ++i) {
            const int at = from(i, 0);
            sum[i] = at < lanes ? a[at] + a[at + 1] : b[at - lanes] + b[at - lanes + 1];
        }
        return sum;
#endif
    }
};

// Lane k is the sum of all lanes of s[k % N].
template <class T, int N, int Half = 1>
FASTNN_INLINE typename Vec<T>::type sums(typename Vec<T>::type (&s)[N]) {
    if constexpr (Half == Vec<T>::lanes) {
        return s[0];
    } else {
        constexpr int left = N > 1 ? N / 2 : 1;
        typename Vec<T>::type halves[left];
#pragma GCC unroll 4
        for (int i = 0; i < left; ++i) {
            auto a = s[i * N / left], b = s[(i + 1) * N / left - 1];
            if constexpr (Half < Pairs<T>::part) {
                halves[i] = Pairs<T>::of(a, b);
            } else {
                Square<T>::template swap<Half>(a, b);
                halves[i] = a + b;
            }
        }
        return sums<T, left, 2 * Half>(halves);
    }
}

// Z = A_below W + b of rows row .. end of a layer of at most N units: a register for each unit,
// with sums of every lanes-th product, which are added up in the end. A tile would leave lanes
// empty. `room` gets W transposed.
template <int N, class T>
static void narrow_rows(const Layer<T> *below, const Layer<T> *layer, const T *W, int64_t ldw,
                        T *room, int64_t row, int64_t end) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const int64_t n_in = below->n, n = layer->n, ld = below->ld, whole = n_in / lanes * lanes;
    const int64_t depth = whole < n_in ? whole + lanes : whole;
    for (int64_t k = 0; k < n_in; k += lanes)
        transpose(W + k * ldw, ldw, lanes_at<T>(n_in, k), int(n), room + k, depth);
    for (int64_t i = n * depth; i < N * depth; ++i) room[i] = 0;
    V b;
    for (int k = 0; k < lanes; ++k) b[k] = k % N < n ? W[n_in * ldw + k % N] : T(0);
    const T *A = below->A + row * ld;
    T *Z = layer->A + row * layer->ld;
    for (; row < end; ++row, A += ld, Z += layer->ld) {
        V s[N]{};
        for (int64_t k = 0; k < whole; k += lanes) {
            const V a = load(A + k);
#pragma GCC unroll 8
            for (int j = 0; j < N; ++j) s[j] += a * load(room + j * depth + k);
        }
        if (whole < n_in) {
            const V a = load_first(A + whole, int(n_in - whole), T(0));
#pragma GCC unroll 8
            for (int j = 0; j < N; ++j) s[j] += a * load(room + j * depth + whole);
        }
        store(Z, sums<T>(s) + b);
    }
}

// Whether narrow_rows is faster than tiles: where the products outweigh the sums over lanes.
template <class T>
FASTNN_INLINE bool is_narrow(int64_t n_in, int64_t n) {
    return 2 * n <= Vec<T>::lanes && n_in >= 4 * n && n_in >= Vec<T>::lanes;
}

// W has rows of ldw numbers, the last of which is b.
template <int N, class T, class... Rest>
FASTNN_INLINE void narrow_forward(const Layer<T> *below, const Layer<T> *layer, Rest... rest) {
    if constexpr (2 * N < Vec<T>::lanes)
        if (layer->n > N) return narrow_forward<2 * N>(below, layer, rest...);
    narrow_rows<N>(below, layer, rest...);
}

}  // namespace FASTNN_VARIANT
