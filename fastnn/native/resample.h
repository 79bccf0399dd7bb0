// The pixels of an augmented image: the displacement fields of the elastic distortion (Simard et
// al., "Best practices for convolutional neural networks applied to visual document analysis",
// 2003), one bilinear interpolation, and Gaussian noise. warp.h draws what is done.
//
// The image is copied into planes with a border, and every point is clamped to the planes. So no
// pixel is a special case, and nothing outside the planes is read, whatever the parameters are, NaN
// included.
#pragma once

#include "kernels.h"
#include "random.h"
#include "simd.h"
#include "vmath.h"
#include "warp.h"

namespace FASTNN_VARIANT {

// --- the elastic distortion ------------------------------------------------------------------

FASTNN_INLINE const float *taps_of(const fastnn::Warp *w, float) { return w->float_taps; }
FASTNN_INLINE const double *taps_of(const fastnn::Warp *w, double) { return w->double_taps; }

// out[r][column ..] = sum_i a[r][i] b[i][..] over ROWS rows r, for one register of columns.
// Several rows at once, because one sum alone would wait for each of its additions.
template <class T, int ROWS>
FASTNN_INLINE void weighted_rows(const T *a, int64_t a_row, int64_t a_step, const T *b,
                                 int64_t b_step, int64_t count, T *out, int64_t ld, T scale) {
    V<T> sum[ROWS] = {};
    for (int64_t i = 0; i < count; ++i) {
        const V<T> x = load(b + i * b_step);
        for (int r = 0; r < ROWS; ++r) sum[r] += a[r * a_row + i * a_step] * x;
    }
    for (int r = 0; r < ROWS; ++r) store(out + r * ld, sum[r] * scale);
}

// field (height, ld) = alpha times a field uniform in [-1, 1), smoothed in both directions, with
// zeros beyond the image. `drawn` and `half` are of the same size.
template <class T>
static void draw_field(const fastnn::Warp *w, const uint32_t keys[2], T *drawn, T *half, T *field) {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t height = w->height, width = w->width, ld = fastnn::field_width(w);
    const int64_t radius = w->radius;
    const T *middle = taps_of(w, T()) + fastnn::TAP_PADDING + radius;
    for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width; x += lanes) {
            typename Word32<T>::mask bits =
                typename Word32<T>::mask(hash_units<T>({keys[0], keys[1]}, y * width + x));
            store(drawn + y * ld + x, __builtin_convertvector(bits, V<T>) * T(1 / 2147483648.0));
        }
    // Along the rows: neighbouring taps belong to neighbouring columns.
    for (int64_t x = 0; x < width; x += lanes) {
        const int64_t from = x > radius ? x - radius : 0;
        const int64_t to = x + lanes + radius < width ? x + lanes + radius : width;
        int64_t y = 0;
        for (; y + 4 <= height; y += 4)
            weighted_rows<T, 4>(drawn + y * ld + from, ld, 1, middle + x - from, -1, to - from,
                                half + y * ld + x, ld, T(1));
        for (; y < height; ++y)
            weighted_rows<T, 1>(drawn + y * ld + from, ld, 1, middle + x - from, -1, to - from,
                                half + y * ld + x, ld, T(1));
    }
    // Along the columns; the taps of the next row are those of this one, shifted by one.
    for (int64_t y = 0; y < height; y += 4) {
        const int64_t rows = height - y < 4 ? height - y : 4;
        if (rows == 4) {
            const int64_t from = y > radius ? y - radius : 0;
            const int64_t to = y + 4 + radius < height ? y + 4 + radius : height;
            for (int64_t x = 0; x < width; x += lanes)
                weighted_rows<T, 4>(middle + from - y, -1, 1, half + from * ld + x, ld, to - from,
                                    field + y * ld + x, ld, T(w->alpha));
        } else {
            for (int64_t r = y; r < height; ++r) {
                const int64_t from = r > radius ? r - radius : 0;
                const int64_t to = r + 1 + radius < height ? r + 1 + radius : height;
                for (int64_t x = 0; x < width; x += lanes)
                    weighted_rows<T, 1>(middle + from - r, -1, 1, half + from * ld + x, ld,
                                        to - from, field + r * ld + x, ld, T(w->alpha));
            }
        }
    }
}

