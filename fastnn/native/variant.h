// One CPU variant: the micro-kernels above, gathered into the table of kernels.h.
// Included by variant_*.cpp after FASTNN_VARIANT, FASTNN_VECTOR_BYTES and
// FASTNN_TILE_ROWS are defined and the compiler has been told the CPU.
#include "forward.h"
#include "gradient.h"
#include "loss.h"
#include "max_norm.h"
#include "narrow.h"
#include "own_loss.h"
#include "pack.h"
#include "packed.h"
#include "resample.h"
#include "tile.h"
#include "update.h"

namespace FASTNN_VARIANT {

// constexpr: nothing compiled for this CPU may run while the module is loaded on another.
template <class T>
static constexpr fastnn::Kernels<T> make_table() {
    return {Vec<T>::lanes,
            FASTNN_TILE_ROWS,
            panel_columns<T>,
            packed_units<T>,
            pack<T>,
            pack_transposed<T>,
            pack_units<T>,
            forward<T>,
            forward_packed<T>,
            backward_panel<T>,
            gradient<T>,
            narrow_gradient<T>,
            add_gradient<T>,
            bias_gradient<T>,
            largest<T>,
            apply_dropout<T>,
            {softmax_loss<T>, summed_loss<T, Logistic>, summed_loss<T, Squared>,
             summed_loss<T, Poisson>, summed_loss<T, Absolute>, summed_loss<T, Huber>, soft_loss<T>,
             own_loss<T>, weigh<T>},
            {softmax_output<T>, sigmoid_output<T>, identity_output<T>, exp_output<T>,
             identity_output<T>, identity_output<T>},
            {softmax_slope<T>, sigmoid_slope<T>, identity_output<T>, exp_slope<T>,
             identity_output<T>, identity_output<T>},
            {update<T, GradientDescent>, update<T, Momentum>, update<T, Nesterov>,
             update<T, RMSprop>, update<T, Adam>},
            whole_tile<T>,
            add_penalty_gradient<T>,
            penalty<T>,
            limit_norms<T>,
            augment<T>};
}

extern const fastnn::Kernels<float> float_kernels;
extern const fastnn::Kernels<double> double_kernels;
constexpr fastnn::Kernels<float> float_kernels = make_table<float>();
constexpr fastnn::Kernels<double> double_kernels = make_table<double>();

}  // namespace FASTNN_VARIANT
