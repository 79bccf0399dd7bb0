// A pass of one network over one data set, as its threads share it.
#pragma once

#include <chrono>

#include "gather.h"
#include "kernels.h"
#include "pool.h"
#include "warp.h"

namespace fastnn {

struct Penalty {
    double l2, l1;  // lambda / m, of one layer's W
};

// The largest magnitudes in a thread's rows.
struct Bounds {
    double A, dZ;  // of layer l - 1, of layer l; layer 0 holds the losses' in dZ
};

// The largest that these may have become since the fit began.
struct Extremes {
    double theta, step, rate;  // |theta|, |velocity| or |mean gradient|, learning rate
};

// The mean of the outputs of several networks, to which each run adds its own.
struct Moments {
    double *mean, *squares;  // (rows, n[L]); weighted squares of the differences, or null
    double weight, total;    // of this network; of it and those before
};

// The part of a run that does not depend on the dtype.
struct Pass {
    int threads;
    Barrier *barrier;

    // the network
    int depth;         // L
    int output;        // enum Output
    int loss_rule;     // enum Output or enum Loss
    double smoothing;  // share of every label, or of its probabilities, that all classes get alike
    void *asks;        // with LOSS_GIVEN: the Python object that gives losses and slopes
    int64_t gathered_ld;
    int64_t strip_size, room_size;  // of one thread
    const double *keep_prob;        // (L,)  of layers 0 .. L - 1
    const int64_t *W_at;            // (L + 1,)  offsets in theta; b[l] follows W[l]
    const int64_t *packed_at;       // (L + 1,)  offsets in Run::packed
    int64_t size;                   // of theta
    uint64_t seed;                  // of the dropout masks and of augmentation
    uint64_t step;                  // updates so far
    bool dropout;
    bool inputs;  // whether the backward pass goes on to layer 0

    // the data and the current chunk of a mini-batch
    const Matrix *X, *y;
    const double *weight;  // (m,)  u_i, or null
    const int64_t *index;  // (m,)  order of the rows, or null
    int64_t rows, chunk_rows;
    // of differentiate and evaluate: the place of row 0 in the whole mini-batch, for its masks
    int64_t first_row = 0;
    const Warp *warp;  // augmentation, or null
    uint64_t epoch;    // of the random draws of augmentation

    // training
    int optimizer;        // enum Optimizer
    Update update;        // its settings; rate and corrections are set every step
    const double *rates;  // (batches,)  learning rate of each update of the epoch
    // (batches,) or null: divisors of the sums over a mini-batch, and of lambda, in the place of
    // its number of rows and of m. Weights are then the user's own, and the losses are added up.
    const double *divisors;
    // Whether l2 and l1 of `penalty` are those of every mini-batch, as without divisors.
    bool constant_penalty;
    double training_loss;       // with divisors: sum over the mini-batches of rows * J
    const Penalty *penalty;     // (L + 1,)
    const double *layer_rates;  // (L + 1,)  factors of the rate, or null for all ones
    const double *max_norm;     // (L + 1,)  of the columns of W, or null for no limit
    double average_decay;       // of Run::average
    uint64_t average_from;      // updates before the first that is averaged
    double fastest_layer = 1;   // the largest of them
    double weight_decay;        // of W, not of b
    bool epsilon_hat;  // whether Adam's epsilon is that of its equation without corrections
    double clip_norm, clip_value;  // of the gradient without the penalty; 0: it is not clipped
    int64_t batch_size;
    int64_t batch, chunk;  // the next to do

    // gradients that are not those of a loss
    bool keeps;              // whether `evaluate` has the masks of `step`, for a backward pass
    const Matrix *dA;        // (rows, n[L])  dJ/dA[L], in the place of y, or null
    const double *dX_scale;  // (n[0],)  factors of dX where X was normalized, or null

    // results
    const Moments *moments;  // where forward adds its outputs, or null: they go to `out`
    Pass *next;              // that of another network for the same rows, or null
    double loss, error;      // sums over the rows so far
    int64_t next_row;        // of differentiate and evaluate: the next to do
    double deadline;         // seconds on the steady clock
    // Written by any thread in one phase, read by all in a later one: a barrier lies between.
    std::atomic<bool> stop, not_finite;
    std::atomic<bool> overflows;  // the next update might
    double *magnitude;  // (threads,)  largest of each thread's part of the gradient, then of theta
    Bounds *bounds;     // (threads, L + 1)
    Extremes extremes;
};

template <class T>
struct Run : Pass {
    const Kernels<T> *kernels;
    Layer<T> *layers;  // (L + 1,)
    T *gathered;       // the buffer of A[0]; layers[0].A may be X itself instead
    T *room;           // (threads, room_size)  a panel of W, or units of the tiles of a strip
    T *strip;          // (threads, strip_size)  rows of dW
    T *theta;
    const T *packed = nullptr;  // W and b in panels in the place of theta, or null
    T *scratch;                 // (threads, scratch_size(warp))
    Targets<T> targets;
    T *Y, *chunk_weight;  // the same addresses as targets.Y and targets.weight, writable
    int32_t *labels;
    T *gradient, *first, *second;  // (size,)
    T *average;                    // (size,) or null: the moving average of theta
    T *dtheta;                     // (size,) of differentiate, or null
    T *dX;                         // (rows, n[0]) of differentiate, or null
    T *out;                        // (rows, n[L]) of forward
};

// The upper 64 bits of the product.
inline uint64_t multiply_high(uint64_t a, uint64_t b) {
    return uint64_t(static_cast<unsigned __int128>(a) * b >> 64);
}

inline double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace fastnn
