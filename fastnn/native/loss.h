// The losses, from logits (so that no log 0 is ever taken), and the outputs.
// Each works in place over rows of the output layer: its A holds Z[L]
// on entry.
//
// A register takes as long for one unit as for all its lanes. So narrow rows are transposed, one
// row in each lane; only wide rows are processed along the row.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "transpose.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

using fastnn::Layer;
using fastnn::Targets;

template <class T>
static constexpr int narrow = 2 * Vec<T>::lanes;

// As many rows as a register has lanes: at[j] holds unit j of all of them.
template <class T>
struct alignas(64) Columns {
    static constexpr int lanes = Vec<T>::lanes;
    T at[narrow<T>][lanes];

    FASTNN_INLINE int part(int64_t n, int64_t unit) { return lanes_at<T>(n, unit); }

    __attribute__((always_inline)) void read(const T *rows, int64_t ld, int count, int64_t n) {
        for (int64_t j = 0; j < n; j += lanes)
            transpose(rows + j, ld, count, part(n, j), at[j], lanes);
    }

    // Writes whole registers: the padding of a row belongs to the core, and becomes 0.
    __attribute__((always_inline)) void write(T *rows, int64_t ld, int count, int64_t n) const {
        for (int64_t j = 0; j < n; j += lanes)
            transpose(at[j], lanes, part(n, j), count, rows + j, ld);
    }
};

// body(r, count) for as many rows at a time as fit side by side.
template <class T, class Body>
FASTNN_INLINE void side_by_side(int64_t row, int64_t rows, Body body) {
    for (int64_t r = row; r < row + rows; r += Vec<T>::lanes) body(r, lanes_at<T>(row + rows, r));
}

// Rows are worked on in whole registers. The body learns which lanes are `inside` the row.
template <class T, class Body>
FASTNN_INLINE void each_register(int64_t n, Body body) {
    constexpr int lanes = Vec<T>::lanes;
    int64_t at = 0;
    for (; at + lanes <= n; at += lanes) body(at, ~typename Vec<T>::mask{});
    if (at < n) body(at, lane_numbers<T>() < T(n - at));
}

template <class T>
FASTNN_INLINE T weight_of(const Targets<T> *t, int64_t row) {
    return t->weight ? t->weight[row] : T(1);
}

template <class T>
FASTNN_INLINE typename Vec<T>::type weights_of(const Targets<T> *t, int64_t row, int count) {
    return t->weight ? load_first(t->weight + row, count, T(0)) : broadcast(T(1));
}

// ---- softmax -------------------------------------------------------------------------------
// A row z becomes e^(z - max z). `others` is their sum without one of the largest, whose term is 1:
// the loss of a confident, right answer is log(1 + others), which 1 + others alone would round to
// 0.
template <class Number, class Unit>
struct Exponentials {
    Number top;  // max z
    Unit unit;   // where it first is
    Number others;
};

template <class T>
FASTNN_INLINE Exponentials<T, int64_t> exponentials(T *row, int64_t n) {
    typedef typename Vec<T>::type V;
    const T lowest = -T(__builtin_inf());
    V largest = broadcast(lowest), not_numbers{};
    each_register<T>(n, [&](int64_t at, auto inside) __attribute__((always_inline)) {
        V z = select(inside, load(row + at), broadcast(lowest));
        largest = select(z > largest, z, largest);
        not_numbers += z != z ? z : V{};
    });
    Exponentials<T, int64_t> e;
    e.top = largest_lane<T>(largest) + sum_lanes<T>(not_numbers);  // a NaN must not be passed over
    e.unit = 0;
    while (e.unit + 1 < n && !(row[e.unit] == e.top)) ++e.unit;
    V sum{};
    each_register<T>(n, [&](int64_t at, auto inside) __attribute__((always_inline)) {
        V x = vexp<T>(select(inside, load(row + at), broadcast(lowest)) - e.top);
        store(row + at, x);
        sum += select(lane_numbers<T>() == T(e.unit - at), x - x, x);
    });
    e.others = sum_lanes<T>(sum);
    return e;
}

