// The products and passes of one layer by the package's own kernels. phases.py compiles it, with
// UNIT for the kernels of one type of CPU. A line of output: rows, inputs, units, name of the
// phase, seconds of CPU time, operations, bytes read and written.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "caches.h"
#include "denormals.h"
#include "memory.h"
#include UNIT

using namespace fastnn;

const int64_t fastnn::L2_BYTES = l2_bytes();

static double now() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// The least time of a call, of many in a tenth of a second.
template <class Body>
static double least(Body body) {
    body();
    double first = now();
    body();
    const int times = std::max(1, int(1e-4 / std::max(1e-8, now() - first)));
    double best = 1e9, end = now() + 0.1;
    while ((first = now()) < end) {
        for (int i = 0; i < times; ++i) body();
        best = std::min(best, (now() - first) / times);
    }
    return best;
}

static float *numbers(int64_t count, float scale, float shift) {
    float *at = static_cast<float *>(zeroed(std::max<int64_t>(count * 4, 4 << 20)));
    for (int64_t i = 0; i < count; ++i) at[i] = scale * float(i * 2654435761u % 1000) + shift;
    return at;
}

static void measure(const Kernels<float> &k, int64_t rows, int64_t n_in, int64_t n_out) {
    const auto whole = [&](int64_t n) { return (n + k.lanes - 1) / k.lanes * k.lanes; };
    const int64_t n[] = {n_in, n_out}, size = (n_in + 1) * n_out, slack = 4 * k.panel;
    Layer<float> layers[2] = {}, *below = layers, *layer = layers + 1;
    for (int l = 0; l < 2; ++l) {
        Layer<float> &at = layers[l];
        at.n = n[l];
        at.ld = whole(n[l]) + (n[l] >= 128 && whole(n[l]) % 32 == 0 ? 16 : 0);  // as row_stride
        at.A = numbers(rows * at.ld + slack, 1e-3f, -0.3f);
        at.dZ = numbers(rows * at.ld + slack, 1e-6f, -3e-4f);
        at.activation = RELU, at.dropout.keep_prob = 1;
    }
    layer->Wt_panels = numbers(n_out * whole(n_in), 0, 0);
    if (packs_gradient(n_in, n_out, k.panel)) layer->dZ_panels = numbers(rows * whole(n_out), 0, 0);
    float *theta = numbers(size, 1e-4f, -0.05f), *m = numbers(size, 0, 0);
    float *v = numbers(size, 0, 1e-6f), *g = numbers(size, 1e-6f, -3e-4f);
    Update u = {};
    u.rate = u.corrected_rate = 1e-7, u.beta1 = 0.9, u.beta2 = 0.999;
    u.epsilon = u.corrected_epsilon = 1e-8, u.correction1 = u.correction2 = u.penalty_share = 1;
    // As loops/chunk.pxi and loops/update.pxi do on one thread.
    const int64_t height =
        k.tile_rows * std::clamp<int64_t>(L2_BYTES / 32 / (k.tile_rows * n_out), 1, 8);
    float *strip = numbers(height * n_out + k.panel, 0, 0), *units = numbers(8 * rows * 64, 0, 0);
    float *room = numbers((n_in + 1) * k.panel, 0, 0);
    const auto strips = [&](int rule) {
        for (int64_t i = 0; i < n_in; i += height) {
            const int64_t count = std::min(height, n_in - i), at = i * n_out;
            for (int64_t t = 0; layer->dZ_panels && t < count; t += k.tile_rows)
                k.pack_units(below, rows, i + t, int(std::min<int64_t>(k.tile_rows, count - t)),
                             units + t / k.tile_rows * rows * k.panel);
            k.gradient(below, layer->dZ_panels ? units : nullptr, layer, rows, i, count, strip);
            if (rule < OPTIMIZERS)
                k.update[rule](&u, strip, theta + at, m + at, v + at, count * n_out);
        }
    };
    const auto panels = [&](int64_t width, auto body) {
        for (int64_t j = 0; j < width; j += k.panel) body(j);
    };
    const double ops = 2.0 * rows * n_in * n_out, bytes = 4.0 * size;
    const auto show = [&](const char *name, double operations, double moved, auto body) {
        printf("%ld,%ld,%ld,%s,%g,%g,%g\n", long(rows), long(n_in), long(n_out), name, least(body),
               operations, moved);
    };
    const auto pack_transposed = [&] {
        panels(n_in,
               [&](int64_t j) { k.pack_transposed(theta, n_in, n_out, j, layer->Wt_panels); });
    };
    show("packing of W transposed", 0, 2 * bytes, pack_transposed);
    show("forward", ops, 0, [&] { k.forward(below, layer, theta, room, 0, rows, 0); });
    if (layer->dZ_panels)
        show("packing of dZ", 0, 8.0 * rows * n_out, [&] {
            panels(n_out, [&](int64_t j) {
                k.pack(layer->dZ, layer->ld, rows, n_out, j, layer->dZ_panels + j * rows);
            });
        });
    show("dA", ops, 0,
         [&] { panels(n_in, [&](int64_t j) { k.backward_panel(layer, below, 0, rows, j); }); });
    show("dW", ops, 0, [&] { strips(OPTIMIZERS); });
    show("dW and gradient descent", ops, 2 * bytes, [&] { strips(GD); });
    show("dW and Adam", ops, 6 * bytes, [&] { strips(ADAM); });
    show("Adam alone", 0, 7 * bytes, [&] { k.update[ADAM](&u, g, theta, m, v, size); });
}

int main() {
    CoreMode mode;
    mode.enter();
    const Kernels<float> &k = FASTNN_VARIANT::float_kernels;
    std::vector<float> A(64 * 128, 0.5f), C(4096);
    const double seconds = least([&] { k.whole_tile(A.data(), A.data(), 128, C.data()); });
    printf("%d,%d,%d,peak,%g,%g,0\n", k.tile_rows, 128, k.panel, seconds,
           2.0 * k.tile_rows * k.panel * 128);
    measure(k, 256, 784, 1024);
    measure(k, 256, 1024, 1024);
    measure(k, 128, 784, 256);
    measure(k, 128, 256, 128);
    measure(k, 64, 64, 64);
}
