// The three losses, from logits (so that no log 0 is ever taken), and the three
// outputs. Each works in place over rows of the output layer: its A holds Z[L]
// on entry.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

using fastnn::Layer;
using fastnn::Targets;

// Rows are worked on in whole registers: their padding is the core's own and may be written. The
// body learns which lanes are `inside` the row.
template <class T, class Body> FASTNN_INLINE void each_register(int64_t n, Body body) {
    constexpr int lanes = Vec<T>::lanes;
    int64_t at = 0;
    for (; at + lanes <= n; at += lanes) body(at, ~typename Vec<T>::mask{});
    if (at < n) body(at, lane_numbers<T>() < T(n - at));
}

template <class T> FASTNN_INLINE T weight_of(const Targets<T> *t, int64_t row) {
    return t->weight ? t->weight[row] : T(1);
}

// A row z becomes e^(z - max z). `others` leaves out one of the largest, whose term is 1: the loss
// of a confident, right answer is log(1 + others), which 1 + others alone would round to 0.
template <class T> struct Exponentials {
    T top;          // max z
    int64_t unit;   // where it first is
    T others;
};

template <class T> FASTNN_INLINE Exponentials<T> exponentials(T *row, int64_t n) {
    typedef typename Vec<T>::type V;
    const T lowest = -T(__builtin_inf());
    V largest = broadcast(lowest), not_numbers{};
    each_register<T>(n, [&](int64_t at, auto inside) __attribute__((always_inline)) {
        V z = select(inside, load(row + at), broadcast(lowest));
        largest = select(z > largest, z, largest);
        not_numbers += z != z ? z : V{};
    });
    Exponentials<T> e;
    e.top = largest_lane<T>(largest) + sum_lanes<T>(not_numbers);   // a NaN must not be passed over
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

// L = log(sum_j e^z_j) - z_y;  dZ = softmax(z) - [j = y].
template <class T>
static void softmax_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    constexpr int lanes = Vec<T>::lanes;
    for (int64_t from = row; from < row + rows; from += lanes) {
        const int64_t end = from + lanes < row + rows ? from + lanes : row + rows;
        T others[lanes] = {}, behind[lanes] = {};   // max z - z_y
        for (int64_t r = from; r < end; ++r) {
            T *z = layer->A + r * layer->ld;
            const int64_t y = t->labels[r];
            const T z_y = z[y], weight = weight_of(t, r);
            const Exponentials<T> e = exponentials(z, layer->n);
            others[r - from] = e.others;
            behind[r - from] = e.top - z_y;
            if (t->error) t->error[r] = e.unit == y ? T(0) : weight;
            if (layer->dZ) {
                const T scale = weight * t->scale, each = scale / (1 + e.others);
                T *dZ = layer->dZ + r * layer->ld;
                for (int64_t j = 0; j < layer->n; j += lanes) store(dZ + j, load(z + j) * each);
                dZ[y] = e.unit == y ? -e.others * each : dZ[y] - scale;
            }
        }
        // The logarithms of a register of rows at once.
        T loss[lanes];
        store(loss, vlog1p<T>(load(others)) + load(behind));
        for (int64_t r = from; r < end; ++r) t->loss[r] = weight_of(t, r) * loss[r - from];
    }
}

// L = sum_j log(1 + e^z_j) - y_j z_j;  dZ = sigmoid(z) - y. Both from e^-|z|, so that neither
// overflows nor cancels. A label is right when it is on the output's side of 1/2.
template <class T>
static void sigmoid_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    typedef typename Vec<T>::type V;
    for (int64_t r = row; r < row + rows; ++r) {
        const T *z_row = layer->A + r * layer->ld, *y_row = t->Y + r * t->ldy;
        const T weight = weight_of(t, r), scale = weight * t->scale;
        V loss{}, wrong{};
        for (int64_t at = 0; at < layer->n; at += Vec<T>::lanes) {
            const int count = lanes_at<T>(layer->n, at);
            // A padded lane has z = -inf, y = 0: it loses nothing and is right.
            V z = load_first(z_row + at, count, T(-__builtin_inf()));
            V y = load_first(y_row + at, count, T(0));
            V e = vexp<T>(select(z > V{}, -z, z));
            loss += select(z > V{}, z - y * z, select(y == V{}, V{}, -y * z)) + vlog1p<T>(e);
            wrong += select((z > V{}) != (y > T(0.5)), broadcast(T(1)), V{});
            if (layer->dZ) {
                V tail = e / (1 + e);
                V dZ = select(z > V{}, (1 - y) - tail, tail - y);
                store(layer->dZ + r * layer->ld + at, dZ * scale);
            }
        }
        t->loss[r] = weight * sum_lanes<T>(loss);
        if (t->error) t->error[r] = weight * sum_lanes<T>(wrong) / T(layer->n);
    }
}

// L = 1/2 sum_j (z_j - y_j)^2;  dZ = z - y.
template <class T>
static void squared_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    typedef typename Vec<T>::type V;
    for (int64_t r = row; r < row + rows; ++r) {
        const T *z_row = layer->A + r * layer->ld, *y_row = t->Y + r * t->ldy;
        const T weight = weight_of(t, r), scale = weight * t->scale;
        V sum{};
        for (int64_t at = 0; at < layer->n; at += Vec<T>::lanes) {
            const int count = lanes_at<T>(layer->n, at);
            V e = load_first(z_row + at, count, T(0)) - load_first(y_row + at, count, T(0));
            sum += e * e;
            if (layer->dZ) store(layer->dZ + r * layer->ld + at, e * scale);
        }
        t->loss[r] = weight * sum_lanes<T>(sum) / 2;
        if (t->error) t->error[r] = weight * sum_lanes<T>(sum) / T(layer->n);
    }
}

template <class T> static void softmax_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r) {
        T *z = layer->A + r * layer->ld;
        const T sum = 1 + exponentials(z, layer->n).others;
        for (int64_t j = 0; j < layer->n; j += Vec<T>::lanes) store(z + j, load(z + j) / sum);
    }
}

template <class T> static void sigmoid_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r)
        for (int64_t at = 0; at < layer->n; at += Vec<T>::lanes) {
            T *z = layer->A + r * layer->ld + at;
            store(z, vsigmoid<T>(load(z)));
        }
}

template <class T> static void identity_output(const Layer<T> *, int64_t, int64_t) {}

}  // namespace FASTNN_VARIANT
