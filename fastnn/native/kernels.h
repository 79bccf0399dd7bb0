// The contract between loops/*.pxi and the micro-kernels: the buffers of a layer,
// and a table of functions for each CPU variant and dtype.
//
// Shapes are written (rows, columns). A buffer's row stride `ld` is its width
// rounded up to whole vectors, so that a tile is always stored whole; the
// padding between width and stride is never read as data.
#pragma once

#include <cstdint>

namespace fastnn {

// From so many weights on, a layer's part of theta is not expected in the L1 cache.
static constexpr int64_t LARGE = 1 << 14;

// Of one core's L2 cache, as the system reports it, or 1 MiB. No bits follow it.
extern const int64_t L2_BYTES;

enum Activation {
    IDENTITY,
    RELU,
    LEAKY_RELU,
    ELU,
    GELU,
    SILU,
    TANH,
    SIGMOID,
    SOFTPLUS,
    ACTIVATIONS
};
enum Output { OUT_SOFTMAX, OUT_SIGMOID, OUT_IDENTITY, OUT_EXP, OUT_ABSOLUTE, OUT_HUBER, OUTPUTS };
// Losses beyond those of the outputs: cross-entropy against probabilities, the user's own function
// of a row, and losses and slopes that the caller has put into the buffers.
enum Loss { LOSS_SOFT = OUTPUTS, LOSS_OWN, LOSS_GIVEN, LOSSES };
enum Optimizer { GD, MOMENTUM, NESTEROV, RMSPROP, ADAM, OPTIMIZERS };

// The slopes of these two do not follow from the activation: Z is kept for them.
inline bool slope_needs_z(int activation) { return activation == GELU || activation == SILU; }

// Whether A and dZ are packed for the weight gradient: where it pays for the copies. Otherwise a
// tile reads them in strides of a row, and a row of a wide layer is a page of memory.
inline bool packs_gradient(int64_t n_in, int64_t n_out, int panel) {
    return n_in * n_out >= 1 << 16 && n_out > 2 * panel;
}

// Inverted dropout of one layer in one step; random.h explains the keys.
struct Dropout {
    bool on;
    uint32_t keys[2];
    int32_t threshold;  // keep_prob * 2^31
    double keep_prob;
};

// Layer l of a mini-batch. Layer 0 is the input: it has no weights.
template <class T>
struct Layer {
    int64_t n, ld;  // units, row stride
    T *A;           // (rows, ld)  activations, after dropout; logits in layer L
    T *Z;           // (rows, ld)  pre-activations, or null: see slope_needs_z
    T *dZ;          // (rows, ld)  dJ/dZ, or null outside training
    T *dZ_panels;   // dZ in panels of `panel` columns, or null: see packs_gradient
    T *Wt_panels;   // transposed W[l], in panels of `panel` columns, or null
    int activation;
    Dropout dropout;
};

// A loss of the user's own, compiled by Numba. From `count` rows of logits Z (count, ld) of width n
// and targets Y (count, columns) it computes L and, if `slopes` is not 0, dL/dZ (count, ld). It
// neither throws nor takes the GIL; a row in which the user's function raises has the loss NaN.
template <class T>
using OwnLoss = void (*)(T *Z, int64_t ld, int64_t n, const T *Y, int64_t columns, T *loss, T *dZ,
                         int64_t slopes, int64_t count);

// The targets of the rows of a mini-batch.
template <class T>
struct Targets {
    const T *Y;   // (rows, ldy)  for all outputs but softmax
    int64_t ldy;  // n[L], or with LOSS_OWN and LOSS_GIVEN any number of columns
    int output;   // enum Output, for these two
    OwnLoss<T> own;
    const int32_t *labels;  // (rows,)      for softmax
    const T *weight;        // (rows,)      u_i, or null for all ones
    T scale;                // dZ is scaled by u_i * scale
    T *loss;                // (rows,) out  u_i L_i
    T *error;  // (rows,) out  u_i * (wrong: 0 or 1 | share of labels wrong | mean squared error),
               // or null
};

template <class T>
inline void set_own_loss(Targets<T> *targets, uintptr_t address) {
    targets->own = reinterpret_cast<OwnLoss<T>>(address);
}

// One first-order update of a stretch of theta. l2 and l1 are lambda / m.
struct Update {
    double rate, l2, l1, weight_decay;
    double penalty_share;  // of l2 and l1 in this update: 1, but see Run::divisors
    double beta1, beta2, epsilon;
    // Adam's 1 / (1 - beta^t), and the rate and epsilon with which m / (sqrt(v) + epsilon) needs no
    // such corrections. For every other optimizer 1, rate and epsilon themselves.
    double correction1, correction2;
    double corrected_rate, corrected_epsilon;
};

struct Warp;       // settings of augmentation: warp.h
struct Placement;  // the random draws for one image: warp.h

template <class T>
struct Kernels {
    int lanes;         // numbers in a register
    int tile_rows;     // rows of a register tile
    int panel;         // columns of a register tile, and of a packed panel
    int packed_units;  // columns of the packed units of a tile of dW

