"""Declarations of what _kernels.pyx uses of native/; the headers document it."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector


cdef extern from "native/kernels.h" namespace "fastnn" nogil:
    enum: ACTIVATIONS, OUTPUTS, OPTIMIZERS, VARIANTS
    enum: GD, MOMENTUM, NESTEROV, RMSPROP, ADAM, OUT_SOFTMAX, OUT_SIGMOID, OUT_EXP
    enum: LOSS_SOFT, LOSS_OWN, LOSS_GIVEN
    const int64_t L2_BYTES
    cbool slope_needs_z(int activation)
    cbool packs_gradient(int64_t n_in, int64_t n_out, int panel)

    cdef cppclass Dropout:
        cbool on

    cdef cppclass Layer[T]:
        int64_t n, ld
        T *A
        T *Z
        T *dZ
        T *dZ_panels
        T *Wt_panels
        int activation
        Dropout dropout

    cdef cppclass Targets[T]:
        const T *Y
        int64_t ldy
        int output
        const int32_t *labels
        const T *weight
        T scale
        T *loss
        T *error

    void set_own_loss[T](Targets[T] *targets, size_t address)

    cdef cppclass Warp:
        int64_t height, width, channels
        double flip
        double *angle
        double *zoom
        double *shift
        int64_t *crop
        double alpha, noise
        int fill
        int64_t radius
        const float *float_taps
        const double *double_taps

    cdef cppclass Placement:
        cbool flipped
        double angle, zoom, shift_y, shift_x
        int64_t top, left
        double xx, xy, x0, yx, yy, y0

    cdef cppclass Update:
        double rate, l2, l1, weight_decay, penalty_share, beta1, beta2, epsilon
        double correction1, correction2, corrected_rate, corrected_epsilon

    cdef cppclass Kernels[T]:
        int lanes, tile_rows, panel, packed_units
        void (*pack)(const T *, int64_t, int64_t, int64_t, int64_t, T *) noexcept nogil
        void (*pack_transposed)(const T *, int64_t, int64_t, int64_t, T *) noexcept nogil
        void (*pack_units)(const Layer[T] *, int64_t, int64_t, int, T *) noexcept nogil
        void (*forward)(const Layer[T] *, const Layer[T] *, const T *, T *, int64_t, int64_t,
                        int64_t) noexcept nogil
        void (*forward_packed)(const Layer[T] *, const Layer[T] *, const T *, T *, int64_t,
                               int64_t) noexcept nogil
        void (*backward_panel)(const Layer[T] *, const Layer[T] *, int64_t, int64_t,
                               int64_t) noexcept nogil
        void (*gradient)(const Layer[T] *, const T *, const Layer[T] *, int64_t, int64_t, int64_t,
                         T *) noexcept nogil
        void (*narrow_gradient)(const Layer[T] *, const Layer[T] *, int64_t, int64_t, int64_t,
                                T *) noexcept nogil
        T (*add_gradient)(const T *, int64_t, cbool, T *) noexcept nogil
        T (*bias_gradient)(const Layer[T] *, int64_t, cbool, T *) noexcept nogil
        T (*largest)(const T *, int64_t, int64_t, int64_t, int64_t) noexcept nogil
        void (*apply_dropout)(const Layer[T] *, int64_t, int64_t, int64_t) noexcept nogil
        void (**loss)(const Layer[T] *, const Targets[T] *, int64_t, int64_t) noexcept nogil
        void (**output)(const Layer[T] *, int64_t, int64_t) noexcept nogil
        void (**output_slope)(const Layer[T] *, int64_t, int64_t) noexcept nogil
        T (**update)(const Update *, const T *, T *, T *, T *, int64_t) noexcept nogil
        void (*whole_tile)(const T *, const T *, int64_t, T *) noexcept nogil
        void (*add_penalty_gradient)(const Update *, const T *, T *, int64_t) noexcept nogil
        double (*penalty)(const Update *, const T *, int64_t) noexcept nogil
        void (*limit_norms)(T *, int64_t, int64_t, int64_t, double) noexcept nogil
        void (*augment)(const Warp *, const Placement *, T *, T *) noexcept nogil

    const char *variant_name(int variant)
    cbool variant_available(int variant)
    const Kernels[T] *kernels[T](int variant)
    void philox4x32(const uint32_t *counter, const uint32_t *key, uint32_t *out)
    Dropout make_dropout(uint64_t seed, uint64_t step, uint32_t layer, double keep_prob)


cdef extern from "native/gather.h" namespace "fastnn" nogil:
    enum: F16, F32, F64, I8, U8, I16, U16, I32, U32, I64, U64

    cdef cppclass Matrix:
        int number
        const char *values
        int64_t rows, columns, row_stride, column_stride
        const char *row_starts
        const char *columns_of
        int index_bytes
        int64_t stored
        const double *mean
        const double *scale

    cbool lies_ready(const Matrix *, int, int64_t)
    void normalize_row[T](const T *, const double *, const double *, int64_t, T *)
    cbool readable_in_place(const Matrix *, int, int64_t)
    int64_t row_at(const Matrix *, const int64_t *, int64_t)
    void gather[T](const Matrix *, const int64_t *, int64_t, int64_t, T *, int64_t)
    void gather_labels(const Matrix *, const int64_t *, int64_t, int64_t, int64_t, int32_t *)
    int64_t first_not_finite[T](const Matrix *, int64_t, int64_t, T *)


cdef extern from "native/warp.h" namespace "fastnn" nogil:
    enum: FILL_ZERO, FILL_EDGE, TAP_PADDING

    int64_t plane_size(const Warp *)
    int64_t scratch_size(const Warp *)
    void draw(const Warp *, uint64_t seed, uint64_t epoch, int64_t row, Placement *)


cdef extern from "native/memory.h" namespace "fastnn" nogil:
    void *zeroed(size_t bytes)
    void *zeroed(size_t bytes, int (*interrupted)() noexcept)


cdef extern from "native/denormals.h" namespace "fastnn" nogil:
    cdef cppclass CoreMode:
        void enter()

    const uint64_t FLUSH
    uint64_t control_word()
    void set_control_word(uint64_t word)


cdef extern from "native/pool.h" namespace "fastnn" nogil:
    cdef cppclass Barrier:
        Barrier(int threads)
        void set_threads(int threads)
        void wait()

    cbool on_threads[C](void (*task)(C *, int) noexcept nogil, C *context, int threads)

    cdef cppclass Pool:
        @staticmethod
        cbool run(void (*task)(void *, int) noexcept nogil, void *context, int threads)


cdef extern from "<atomic>" namespace "std" nogil:
    cdef cppclass atomic_flag "std::atomic<bool>":
        cbool load()
        void store(cbool)


cdef extern from "native/run.h" namespace "fastnn" nogil:
    cdef cppclass Penalty:
        double l2, l1

    cdef cppclass Bounds:
        double A, dZ

    cdef cppclass Extremes:
        double theta, step, rate

    cdef cppclass Moments:
        double *mean
        double *squares
        double weight, total

    cdef cppclass Pass:
        int threads
        Barrier *barrier
        int depth, output, loss_rule
        double smoothing
        void *asks
        int64_t gathered_ld
        int64_t strip_size, room_size
        const double *keep_prob
        const int64_t *W_at
        const int64_t *packed_at
        int64_t size
        uint64_t seed, step
        cbool dropout, inputs
        const Matrix *X
        const Matrix *y
        const double *weight
        const int64_t *index
        int64_t rows, chunk_rows
        const Warp *warp
        uint64_t epoch
        int optimizer
        Update update
        const double *rates
        const double *divisors
        cbool constant_penalty
        double training_loss
        const Penalty *penalty
        const double *layer_rates
        const double *max_norm
        double fastest_layer, average_decay
        uint64_t average_from
        double weight_decay
        cbool epsilon_hat
        double clip_norm, clip_value
        int64_t batch_size, batch, chunk
        cbool keeps
        const Matrix *dA
        const double *dX_scale
        const Moments *moments
        Pass *next
        double loss, error
        int64_t next_row, first_row
        double deadline
        atomic_flag stop, not_finite
        atomic_flag overflows
        double *magnitude
        Bounds *bounds
        Extremes extremes

    cdef cppclass Run[T](Pass):
        const Kernels[T] *kernels
        Layer[T] *layers
        T *gathered
        T *room
        T *strip
        T *theta
        const T *packed
        T *scratch
        Targets[T] targets
        T *Y
        T *chunk_weight
        int32_t *labels
        T *gradient
        T *first
        T *second
        T *average
        T *dtheta
        T *dX
        T *out

    double seconds_now()
    uint64_t multiply_high(uint64_t a, uint64_t b)


cdef extern from "native/handle.h" namespace "fastnn" nogil:
    cdef cppclass Handle:
        @staticmethod
        Handle *make(int layers)
        cbool enter()
        void leave()
        cbool is_double, training
        vector[int64_t] widths, offsets
        vector[int] activations
        vector[Penalty] penalty
        vector[Bounds] bounds
        vector[Layer[float]] f_layers
        vector[Layer[double]] d_layers
        double magnitude
        Barrier barrier
        Matrix X, y
        Run[float] f
        Run[double] d
        char *block