// --- the interpolation -----------------------------------------------------------------------

// Copies image (height, width, channels) into planes with the border of warp.h.
template <class T>
static void pad(const fastnn::Warp *w, const T *image, T *planes) {
    const int64_t height = w->height, width = w->width, channels = w->channels;
    const int64_t stride = width + fastnn::AROUND;
    for (int64_t c = 0; c < channels; ++c, planes += fastnn::plane_size(w)) {
        for (int64_t y = 0; y < height; ++y) {
            const T *from = image + y * width * channels + c;
            T *row = planes + (y + fastnn::BEFORE) * stride + fastnn::BEFORE;
            if (channels == 1)
                memcpy(row, from, width * sizeof(T));
            else
                for (int64_t x = 0; x < width; ++x) row[x] = from[x * channels];
            if (w->fill == fastnn::FILL_EDGE) {
                row[-1] = row[0];
                row[width] = row[width + 1] = row[width - 1];
            }
        }
        if (w->fill == fastnn::FILL_EDGE) {
            memcpy(planes, planes + stride, stride * sizeof(T));
            for (int64_t y = height + 1; y < height + fastnn::AROUND; ++y)
                memcpy(planes + y * stride, planes + height * stride, stride * sizeof(T));
        }
    }
}

// p[at] of every lane.
template <class T>
FASTNN_INLINE V<T> look_up(const T *p, typename Word32<T>::mask at) {
#if defined(FASTNN_AVX512)
    // With a mask of ones, for g++ warns of what the other form leaves undefined.
    if constexpr (sizeof(T) == 4)
        return (V<T>)_mm512_mask_i32gather_ps(__m512(), 0xffff, (__m512i)at, p, 4);
    else
        return (V<T>)_mm512_mask_i32gather_pd(__m512d(), 0xff, (__m256i)at, p, 8);
#else
    V<T> x{};  // set below, but g++ warns of it as it is set lane by lane
    for (int i = 0; i < Vec<T>::lanes; ++i) x[i] = p[at[i]];
    return x;
#endif
}

// s within [0, limit]; NaN becomes 0.
template <class T>
FASTNN_INLINE V<T> within(V<T> s, T limit) {
    s = select(s > T(0), s, V<T>{});
    return select(s < limit, s, broadcast<T>(limit));
}

template <class T>
FASTNN_INLINE V<T> blend(V<T> a, V<T> b, V<T> share) {
    return (T(1) - share) * a +
           share * b;  // exact where share is 0; a + share (b - a) may overflow
}

// Both coordinates are those of the padded planes, in which `place` is shifted by BEFORE.
template <class T, bool ELASTIC>
FASTNN_INLINE void resample(const fastnn::Warp *w, const fastnn::Placement *place, const T *planes,
                            const T *dx, const T *dy, T *image) {
    constexpr int lanes = Vec<T>::lanes;
    typedef typename Word32<T>::mask Index;
    const int64_t height = w->height, width = w->width, channels = w->channels;
    const int64_t ld = fastnn::field_width(w), plane = fastnn::plane_size(w);
    const int32_t stride = int32_t(width + fastnn::AROUND);
    const T xx = T(place->xx), xy = T(place->xy), yx = T(place->yx), yy = T(place->yy);
    const T limit_x = T(width + fastnn::BEFORE), limit_y = T(height + fastnn::BEFORE);
    for (int64_t y = 0; y < height; ++y) {
        const T from_x = T(place->x0 + place->xy * double(y) + fastnn::BEFORE);
        const T from_y = T(place->y0 + place->yy * double(y) + fastnn::BEFORE);
        for (int64_t x = 0; x < width; x += lanes) {
            V<T> at_x = lane_numbers<T>() + T(x), sx, sy;
            if (ELASTIC) {
                const V<T> down = load(dy + y * ld + x);
                at_x += load(dx + y * ld + x);
                sx = at_x * xx + (down * xy + from_x);
                sy = at_x * yx + (down * yy + from_y);
            } else {
                sx = at_x * xx + from_x;
                sy = at_x * yx + from_y;
            }
            sx = within<T>(sx, limit_x);
            sy = within<T>(sy, limit_y);
            const Index left = __builtin_convertvector(sx, Index);
            const Index top = __builtin_convertvector(sy, Index);
            const V<T> across = sx - __builtin_convertvector(left, V<T>);
            const V<T> down = sy - __builtin_convertvector(top, V<T>);
            const Index at = top * stride + left;
            const int count = lanes_at<T>(width, x);
            for (int64_t c = 0; c < channels; ++c) {
                const T *p = planes + c * plane;
                const V<T> above = blend<T>(look_up<T>(p, at), look_up<T>(p + 1, at), across);
                const V<T> under =
                    blend<T>(look_up<T>(p + stride, at), look_up<T>(p + stride + 1, at), across);
                const V<T> pixel = blend<T>(above, under, down);
                T *out = image + (y * width + x) * channels + c;
                if (channels > 1)
                    for (int i = 0; i < count; ++i) out[i * channels] = pixel[i];
                else if (count == lanes)
                    store(out, pixel);
                else
                    store_first(out, pixel, count);
            }
        }
    }
}

