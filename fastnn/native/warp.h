// Augmentation of an image: its settings, the random draws for one image, and the size of the
// buffers. The arithmetic on pixels is in resample.h, once for each CPU variant.
//
// The flip, the crop, the rotation, the zoom, the shift and the elastic distortion of an image are
// one map from each pixel of the result to a point of the source, so that a single bilinear
// interpolation blurs it only once. The draws are a function of (seed, epoch, row of the data):
// they do not depend on the order of the rows, on the batch or on the thread.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels.h"

namespace fastnn {

enum Fill { FILL_ZERO, FILL_EDGE };

// The values of counter[3] of Philox. Dropout has 0 there, so that both can share a seed.
enum Drawing { DRAWS_MOTION = 1, DRAWS_PLACE, DRAWS_FIELD, DRAWS_NOISE };

// Settings. Ranges are (low, high).
struct Warp {
    int64_t height, width, channels;
    double flip;                         // probability
    double angle[2], zoom[2], shift[2];  // radians, factors, pixels
    int64_t crop[2];                     // height and width of the window
    double alpha;                        // of the elastic distortion, 0 for none
    double noise;                        // standard deviation, 0 for none
    int fill;                            // enum Fill
    // The Gaussian that smooths its fields: taps -radius .. radius, with zeros before and after.
    int64_t radius;
    const float *float_taps;  // (TAP_PADDING + 2 radius + 1 + TAP_PADDING,)
    const double *double_taps;
};

// The draws for one image. Pixel (x, y) of the result, displaced by the field if there is one,
// comes from (xx x + xy y + x0, yx x + yy y + y0) of the source.
struct Placement {
    bool flipped;
    double angle, zoom, shift_y, shift_x;
    int64_t top, left;  // of the window
    double xx, xy, x0, yx, yy, y0;
    bool stays;                   // whether every pixel stays where it is
    uint32_t field[4], noise[4];  // keys
};

// No register holds more lanes than this: zeros on both sides of the kernel, for whole loads.
constexpr int64_t TAP_PADDING = 16;
// Around the image in its padded copy: a pixel before it and two after it, so that the four
// neighbours of a point between -1 and the side are always there.
constexpr int64_t BEFORE = 1, AROUND = 3;

// Both are part of the code of each CPU variant: no linker may choose one variant's for another.
__attribute__((always_inline)) inline int64_t plane_size(const Warp *w) {
    return (w->height + AROUND) * (w->width + AROUND);
}
__attribute__((always_inline)) inline int64_t field_width(const Warp *w) {
    return (w->width + TAP_PADDING - 1) / TAP_PADDING * TAP_PADDING;
}

// Numbers that one thread needs: padded planes, and four fields of the elastic distortion.
// They must be zero at the beginning: the border that FILL_ZERO reads is never written.
inline int64_t scratch_size(const Warp *w) {
    return w->channels * plane_size(w) + (w->alpha != 0 ? 4 * w->height * field_width(w) : 0) +
           TAP_PADDING;
}

inline void draw_words(uint64_t seed, uint64_t epoch, int64_t row, int drawing, uint32_t out[4]) {
    const uint32_t counter[4] = {uint32_t(row), uint32_t(uint64_t(row) >> 32), uint32_t(epoch),
                                 uint32_t(drawing)};
    const uint32_t key[2] = {uint32_t(seed), uint32_t(seed >> 32)};
    philox4x32(counter, key, out);
}

// Uniform in (0, 1); never an end, so that a probability of 0 is never and one of 1 always.
inline double unit(uint32_t word) { return (word + 0.5) / 4294967296.0; }

inline double between(const double range[2], uint32_t word) {
    return range[0] + (range[1] - range[0]) * unit(word);
}

inline int64_t below(int64_t count, uint32_t word) {
    return int64_t(uint64_t(word) * uint64_t(count) >> 32);
}

// Source pixels a pixel of the result. The corner pixels of the window become those of the result,
// centre on centre: so the enlarging reads nothing beyond the window, where there may be no image.
inline double enlarged(int64_t window, int64_t side) {
    return side > 1 ? double(window - 1) / double(side - 1) : 1;
}

// The sine and the cosine of an angle up to some thousand turns, to 1 ulp: libm computes others on
// CPUs that fuse a multiplication with an addition. What is left of the angle beside the nearest
// multiple of pi / 2, which is subtracted in three parts, enters the Taylor series.
inline void sine_and_cosine(double angle, double *sine, double *cosine) {
    const double quarters = std::floor(angle * 0.6366197723675814 + 0.5);
    const double r = ((angle - quarters * 1.5707963109016418) - quarters * 1.5893254712295857e-8) -
                     quarters * 6.123233995736766e-17;
    const double q = r * r;
    double s = 0, c = 0;
    for (int n = 17; n > 1; n -= 2) s = (1 + s) * q / -double(n * (n - 1));
    for (int n = 16; n > 0; n -= 2) c = (1 + c) * q / -double(n * (n - 1));
    s = r + r * s, c = 1 + c;
    const int quarter = int(int64_t(quarters) & 3);
    *sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
    *cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
}

inline void draw(const Warp *w, uint64_t seed, uint64_t epoch, int64_t row, Placement *p) {
    uint32_t words[4];
    draw_words(seed, epoch, row, DRAWS_MOTION, words);
    p->flipped = unit(words[0]) < w->flip;
    p->angle = between(w->angle, words[1]);
    p->zoom = between(w->zoom, words[2]);
    draw_words(seed, epoch, row, DRAWS_PLACE, words);
    p->shift_y = between(w->shift, words[0]);
    p->shift_x = between(w->shift, words[1]);
    p->top = below(w->height - w->crop[0] + 1, words[2]);
    p->left = below(w->width - w->crop[1] + 1, words[3]);
    if (w->alpha != 0) draw_words(seed, epoch, row, DRAWS_FIELD, p->field);
    if (w->noise != 0) draw_words(seed, epoch, row, DRAWS_NOISE, p->noise);

    // Backwards from the result: shift, zoom, rotation (counterclockwise to the eye, as y points
    // down), the window, and the flip; all about the centre of the image.
    double sine, cosine;
    sine_and_cosine(p->angle, &sine, &cosine);
    const double wide = enlarged(w->crop[1], w->width) / p->zoom;
    const double high = enlarged(w->crop[0], w->height) / p->zoom;
    const double mirror = p->flipped ? -1 : 1;
    const double centre_x = 0.5 * double(w->width - 1), centre_y = 0.5 * double(w->height - 1);
    const double window_x = double(p->left) + 0.5 * double(w->crop[1] - 1) - centre_x;
    const double window_y = double(p->top) + 0.5 * double(w->crop[0] - 1) - centre_y;
    p->xx = mirror * wide * cosine;
    p->xy = mirror * wide * -sine;
    p->yx = high * sine;
    p->yy = high * cosine;
    p->x0 = centre_x + mirror * window_x - p->xx * (centre_x + p->shift_x) -
            p->xy * (centre_y + p->shift_y);
    p->y0 = centre_y + window_y - p->yx * (centre_x + p->shift_x) - p->yy * (centre_y + p->shift_y);
    p->stays = w->alpha == 0 && p->xx == 1 && p->xy == 0 && p->x0 == 0 && p->yx == 0 &&
               p->yy == 1 && p->y0 == 0;
}

}  // namespace fastnn