    // Panel `column / panel` of a (rows, n) matrix; of the transpose of W[l] (n_in, n_out).
    void (*pack)(const T *from, int64_t ld, int64_t rows, int64_t n, int64_t column, T *panel);
    void (*pack_transposed)(const T *W, int64_t n_in, int64_t n_out, int64_t column, T *panels);

    // `units` columns of the layer's A from `unit`, as A of a tile of dW: in whole registers.
    void (*pack_units)(const Layer<T> *layer, int64_t rows, int64_t unit, int units, T *tile);

    // A = dropout(activation(A_below W + b)) for rows row .. end. W (n_in, n) lies in theta, b
    // after it; `room` is for (n_in + 1) * panel numbers.
    void (*forward)(const Layer<T> *below, const Layer<T> *layer, const T *W, T *room, int64_t row,
                    int64_t end, int64_t first_row);
    // The same without dropout, from W and b in panels, one after the other.
    void (*forward_packed)(const Layer<T> *below, const Layer<T> *layer, const T *panels, T *room,
                           int64_t row, int64_t end);
    // dZ_below = (dZ W^T) * slope(A_below) * mask / keep_prob.
    void (*backward_panel)(const Layer<T> *layer, const Layer<T> *below, int64_t row, int64_t end,
                           int64_t column);
    // dW = A_below^T dZ for `units` rows of dW from `unit`, to a strip (units, n) and a panel
    // beyond it. A is from pack_units, `rows * packed_units` numbers a tile, or null.
    void (*gradient)(const Layer<T> *below, const T *A, const Layer<T> *layer, int64_t rows,
                     int64_t unit, int64_t units, T *strip);
    // The same where the layer has fewer units than a register has lanes, and rows of A are padded.
    void (*narrow_gradient)(const Layer<T> *below, const Layer<T> *layer, int64_t rows,
                            int64_t unit, int64_t units, T *strip);
    // dW (+)= strip. Returns the largest magnitude in dW, infinity if a value is not finite; so do
    // bias_gradient of db, and `update` of theta.
    T (*add_gradient)(const T *strip, int64_t n, bool accumulate, T *dW);
    // db (+)= column sums of dZ.
    T (*bias_gradient)(const Layer<T> *layer, int64_t rows, bool accumulate, T *db);
    // The largest magnitude in rows [row, row + rows) of a (.., ld) buffer of width n.
    T (*largest)(const T *buffer, int64_t ld, int64_t row, int64_t rows, int64_t n);

    // A *= mask / keep_prob over rows [row, row + rows): dropout of the input layer.
    void (*apply_dropout)(const Layer<T> *layer, int64_t row, int64_t rows, int64_t first_row);
    // Logits to losses (and errors, and dZ where the layer has it), by enum Output and enum Loss.
    // LOSS_GIVEN has output activations in A, dL/dZ in dZ, and L in its place.
    void (*loss[LOSSES])(const Layer<T> *layer, const Targets<T> *targets, int64_t row,
                         int64_t rows);
    // Logits to output activations, in place, by enum Output.
    void (*output[OUTPUTS])(const Layer<T> *layer, int64_t row, int64_t rows);
    // dJ/dA to dJ/dZ, in place in dZ, where A holds the output activations; by enum Output.
    void (*output_slope[OUTPUTS])(const Layer<T> *layer, int64_t row, int64_t rows);

    // theta after one update, by enum Optimizer.
    T (*update[OPTIMIZERS])(const Update *u, const T *gradient, T *theta, T *first, T *second,
                            int64_t n);
    // A full register tile: C (tile_rows, panel) = A (tile_rows, depth) B (depth, panel).
    void (*whole_tile)(const T *A, const T *B, int64_t depth, T *C);
    // gradient += l2 W + l1 sign(W).
    void (*add_penalty_gradient)(const Update *u, const T *theta, T *gradient, int64_t n);
    // l2/2 ||W||_F^2 + l1 ||W||_1, by doubles.
    double (*penalty)(const Update *u, const T *theta, int64_t n);
    // Columns of W (n_in, n_out) of a larger norm than `limit` are scaled down to it, in the panel
    // at `column`.
    void (*limit_norms)(T *W, int64_t n_in, int64_t n_out, int64_t column, double limit);
    // An image (height, width, channels) becomes its augmented copy, in place.
    void (*augment)(const Warp *warp, const Placement *place, T *scratch, T *image);
};

// Variants in order of preference; available(v) asks the CPU. kernels<T>(v) is null where the
// variant was not compiled for this architecture. PORTABLE has the same bits on all of them.
enum Variant { AVX512, AVX2, BASELINE, PORTABLE, VARIANTS };
const char *variant_name(int variant);
bool variant_available(int variant);
template <class T>
const Kernels<T> *kernels(int variant);

// Philox4x32-10 and the keys of one layer's mask.
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
Dropout make_dropout(uint64_t seed, uint64_t step, uint32_t layer, double keep_prob);

}  // namespace fastnn
