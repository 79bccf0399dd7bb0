// Losses of the user's own. Like the kernels of loss.h, each works in place over rows of the output
// layer, but by plain loops: the user's function takes longer than they do.
#pragma once

#include "loss.h"

namespace FASTNN_VARIANT {

template <class T>
static int64_t first_largest(const T *a, int64_t n) {
    int64_t largest = 0;
    for (int64_t j = 1; j < n; ++j) largest = a[j] > a[largest] ? j : largest;
    return largest;
}

// The error of one row, without its weight, from output activations a (n,). NaN where y (columns,)
// has no target for each output, nor one for all of them.
template <class T>
static T error_of_row(int output, const T *a, int64_t n, const T *y, int64_t columns) {
    T total = 0;
    if (columns != n && (columns != 1 || output == fastnn::OUT_SIGMOID))
        return T(__builtin_nan(""));
    if (output == fastnn::OUT_SOFTMAX) {
        const int64_t unit = first_largest(a, n);
        return columns == 1 ? T(unit) != y[0] : unit != first_largest(y, n);
    }
    for (int64_t j = 0; j < n; ++j) {
        const T d = a[j] - y[columns == 1 ? 0 : j];
        total += output == fastnn::OUT_SIGMOID ? T((a[j] > T(0.5)) != (y[j] > T(0.5))) : d * d;
    }
    return total / T(n);
}

// The rule of LOSS_GIVEN: losses and slopes are there, and get their weights.
template <class T>
static void weigh(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    for (int64_t r = row; r < row + rows; ++r) {
        const T weight = weight_of(t, r), scale = weight * t->scale;
        t->loss[r] *= weight;
        if (t->error)
            t->error[r] = weight * error_of_row(t->output, layer->A + r * layer->ld, layer->n,
                                                t->Y + r * t->ldy, t->ldy);
        if (!layer->dZ) continue;
        T *dZ = layer->dZ + r * layer->ld;
        for (int64_t j = 0; j < layer->n; ++j) dZ[j] *= scale;
        for (int64_t j = layer->n; j < layer->ld; ++j) dZ[j] = 0;
    }
}

template <class T>
static void activate(const Layer<T> *layer, int output, int64_t row, int64_t rows) {
    if (output == fastnn::OUT_SOFTMAX) softmax_output(layer, row, rows);
    if (output == fastnn::OUT_SIGMOID) sigmoid_output(layer, row, rows);
    if (output == fastnn::OUT_EXP) exp_output(layer, row, rows);
}

template <class T>
static void own_loss(const Layer<T> *layer, const Targets<T> *t, int64_t row, int64_t rows) {
    const int64_t at = row * layer->ld;
    t->own(layer->A + at, layer->ld, layer->n, t->Y + row * t->ldy, t->ldy, t->loss + row,
           layer->dZ ? layer->dZ + at : nullptr, layer->dZ != nullptr, rows);
    if (t->error) activate(layer, t->output, row, rows);
    weigh(layer, t, row, rows);
}

}  // namespace FASTNN_VARIANT
