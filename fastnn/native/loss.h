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

template <class T> FASTNN_INLINE T sum_lanes(typename Vec<T>::type v) {
    T sum = 0;
    for (int i = 0; i < Vec<T>::lanes; ++i) sum += v[i];
    return sum;
}

// One row, a vector at a time: body(where, how many of its lanes count).
template <class T, class Body> FASTNN_INLINE void each_vector(int64_t n, Body body) {
    for (int64_t at = 0; at < n; at += Vec<T>::lanes)
        body(at, n - at < Vec<T>::lanes ? int(n - at) : int(Vec<T>::lanes));
}

template <class T> FASTNN_INLINE T weight_of(const Targets<T> *t, int64_t row) {
    return t->weight ? t->weight[row] : T(1);
}

// A row z becomes e^(z - max z). `others` leaves out the largest, whose term is 1: the loss of a
// confident, right answer is log(1 + others), which 1 + others alone would round to 0.
template <class T> struct Exponentials {
    T top;          // max z
    int64_t unit;   // where it first is
    T others;
};

template <class T> FASTNN_INLINE Exponentials<T> exponentials(T *row, int64_t n) {
    typedef typename Vec<T>::type V;
    Exponentials<T> e = {row[0], 0, 0};
    for (int64_t j = 1; j < n; ++j)
        if (row[j] > e.top) e.top = row[j], e.unit = j;
    V sum{};
    each_vector<T>(n, [&](int64_t at, int count) {
        V x = vexp<T>(load_first(row + at, count, T(-__builtin_inf())) - e.top);
        store_first(row + at, x, count);
        if (e.unit >= at && e.unit < at + count) x[e.unit - at] -= 1;
        sum += x;
    });
    e.others = sum_lanes<T>(sum);
    return e;
}

// L = log(sum_j e^z_j) - z_y;  dZ = softmax(z) - [j = y].
template <class T>
static void softmax_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r) {
        T *z = layer->A + r * layer->ld;
        const int64_t y = t->labels[r];
        const T z_y = z[y], weight = weight_of(t, r);
        const Exponentials<T> e = exponentials(z, layer->n);
        t->loss[r] = weight * (vlog1p<T>(broadcast(e.others))[0] + (e.top - z_y));
        if (t->error) t->error[r] = e.unit == y ? T(0) : weight;
        if (layer->dZ) {
            const T scale = weight * t->scale, each = scale / (1 + e.others);
            T *dZ = layer->dZ + r * layer->ld;
            for (int64_t j = 0; j < layer->n; ++j) dZ[j] = z[j] * each;
            dZ[y] = e.unit == y ? -e.others * each : dZ[y] - scale;
        }
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
        each_vector<T>(layer->n, [&](int64_t at, int count) {
            // A padded lane has z = -inf, y = 0: it loses nothing and is right.
            V z = load_first(z_row + at, count, T(-__builtin_inf()));
            V y = load_first(y_row + at, count, T(0));
            V e = vexp<T>(select(z > V{}, -z, z));
            loss += select(z > V{}, z - y * z, select(y == V{}, V{}, -y * z)) + vlog1p<T>(e);
            wrong += select((z > V{}) != (y > T(0.5)), broadcast(T(1)), V{});
            if (layer->dZ) {
                V tail = e / (1 + e);
                V dZ = select(z > V{}, (1 - y) - tail, tail - y);
                store_first(layer->dZ + r * layer->ld + at, dZ * scale, count);
            }
        });
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
        each_vector<T>(layer->n, [&](int64_t at, int count) {
            V e = load_first(z_row + at, count, T(0)) - load_first(y_row + at, count, T(0));
            sum += e * e;
            if (layer->dZ) store_first(layer->dZ + r * layer->ld + at, e * scale, count);
        });
        t->loss[r] = weight * sum_lanes<T>(sum) / 2;
        if (t->error) t->error[r] = weight * sum_lanes<T>(sum) / T(layer->n);
    }
}

template <class T> static void softmax_output(const Layer<T> *layer, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r) {
        T *z = layer->A + r * layer->ld;
        const T sum = 1 + exponentials(z, layer->n).others;
        for (int64_t j = 0; j < layer->n; ++j) z[j] /= sum;
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