template <class T>
FASTNN_INLINE Exponentials<typename Vec<T>::type, typename Vec<T>::type> exponentials(Columns<T> &z,
                                                                                      int64_t n) {
    typedef typename Vec<T>::type V;
    V top = load(z.at[0]), unit{}, not_numbers = top != top ? top : V{}, others{};
    for (int64_t j = 1; j < n; ++j) {
        V z_j = load(z.at[j]);
        not_numbers += z_j != z_j ? z_j : V{};
        unit = select(z_j > top, broadcast(T(j)), unit);
        top = select(z_j > top, z_j, top);
    }
    top += not_numbers;
    for (int64_t j = 0; j < n; ++j) {
        V x = vexp<T>(load(z.at[j]) - top);
        store(z.at[j], x);
        others += select(unit == T(j), x - x, x);
    }
    return {top, unit, others};
}

// L = log(sum_j e^z_j) - z_y;  dZ = softmax(z) - [j = y].
template <class T>
FASTNN_INLINE void softmax_loss_columns(const Layer<T> *layer, const Targets<T> *t, int64_t r,
                                        int count) {
    typedef typename Vec<T>::type V;
    const int64_t n = layer->n;
    Columns<T> z;
    z.read(layer->A + r * layer->ld, layer->ld, count, n);
    alignas(V) T labels[Vec<T>::lanes] = {};
    for (int i = 0; i < count; ++i) labels[i] = T(t->labels[r + i]);
    V y = load(labels), z_y{}, weight = weights_of(t, r, count);
    for (int64_t j = 0; j < n; ++j) z_y = select(y == T(j), load(z.at[j]), z_y);
    const auto e = exponentials(z, n);
    store_first(t->loss + r, weight * (vlog1p<T>(e.others) + (e.top - z_y)), count);
    if (t->error) store_first(t->error + r, select(e.unit == y, V{}, weight), count);
    if (layer->dZ) {
        const V scale = weight * t->scale, each = scale / (1 + e.others);
        for (int64_t j = 0; j < n; ++j) {
            V p = load(z.at[j]) * each, at_y = select(e.unit == y, -e.others * each, p - scale);
            store(z.at[j], select(y == T(j), at_y, p));
        }
        z.write(layer->dZ + r * layer->ld, layer->ld, count, n);
    }
}

template <class T>
FASTNN_INLINE void softmax_loss_row(const Layer<T> *layer, const Targets<T> *t, int64_t r) {
    T *z = layer->A + r * layer->ld;
    const int64_t y = t->labels[r];
    const T z_y = z[y], weight = weight_of(t, r);
    const auto e = exponentials(z, layer->n);
    t->loss[r] = weight * (vlog1p<T>(broadcast(e.others))[0] + (e.top - z_y));
    if (t->error) t->error[r] = e.unit == y ? T(0) : weight;
    if (layer->dZ) {
        const T scale = weight * t->scale, each = scale / (1 + e.others);
        T *dZ = layer->dZ + r * layer->ld;
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes) store(dZ + j, load(z + j) * each);
        dZ[y] = e.unit == y ? -e.others * each : dZ[y] - scale;
    }
}

template <class T>
static void softmax_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    if (layer->n > narrow<T>)
        for (int64_t r = row; r < row + rows; ++r) softmax_loss_row(layer, t, r);
    else
        side_by_side<T>(row, rows, [&](int64_t r, int count) __attribute__((always_inline)) {
            softmax_loss_columns(layer, t, r, count);
        });
}

// Against probabilities y: L = sum_j y_j (log(sum_k e^z_k) - z_j);  dZ = (sum_j y_j) softmax(z) -
// y. The logarithm is split as in softmax_loss, and no term of the sum is negative: nothing
// cancels.
template <class T>
static void soft_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    typedef typename Vec<T>::type V;
    const int64_t n = layer->n;
    for (int64_t r = row; r < row + rows; ++r) {
        T *z = layer->A + r * layer->ld;
        const T *y = t->Y + r * t->ldy, weight = weight_of(t, r);
        T top = z[0];
        for (int64_t j = 1; j < n; ++j) top = z[j] > top ? z[j] : top;
        V below{}, total{};
        for (int64_t j = 0; j < n; j += Vec<T>::lanes) {
            const V y_j = load_first(y + j, lanes_at<T>(n, j), T(0));
            below += y_j * (top - load_first(z + j, lanes_at<T>(n, j), top));
            total += y_j;
        }
        const T sum = sum_lanes<T>(total);
        const auto e = exponentials(z, n);
        t->loss[r] = weight * (sum * vlog1p<T>(broadcast(e.others))[0] + sum_lanes<T>(below));
        if (t->error) {
            int64_t label = 0;
            for (int64_t j = 1; j < n; ++j) label = y[j] > y[label] ? j : label;
            t->error[r] = e.unit == label ? T(0) : weight;
        }
        if (layer->dZ) {
            const T scale = weight * t->scale, each = sum / (1 + e.others);
            T *dZ = layer->dZ + r * layer->ld;
            for (int64_t j = 0; j < n; j += Vec<T>::lanes)
                store(dZ + j,
                      (load(z + j) * each - load_first(y + j, lanes_at<T>(n, j), T(0))) * scale);
        }
    }
}

