// The error function and the normal distribution, for gelu; see vmath.h for the conventions.
#pragma once

#include "vmath.h"

namespace FASTNN_VARIANT {

template <class T>
struct MathErf;

template <>
struct MathErf<float> {
    // -log(erfc(x)) / x, degree 8, 0 <= x <= 4, error of erf: 2^-27.9
    static constexpr float erf_end = 4.0f;
    static constexpr float erf_log[] = {1.1283792f,      0.6366194f,      0.10277784f,
                                        -0.019153086f,   -0.00016035268f, 0.0016669821f,
                                        -0.00063281035f, 0.00011763327f,  -9.255302e-06f};
    // (w + 4) e^(w^2/2) Phi(-w) in t = (w - 4) / (w + 4), degree 9, 0 <= w <= 13.3, error 2^-27.0
    static constexpr float mills[] = {0.75528514f,    -0.6078966f,    0.38713688f,    -0.18652284f,
                                      0.060404506f,   -0.0075291265f, -0.0035184731f, 0.0015754625f,
                                      0.00019315607f, -0.000125692f};
    // The leading half of the significand, whose square is exact.
    static constexpr uint32_t upper_half = 0xfffff000;
};

template <>
struct MathErf<double> {
    // As above: degree 23, 0 <= x <= 6, error 2^-55.4
    static constexpr double erf_end = 6.0;
    static constexpr double erf_log[] = {
        1.1283791670955126,      0.6366197723675909,      0.10277260330131531,
        -0.019128446993092314,   -0.00020919485394668762, 0.001696207670003875,
        -0.0005901324306487616,  2.5904500906952904e-05,  6.442047037377454e-05,
        -2.9575666182324834e-05, 3.1696707924821234e-06,  3.132963671580872e-06,
        -2.037191238594753e-06,  5.706359440779072e-07,   -1.1711169489179855e-08,
        -6.573174163254804e-08,  3.4584031011702224e-08,  -1.0773068681241731e-08,
        2.360441543118595e-09,   -3.7605699047768416e-10, 4.3015888075382153e-11,
        -3.3641633742963706e-12, 1.6147638157885242e-13,  -3.591912765384105e-15};
    // As above: degree 23, 0 <= w <= 38, error 2^-59.5
    static constexpr double mills[] = {
        0.7552851304157515,      -0.6078966419718921,    0.3871374007422148,
        -0.18652185795965845,    0.06039657489092201,    -0.0075401889666894635,
        -0.0034796923670729666,  0.0016308184570742665,  0.00013334430876575816,
        -0.00023109493145043072, -1.908234170745542e-06, 3.514467114752087e-05,
        7.165645942651096e-07,   -5.920142171895143e-06, -6.294215286140631e-07,
        1.0215362379136147e-06,  2.713242785143549e-07,  -1.5502736772650282e-07,
        -8.488519158103768e-08,  1.3432186853123417e-08, 1.9296133391574417e-08,
        1.7821797515689747e-09,  -2.435439351737823e-09, -6.803392710976391e-10};
    static constexpr uint64_t upper_half = 0xfffffffff8000000;
};

// erf(x) = sign(x) (1 - e^-g), g = -log(erfc(|x|)) = |x| times a polynomial in |x|: accurate near
// 0, where e^-g - 1 is, and at the far end, where an error of g no longer matters.
// Error 3.2 / 2.5 ulp.
template <class T>
FASTNN_INLINE V<T> verf(V<T> x) {
    V<T> a = vat_most<T>(vabs<T>(x), MathErf<T>::erf_end);
    V<T> g = a * polynomial<T>(a, MathErf<T>::erf_log);
    HalfExpm1<T> h = half_expm1<T>(-g);
    return vcopysign<T>(T(2) * (h.head + h.tail), x);
}

// e^(-w^2/2) for 0 <= w <= 40. The rounding error of w^2 would be multiplied by w^2: hence w is
// cut in two, the square of its upper half is exact, and the rest enters after the reduction.
template <class T>
FASTNN_INLINE V<T> exp_half_square(V<T> w) {
    constexpr T minus_half = T(-0.5);
    V<T> x = minus_half * w * w;
    V<T> upper = from_bits<T>(to_bits<T>(w) & MathErf<T>::upper_half);
    V<T> high = minus_half * upper * upper;
    V<T> low = T(0.5) * (w - upper) * (w + upper);
    V<T> y = exp_reduced<T>(reduce_exp<T>(x, high, low));
    return select(x >= Math<T>::exp_min, y, x - x);  // 0, or NaN
}

// The distribution function Phi(z) and, for the derivative of gelu, the density
// e^(-z^2/2) / sqrt(2 pi). With w = |z|, Phi(-w) = e^(-w^2/2) u P(t), where u = 1 / (w + 4) and
// t = 2 w u - 1 = (w - 4) / (w + 4). Error 4.2 / 4.0 ulp down to the smallest normal number, of the
// density 2.2 / 2.4 ulp.
template <class T>
FASTNN_INLINE V<T> vnormal_cdf(V<T> z, V<T> *density) {
    V<T> w = vat_most<T>(vabs<T>(z), T(40));
    V<T> e = exp_half_square<T>(w);
    V<T> u = T(1) / (w + T(4)), t = T(2) * w * u - T(1);
    V<T> tail = e * (u * polynomial<T>(t, MathErf<T>::mills));
    *density = e * T(0.3989422804014327);
    return select(z > T(0), T(1) - tail, tail);
}

template <class T>
FASTNN_INLINE V<T> vnormal_cdf(V<T> z) {
    V<T> density;
    return vnormal_cdf<T>(z, &density);
}

}  // namespace FASTNN_VARIANT
