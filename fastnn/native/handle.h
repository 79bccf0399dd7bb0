// The memory behind one handle of include/fastnn.h.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "include/fastnn.h"
#include "run.h"

namespace fastnn {

static_assert(int(FASTNN_IDENTITY) == IDENTITY && int(FASTNN_RELU) == RELU &&
                  int(FASTNN_LEAKY_RELU) == LEAKY_RELU && int(FASTNN_ELU) == ELU &&
                  int(FASTNN_GELU) == GELU && int(FASTNN_SILU) == SILU &&
                  int(FASTNN_TANH) == TANH && int(FASTNN_SIGMOID) == SIGMOID &&
                  int(FASTNN_SOFTPLUS) == SOFTPLUS && int(FASTNN_SOFTPLUS) + 1 == ACTIVATIONS,
              "include/fastnn.h and kernels.h number the activations differently");
static_assert(int(FASTNN_SOFTMAX) == OUT_SOFTMAX && int(FASTNN_SIGMOID_OUTPUT) == OUT_SIGMOID &&
                  int(FASTNN_LINEAR) == OUT_IDENTITY && int(FASTNN_EXPONENTIAL) == OUT_EXP &&
                  int(FASTNN_ABSOLUTE) == OUT_ABSOLUTE && int(FASTNN_HUBER) == OUT_HUBER &&
                  int(FASTNN_HUBER) + 1 == OUTPUTS,
              "include/fastnn.h and kernels.h number the outputs differently");
static_assert(int(FASTNN_GRADIENT_DESCENT) == GD && int(FASTNN_MOMENTUM) == MOMENTUM &&
                  int(FASTNN_NESTEROV) == NESTEROV && int(FASTNN_RMSPROP) == RMSPROP &&
                  int(FASTNN_ADAM) == ADAM && int(FASTNN_ADAM) + 1 == OPTIMIZERS,
              "include/fastnn.h and kernels.h number the optimizers differently");

struct Handle {
    // Null if there is no memory.
    static Handle *make(int layers) {
        try {
            return new Handle(layers);
        } catch (const std::bad_alloc &) {
            return nullptr;
        }
    }

    ~Handle() { free(block); }

    // Whether no other thread uses the handle; if so it is the caller's until `leave`.
    bool enter() { return !busy.exchange(true, std::memory_order_acquire); }
    void leave() { busy.store(false, std::memory_order_release); }

    bool is_double = false, training = false;
    std::vector<int64_t> widths, offsets;
    std::vector<int> activations;
    std::vector<Penalty> penalty;
    std::vector<Bounds> bounds;
    std::vector<Layer<float>> f_layers;
    std::vector<Layer<double>> d_layers;
    double magnitude = 0;
    Barrier barrier{1};
    Matrix X{}, y{};
    Run<float> f{};
    Run<double> d{};
    char *block = nullptr;  // the buffers of lay_out

  private:
    explicit Handle(int layers)
        : widths(layers),
          offsets(layers),
          activations(layers),
          penalty(layers),
          bounds(layers),
          f_layers(layers),
          d_layers(layers) {}

    std::atomic<bool> busy{false};
};

}  // namespace fastnn