template <class T>
static void softmax_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    const int64_t n = layer->n, ld = layer->ld;
    if (n > narrow<T>)
        for (T *z = layer->A + row * ld; z < layer->A + (row + rows) * ld; z += ld) {
            const T sum = 1 + exponentials(z, n).others;
            for (int64_t j = 0; j < n; j += Vec<T>::lanes) store(z + j, load(z + j) / sum);
        }
    else
        side_by_side<T>(row, rows, [&](int64_t r, int count) __attribute__((always_inline)) {
            Columns<T> z;
            if (n < 1) __builtin_unreachable();  // GCC at -O1 fears that z could stay empty
            z.read(layer->A + r * ld, ld, count, n);
            const auto sum = 1 + exponentials(z, n).others;
            for (int64_t j = 0; j < n; ++j) store(z.at[j], load(z.at[j]) / sum);
            z.write(layer->A + r * ld, ld, count, n);
        });
}

// ---- sums over the outputs -----------------------------------------------------------------

// L = log(1 + e^z) - y z;  dZ = sigmoid(z) - y. Both from e^-|z|, so that neither overflows nor
// cancels. A label is right when it is on the output's side of 1/2.
template <class T>
struct Logistic {
    typedef typename Vec<T>::type V;
    static constexpr T neutral = -T(__builtin_inf());  // with y = 0 it loses nothing and is right
    static constexpr bool cheap = false;
    V loss, error, dZ;

    __attribute__((always_inline)) Logistic(V z, V y) {
        V e = vexp<T>(select(z > V{}, -z, z)), tail = e / (1 + e);
        loss = select(z > V{}, z - y * z, select(y == V{}, V{}, -y * z)) + vlog1p<T>(e);
        error = select((z > V{}) != (y > T(0.5)), broadcast(T(1)), V{});
        dZ = select(z > V{}, (1 - y) - tail, tail - y);
    }
};

// L = 1/2 (z - y)^2;  dZ = z - y.
template <class T>
struct Squared {
    typedef typename Vec<T>::type V;
    static constexpr T neutral = 0;
    static constexpr bool cheap = true;
    V loss, error, dZ;

    __attribute__((always_inline)) Squared(V z, V y) {
        dZ = z - y;
        error = dZ * dZ;
        loss = error / 2;
    }
};

// L = e^z - y z, half the Poisson deviance but for y log y - y, which does not depend on z;
// dZ = e^z - y.
template <class T>
struct Poisson {
    typedef typename Vec<T>::type V;
    static constexpr T neutral = -T(__builtin_inf());
    static constexpr bool cheap = false;
    V loss, error, dZ;

    __attribute__((always_inline)) Poisson(V z, V y) {
        V mean = vexp<T>(z);
        dZ = mean - y;
        error = dZ * dZ;
        loss = mean - select(y == V{}, V{}, y * z);
    }
};

// L = |z - y|;  dZ = sign(z - y).
template <class T>
struct Absolute {
    typedef typename Vec<T>::type V;
    static constexpr T neutral = 0;
    static constexpr bool cheap = true;
    V loss, error, dZ;

    __attribute__((always_inline)) Absolute(V z, V y) {
        V r = z - y;
        error = r * r;
        loss = select(r > V{}, r, -r);
        // A NaN must not become a gradient of 0.
        dZ = select(r == V{}, V{}, select(r > V{}, broadcast(T(1)), broadcast(T(-1)))) + (r - r);
    }
};

// L = r^2 / 2 where |r| <= 1, |r| - 1/2 beyond, r = z - y;  dZ = r cut off at -1 and 1.
template <class T>
struct Huber {
    typedef typename Vec<T>::type V;
    static constexpr T neutral = 0;
    static constexpr bool cheap = true;
    V loss, error, dZ;

    __attribute__((always_inline)) Huber(V z, V y) {
        V r = z - y, size = select(r > V{}, r, -r);
        error = r * r;
        loss = select(size > T(1), size - T(0.5), error / 2);
        dZ = select(r > T(1), broadcast(T(1)), select(r < T(-1), broadcast(T(-1)), r));
    }
};

