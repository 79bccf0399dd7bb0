// A pass of one network over one data set, as its threads share it.
#pragma once

#include <chrono>

#include "gather.h"
#include "kernels.h"
#include "pool.h"

namespace fastnn {

struct Penalty {
    double l2, l1;   // lambda / m, of one layer's W
};

template <class T> struct Run {
    const Kernels<T> *kernels;
    int threads;
    Barrier *barrier;

    // the network
    int depth;               // L
    int output;              // enum Output
    Layer<T> *layers;        // (L + 1,)
    const double *keep_prob; // (L,)  of layers 0 .. L - 1
    const int64_t *W_at;     // (L + 1,)  offsets in theta; b[l] follows W[l]
    T *theta;
    uint64_t seed;           // of the dropout masks
    uint64_t step;           // updates so far
    bool dropout;

    // the data and the current chunk of a mini-batch
    const Matrix *X, *y;
    const double *weight;    // (m,)  u_i, or null
    const int64_t *index;    // (m,)  order of the rows, or null
    int64_t rows, chunk_rows;
    Targets<T> targets;
    T *Y, *chunk_weight;     // what targets.Y and targets.weight point to
    int32_t *labels;

    // training
    int optimizer;           // enum Optimizer
    Update update;           // its settings; rate and corrections are set every step
    const double *rates;     // (batches,)  learning rate of each update of the epoch
    const Penalty *penalty;  // (L + 1,)
    double weight_decay;     // of W, not of b
    T *gradient, *first, *second;   // (theta,)
    int64_t batch_size;
    int64_t batch, chunk;    // the next to do

    // results
    double loss, error;      // sums over the rows so far
    int64_t next_row;        // of evaluate and forward: the next to do
    T *out;                  // (rows, n[L]) of forward
    double deadline;         // seconds on the steady clock
    // Written by any thread in one phase, read by all in a later one: a barrier lies between.
    std::atomic<bool> stop, not_finite;
    bool overflows;          // the next update might
    double *magnitude;       // (threads,)  largest of each thread's part of the gradient, then of theta
    double largest_theta;    // a bound on |theta|
    double largest_step;     // a bound on |velocity| or |mean gradient|
    double largest_rate;     // of the fit so far
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
