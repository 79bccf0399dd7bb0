// Elementary functions on whole registers: exp, log and their relatives.
//
// Every function is one branch-free path without tables: select() picks the special cases at the
// end, and NaN gives NaN everywhere. The errors stated are the largest measured over all variants
// for float / double, in units in the last place (ulp) of the result. Results below the smallest
// normal number may be flushed to 0 (processors are slow at them); subnormal arguments are right.
// Fused multiply-adds are welcome, not needed; -ffast-math would break the range reductions.
//
// The polynomials are minimax fits of the relative error of the *result* (Remez exchange on the
// weighted error, mpmath with 50 digits), rounded to T; degree, interval and error of the fit
// stand next to each.
#pragma once

#include "simd.h"

namespace FASTNN_VARIANT {

template <class T>
struct Math;

template <>
struct Math<float> {
    typedef uint32_t word;
    static constexpr int mantissa_bits = 23, bias = 127;
    static constexpr word one = 0x3f800000, sqrt_half = 0x3f3504f3, sign = 0x80000000;
    static constexpr float smallest = 1.17549435e-38f;  // the smallest normal number
    // exp(x) is at least `smallest` from exp_min on, and finite up to exp_max.
    static constexpr float exp_min = -87.3365402f, exp_max = 88.7228317f;
    // log(2) in two parts: n * ln2_high is exact for every exponent n.
    static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.4286068e-06f;
    // (e^r - 1 - r) / r^2, degree 4, |r| <= 0.347, error of e^r - 1: 2^-26.2
    static constexpr float exp_tail[] = {0.49999997f, 0.16666543f, 0.0416672f, 0.008366594f,
                                         0.0013882566f};
    // (tanh(r) - r) / r^3 in r^2, degree 2, |r| <= 0.1734, error of tanh(r): 2^-32.0
    static constexpr float tanh_tail[] = {-0.33333322f, 0.13331181f, -0.052726053f};
    // (2 atanh(s)/s - 2) / s^2 in s^2, degree 2, s^2 <= 0.04, error of log(1 + f): 2^-28.4
    static constexpr float log_tail[] = {0.6666695f, 0.39957824f, 0.303606f};
};

template <>
struct Math<double> {
    typedef uint64_t word;
    static constexpr int mantissa_bits = 52, bias = 1023;
    static constexpr word one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd,
                          sign = 0x8000000000000000;
    static constexpr double smallest = 2.2250738585072014e-308;
    static constexpr double exp_min = -708.3964185322641, exp_max = 709.782712893384;
    static constexpr double ln2_high = 0.6931471805598903, ln2_low = 5.497923018708371e-14;
    // As above: degree 9, error 2^-55.6
    static constexpr double exp_tail[] = {
        0.5000000000000006,    0.16666666666666588,    0.04166666666657601,   0.008333333333390069,
        0.0013888888931836503, 0.00019841269718127538, 2.480150492158209e-05, 2.755740799706066e-06,
        2.762618649758097e-07, 2.5053760348678608e-08};
    // As above: degree 5, error 2^-57.6
    static constexpr double tanh_tail[] = {-0.3333333333333248,   0.13333333332781566,
                                           -0.053968252778251735, 0.021869370435232044,
                                           -0.008857299443257144, 0.0034447229528549914};
    // As above: degree 6, error 2^-55.9
    static constexpr double log_tail[] = {
        0.666666666666727,  0.3999999999616479,  0.28571429394796555, 0.22222138538246958,
        0.1818635467482476, 0.15250214779757335, 0.1536799823470503};
};

// A register's bit patterns, as unsigned integers: shifts fill with zeros.
template <class T>
struct Bits {
    typedef typename Math<T>::word type __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
};

template <class T>
using V = typename Vec<T>::type;
template <class T>
using Words = typename Bits<T>::type;

template <class T>
FASTNN_INLINE Words<T> to_bits(V<T> x) {
    return (Words<T>)x;
}
template <class T>
FASTNN_INLINE V<T> from_bits(Words<T> b) {
    return (V<T>)b;
}

template <class T>
FASTNN_INLINE V<T> vabs(V<T> x) {
    return from_bits<T>(to_bits<T>(x) & ~Math<T>::sign);
}

// |x| with the sign of y.
template <class T>
FASTNN_INLINE V<T> vcopysign(V<T> x, V<T> y) {
    return from_bits<T>((to_bits<T>(x) & ~Math<T>::sign) | (to_bits<T>(y) & Math<T>::sign));
}

// min(x, limit) that keeps NaN.
template <class T>
FASTNN_INLINE V<T> vat_most(V<T> x, T limit) {
    return smaller(broadcast<T>(limit), x);
}

// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule.
template <class T, int I = 0, int N>
FASTNN_INLINE V<T> polynomial(V<T> x, const T (&c)[N]) {
    if constexpr (I + 1 == N) {
        return broadcast<T>(c[I]);
    } else {
        return polynomial<T, I + 1>(x, c) * x + c[I];
    }
}

// ---- exp -----------------------------------------------------------------------------------
// x = n log(2) + r with an integer n and |r| <= log(2)/2. Adding 1.5 * 2^mantissa_bits rounds to
// an integer and leaves n in the low bits of the sum, from where a shift moves it into the
// exponent of another number.

template <class T>
struct Reduced {
    V<T> n, r;
    Words<T> exponent;  // n, in the place of the exponent
};

// The reduction of high - low, with |low| << |high|; x is the same number, rounded.
template <class T>
FASTNN_INLINE Reduced<T> reduce_exp(V<T> x, V<T> high, V<T> low) {
    constexpr T log2e = T(1.4426950408889634);
    constexpr T rounder = T(1.5) * T(typename Math<T>::word(1) << Math<T>::mantissa_bits);
    Reduced<T> a;
    V<T> shifted = x * log2e + rounder;
    a.exponent = to_bits<T>(shifted) << Math<T>::mantissa_bits;
    a.n = shifted - rounder;
    a.r = ((high - a.n * Math<T>::ln2_high) - a.n * Math<T>::ln2_low) - low;
    return a;
}

// 2^n e^r, right where that is a normal number.
template <class T>
FASTNN_INLINE V<T> exp_reduced(Reduced<T> a) {
    V<T> p = (polynomial<T>(a.r, Math<T>::exp_tail) * a.r + T(1)) * a.r + T(1);
    return from_bits<T>(to_bits<T>(p) + a.exponent);
}

// e^x, 0 where that is below the smallest normal number. Error 1.2 / 1.2 ulp.
template <class T>
FASTNN_INLINE V<T> vexp(V<T> x) {
    V<T> zero = {}, y = exp_reduced<T>(reduce_exp<T>(x, x, zero));
    y = select(x < Math<T>::exp_min, zero, y);
    return select(x <= Math<T>::exp_max, y, x + T(__builtin_inf()));  // NaN + inf is NaN
}

// (e^x - 1) / 2 = head + tail for x >= -40: with s = 2^(n-1), head = s r + (s - 1/2) and
// tail = s (e^r - 1 - r) and what head lost in rounding. The half keeps s finite for every n.
template <class T>
struct HalfExpm1 {
    V<T> head, tail;
};

template <class T>
FASTNN_INLINE HalfExpm1<T> half_expm1(V<T> x) {
    typedef typename Math<T>::word word;
    constexpr word half = Math<T>::one - (word(1) << Math<T>::mantissa_bits);
    Reduced<T> a = reduce_exp<T>(x, x, V<T>{});
    V<T> s = from_bits<T>(a.exponent + half);
    V<T> base = s - T(0.5), head = s * a.r + base;
    V<T> lost = s * a.r - (head - base);
    return {head, s * (a.r * a.r * polynomial<T>(a.r, Math<T>::exp_tail)) + lost};
}

// e^x - 1. Error 1.3 / 1.7 ulp.
template <class T>
FASTNN_INLINE V<T> vexpm1(V<T> x) {
    HalfExpm1<T> h = half_expm1<T>(-vat_most<T>(-x, T(40)));
    V<T> y = vcopysign<T>(T(2) * (h.head + h.tail), x);  // the sign of -0
    return select(x <= Math<T>::exp_max, y, x + T(__builtin_inf()));
}

// tanh(x), from |x| = n log(2)/2 + r with |r| <= log(2)/4, t = tanh(r) and s = 2^n: the addition
// theorem with tanh(n log(2)/2) = (s - 1) / (s + 1) gives (s - 1 + (s + 1) t) / (s + 1 + (s - 1)
// t). At most 1 with any rounding. An odd polynomial takes half the terms of e^r's. One part of
// log(2) is enough: its error changes x by less than half an ulp, and tanh by no more than x.
// Error 2.5 / 2.6 ulp.
template <class T>
FASTNN_INLINE V<T> vtanh(V<T> x) {
    constexpr T per_step = T(2 * 1.4426950408889634), step = T(0.6931471805599453 / 2);
    // Leaves n plus the bias of an exponent in the low bits of the sum.
    constexpr T rounder =
        T(1.5) * T(typename Math<T>::word(1) << Math<T>::mantissa_bits) + T(Math<T>::bias);
    V<T> size = vat_most<T>(vabs<T>(x), T(20));
    V<T> shifted = size * per_step + rounder;
    V<T> r = size - (shifted - rounder) * step, square = r * r;
    V<T> t = r * square * polynomial<T>(square, Math<T>::tanh_tail) + r;
    V<T> s = from_bits<T>(to_bits<T>(shifted) << Math<T>::mantissa_bits);
    V<T> low = s - T(1), high = s + T(1);
    V<T> y = (high * t + low) / (low * t + high);
    return from_bits<T>(to_bits<T>(y) | (to_bits<T>(x) & Math<T>::sign));  // y has no sign
}

// 1 / (1 + e^-z), from p = e / (1 + e) = e - e p with e = e^-|z|. Error 1.9 / 1.9 ulp.
template <class T>
FASTNN_INLINE V<T> vsigmoid(V<T> z) {
    V<T> e = vexp<T>(-vabs<T>(z));
    V<T> p = e - e * (e / (e + T(1)));
    return select(z > T(0), T(1) - p, p);
}

// ---- log -----------------------------------------------------------------------------------
// x = 2^n (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); with s = f / (2 + f),
// log(1 + f) = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + (2 atanh(s)/s - 2))).

// log(2^n (1 + f)).
template <class T>
FASTNN_INLINE V<T> log_reduced(V<T> n, V<T> f) {
    V<T> s = f / (f + T(2)), square = s * s, half_f2 = T(0.5) * f * f;
    V<T> tail = square * polynomial<T>(square, Math<T>::log_tail);
    return n * Math<T>::ln2_high + (f - (half_f2 - (s * (half_f2 + tail) + n * Math<T>::ln2_low)));
}

// The biased exponent (an integer) and f, for normal x > 0.
template <class T>
struct Split {
    Words<T> biased;
    V<T> n, f;
};

template <class T>
FASTNN_INLINE Split<T> split_log(V<T> x) {
    typedef Math<T> M;
    constexpr typename M::word unit = typename M::word(1) << M::mantissa_bits;
    // The bits of the number 2^mantissa_bits, into whose low end an integer can be put.
    constexpr typename M::word holder = M::one + M::mantissa_bits * unit;
    Split<T> a;
    Words<T> b = to_bits<T>(x) + (M::one - M::sqrt_half);
    a.biased = b >> M::mantissa_bits;
    a.n = from_bits<T>(a.biased | holder) - T(unit + M::bias);
    a.f = from_bits<T>((b & (unit - 1)) + M::sqrt_half) - T(1);
    return a;
}

// y = log(x) where x is positive and finite; the limits and NaN elsewhere.
template <class T>
FASTNN_INLINE V<T> log_limits(V<T> x, V<T> y) {
    constexpr T inf = T(__builtin_inf());
    y = select(x == T(0), broadcast<T>(-inf), y);
    y = select(x < inf, y, x);
    return select(x >= T(0), y, broadcast<T>(T(__builtin_nan(""))));
}

// log(x). Error 0.9 / 1.0 ulp.
template <class T>
FASTNN_INLINE V<T> vlog(V<T> x) {
    constexpr T scale = T(typename Math<T>::word(1) << Math<T>::mantissa_bits);
    V<T> zero = {};
    auto subnormal = x < Math<T>::smallest;
    Split<T> a = split_log<T>(select(subnormal, x * scale, x));
    a.n -= select(subnormal, broadcast<T>(T(Math<T>::mantissa_bits)), zero);
    return log_limits<T>(x, log_reduced<T>(a.n, a.f));
}

// log(1 + x): what the sum u = 1 + x lost in rounding is given back to f. Error 1.4 / 1.4 ulp.
template <class T>
FASTNN_INLINE V<T> vlog1p(V<T> x) {
    V<T> u = x + T(1);
    V<T> lost = x - (u - T(1));
    Split<T> a = split_log<T>(u);
    // 2^(1-n); 2^-n would be out of range for the largest x.
    Words<T> power = (2 * Math<T>::bias + 1 - a.biased) << Math<T>::mantissa_bits;
    a.f += lost * from_bits<T>(power) * T(0.5);
    V<T> y = log_reduced<T>(a.n, a.f);
    return log_limits<T>(u, vcopysign<T>(y, x));
}

// log(1 + e^z) = max(z, 0) + log(1 + e) with e = e^-|z|, and from e = 1/2 on
// log(1 + e) = log(2) + log(1 + (e - 1)/2), where the argument is exact. Error 1.7 / 1.8 ulp.
template <class T>
FASTNN_INLINE V<T> vsoftplus(V<T> z) {
    V<T> zero = {}, one = broadcast<T>(T(1));
    V<T> e = vexp<T>(-vabs<T>(z));
    auto small = e < T(0.5);
    V<T> f = select(small, e, T(0.5) * e - T(0.5));
    return select(z > zero, z, zero) + log_reduced<T>(select(small, zero, one), f);
}

// ---- sqrt ----------------------------------------------------------------------------------

FASTNN_INLINE float sqrt_lane(float x) { return __builtin_sqrtf(x); }
FASTNN_INLINE double sqrt_lane(double x) { return __builtin_sqrt(x); }

// The correctly rounded square root; one instruction under -fno-math-errno.
template <class T>
FASTNN_INLINE V<T> vsqrt(V<T> x) {
    T lanes[Vec<T>::lanes];
    store<T>(lanes, x);
    for (int i = 0; i < Vec<T>::lanes; ++i) lanes[i] = sqrt_lane(lanes[i]);
    return load<T>(lanes);
}

}  // namespace FASTNN_VARIANT