template <class T, template <class> class Loss>
static void summed_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    typedef typename Vec<T>::type V;
    const int64_t n = layer->n, ld = layer->ld;
    // To transpose rows takes longer than a cheap loss of lanes that are empty.
    if (Loss<T>::cheap || n > narrow<T>) {
        for (int64_t r = row; r < row + rows; ++r) {
            const T weight = weight_of(t, r);
            V loss{}, error{};
            for (int64_t j = 0; j < n; j += Vec<T>::lanes) {
                const int count = lanes_at<T>(n, j);
                const Loss<T> at(load_first(layer->A + r * ld + j, count, Loss<T>::neutral),
                                 load_first(t->Y + r * t->ldy + j, count, T(0)));
                loss += at.loss, error += at.error;
                if (layer->dZ) store(layer->dZ + r * ld + j, at.dZ * (weight * t->scale));
            }
            t->loss[r] = weight * sum_lanes<T>(loss);
            if (t->error) t->error[r] = weight * sum_lanes<T>(error) / T(n);
        }
        return;
    }
    side_by_side<T>(row, rows, [&](int64_t r, int count) __attribute__((always_inline)) {
        const V weight = weights_of(t, r, count);
        V loss{}, error{};
        Columns<T> z, y;
        z.read(layer->A + r * ld, ld, count, n);
        y.read(t->Y + r * t->ldy, t->ldy, count, n);
        for (int64_t j = 0; j < n; ++j) {
            const Loss<T> at(load(z.at[j]), load(y.at[j]));
            loss += at.loss, error += at.error;
            store(z.at[j], at.dZ * (weight * t->scale));
        }
        store_first(t->loss + r, weight * loss, count);
        if (t->error) store_first(t->error + r, weight * error / T(n), count);
        if (layer->dZ) z.write(layer->dZ + r * ld, ld, count, n);
    });
}

template <class T>
static void sigmoid_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    const int64_t n = layer->n, ld = layer->ld;
    if (n > narrow<T> / 2)
        for (int64_t r = row; r < row + rows; ++r)
            for (int64_t j = 0; j < n; j += Vec<T>::lanes) {
                T *z = layer->A + r * ld + j;
                store(z, vsigmoid<T>(load(z)));
            }
    else
        side_by_side<T>(row, rows, [&](int64_t r, int count) __attribute__((always_inline)) {
            Columns<T> z;
            z.read(layer->A + r * ld, ld, count, n);
            for (int64_t j = 0; j < n; ++j) store(z.at[j], vsigmoid<T>(load(z.at[j])));
            z.write(layer->A + r * ld, ld, count, n);
        });
}

template <class T>
static void exp_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r)
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes) {
            T *z = layer->A + r * layer->ld + j;
            store(z, vexp<T>(load(z)));
        }
}

template <class T>
static void identity_output(const Layer<T> *, int64_t, int64_t) {}

// ---- from dA to dZ of the output layer, for losses that are computed elsewhere -------------

// body(A, dA) gives dZ, register by register; dA is 0 beyond the row.
template <class T, class Body>
FASTNN_INLINE void outputs_slope(const Layer<T> *layer, int64_t row, int64_t rows, Body body) {
    for (int64_t r = row; r < row + rows; ++r)
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes) {
            T *dZ = layer->dZ + r * layer->ld + j;
            store(dZ, body(load(layer->A + r * layer->ld + j), load(dZ)));
        }
}

// dZ_j = A_j (dA_j - sum_k A_k dA_k).
template <class T>
static void softmax_slope(const Layer<T> *layer, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r) {
        const T *A = layer->A + r * layer->ld;
        T *dZ = layer->dZ + r * layer->ld;
        typename Vec<T>::type products{};
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes)
            products += load(A + j) * load(dZ + j);
        const T mean = sum_lanes<T>(products);
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes)
            store(dZ + j, load(A + j) * (load(dZ + j) - mean));
    }
}

// dZ = A (1 - A) dA.
template <class T>
static void sigmoid_slope(const Layer<T> *layer, int64_t row, int64_t rows) {
    outputs_slope<T>(layer, row, rows, [](auto a, auto da) __attribute__((always_inline)) {
        return a * (1 - a) * da;
    });
}

// dZ = A dA.
template <class T>
static void exp_slope(const Layer<T> *layer, int64_t row, int64_t rows) {
    outputs_slope<T>(layer, row, rows,
                     [](auto a, auto da) __attribute__((always_inline)) { return a * da; });
}

}  // namespace FASTNN_VARIANT