// --- noise -----------------------------------------------------------------------------------

// cos(2 pi u) for u in [0, 1): cos(2 pi u) = -sin(2 pi (1/4 - |u - 1/2|)), by the Taylor series
// of sine up to pi / 2, whose first term left out is below 2^-60.
template <class T>
FASTNN_INLINE V<T> cosine_of_turn(V<T> u) {
    static constexpr T sine[] = {T(1.0),
                                 T(-1.6666666666666667e-01),
                                 T(8.3333333333333333e-03),
                                 T(-1.9841269841269841e-04),
                                 T(2.7557319223985891e-06),
                                 T(-2.5052108385441719e-08),
                                 T(1.6059043836821615e-10),
                                 T(-7.6471637318198165e-13),
                                 T(2.8114572543455208e-15),
                                 T(-8.2206352466243297e-18),
                                 T(1.9572941063391261e-20)};
    const V<T> z = (T(0.25) - vabs<T>(u - T(0.5))) * T(6.283185307179586);
    return -z * polynomial<T>(z * z, sine);
}

// image += noise * standard normal numbers, by Box and Muller's transform of two hashes of a pixel.
template <class T>
static void add_noise(const fastnn::Warp *w, const uint32_t keys[4], T *image) {
    constexpr int lanes = Vec<T>::lanes;
    typedef typename Word32<T>::mask Signed;
    const int64_t n = w->height * w->width * w->channels;
    for (int64_t j = 0; j < n; j += lanes) {
        const Signed a = Signed(hash_units<T>({keys[0], keys[1]}, j) >> 1);
        const Signed b = Signed(hash_units<T>({keys[2], keys[3]}, j) >> 1);
        // In (0, 1] and [0, 1): the 31 bits are rounded in float32, where 1 is a whole turn.
        const V<T> u = (__builtin_convertvector(a, V<T>) + T(0.5)) * T(1 / 2147483648.0);
        const V<T> turn = __builtin_convertvector(b, V<T>) * T(1 / 2147483648.0);
        const V<T> normal = vsqrt<T>(T(-2) * vlog<T>(u)) * cosine_of_turn<T>(turn);
        const int count = lanes_at<T>(n, j);
        if (count == lanes)
            store(image + j, load(image + j) + normal * T(w->noise));
        else
            store_first(image + j, load_first(image + j, count, T(0)) + normal * T(w->noise),
                        count);
    }
}

// --- all of it -------------------------------------------------------------------------------

// An image (height, width, channels) becomes its augmented copy. `scratch` is scratch_size numbers.
template <class T>
static void augment(const fastnn::Warp *w, const fastnn::Placement *place, T *scratch, T *image) {
    if (!place->stays) {
        pad(w, image, scratch);
        if (w->alpha != 0) {
            const int64_t size = w->height * fastnn::field_width(w);
            T *dx = scratch + w->channels * fastnn::plane_size(w), *dy = dx + size;
            draw_field(w, place->field, dy + size, dy + 2 * size, dx);
            draw_field(w, place->field + 2, dy + size, dy + 2 * size, dy);
            resample<T, true>(w, place, scratch, dx, dy, image);
        } else {
            resample<T, false>(w, place, scratch, nullptr, nullptr, image);
        }
    }
    if (w->noise != 0) add_noise(w, place->noise, image);
}

}  // namespace FASTNN_VARIANT
