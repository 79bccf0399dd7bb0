// One register's worth of numbers, in the vector extensions of GCC and Clang.
//
// The same source is compiled once for each CPU variant (variant_*.cpp); only
// FASTNN_VECTOR_BYTES and the target options differ. Everything lives in the
// namespace FASTNN_VARIANT so that no inline function of one variant can be
// chosen by the linker for another; for the same reason these headers use no
// template of the standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>  // for integer_sequence, a type: no code comes with it
#if defined(FASTNN_AVX512) || defined(FASTNN_AVX2)
#include <immintrin.h>
#endif

#define FASTNN_INLINE static inline __attribute__((always_inline))

namespace FASTNN_VARIANT {

template <class T>
struct Scalar;
template <>
struct Scalar<float> {
    typedef int32_t bits;
};
template <>
struct Scalar<double> {
    typedef int64_t bits;
};

// Vec<T>::type holds Vec<T>::lanes numbers; ::mask is the type of a comparison:
// signed integers of the same width, all ones where true.
template <class T>
struct Vec {
    static constexpr int lanes = FASTNN_VECTOR_BYTES / sizeof(T);
    typedef T type __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
    typedef typename Scalar<T>::bits mask __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
    // The same register at an address with the alignment of one element only.
    typedef T unaligned
        __attribute__((vector_size(FASTNN_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};

template <class T>
FASTNN_INLINE typename Vec<T>::type load(const T *p) {
    return *reinterpret_cast<const typename Vec<T>::unaligned *>(p);
}

template <class T>
FASTNN_INLINE void store(T *p, typename Vec<T>::type v) {
    *reinterpret_cast<typename Vec<T>::unaligned *>(p) = v;
}

// How many lanes of the register at column `at` lie within a row of n.
template <class T>
FASTNN_INLINE int lanes_at(int64_t n, int64_t at) {
    return n - at < Vec<T>::lanes ? int(n - at) : int(Vec<T>::lanes);
}

// The first `count` lanes, for the end of a row that must not be run over. Nothing else is read or
// written: the masked instructions of AVX are exact about that, the copies are by construction.
#if defined(FASTNN_AVX512)
FASTNN_INLINE Vec<float>::type load_first(const float *p, int count, float fill) {
    return (Vec<float>::type)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), (1u << count) - 1, p);
}
FASTNN_INLINE Vec<double>::type load_first(const double *p, int count, double fill) {
    return (Vec<double>::type)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), (1u << count) - 1, p);
}
FASTNN_INLINE void store_first(float *p, Vec<float>::type v, int count) {
    _mm512_mask_storeu_ps(p, (1u << count) - 1, (__m512)v);
}
FASTNN_INLINE void store_first(double *p, Vec<double>::type v, int count) {
    _mm512_mask_storeu_pd(p, (1u << count) - 1, (__m512d)v);
}
#else
template <class T>
FASTNN_INLINE void store_first(T *p, typename Vec<T>::type v, int count) {
    T lanes[Vec<T>::lanes];
    store(lanes, v);
    memcpy(p, lanes, count * sizeof(T));
}

#if defined(FASTNN_AVX2)
FASTNN_INLINE Vec<float>::type load_first(const float *p, int count, float fill) {
    const Vec<float>::mask lanes = {0, 1, 2, 3, 4, 5, 6, 7}, first = lanes < count;
    const auto v = (Vec<float>::type)_mm256_maskload_ps(p, (__m256i)first);
    return first ? v : fill - Vec<float>::type{};
}
FASTNN_INLINE Vec<double>::type load_first(const double *p, int count, double fill) {
    const Vec<double>::mask lanes = {0, 1, 2, 3}, first = lanes < count;
    const auto v = (Vec<double>::type)_mm256_maskload_pd(p, (__m256i)first);
    return first ? v : fill - Vec<double>::type{};
}
#else
template <class T>
FASTNN_INLINE typename Vec<T>::type load_first(const T *p, int count, T fill) {
    T lanes[Vec<T>::lanes];
    for (int i = 0; i < Vec<T>::lanes; ++i) lanes[i] = fill;
    memcpy(lanes, p, count * sizeof(T));
    return load(lanes);
}
#endif
#endif

template <class T>
FASTNN_INLINE typename Vec<T>::type broadcast(T x) {
    return x - typename Vec<T>::type{};
}

// Lanes 0, 1, 2, ... as numbers.
template <class T>
FASTNN_INLINE typename Vec<T>::type lane_numbers() {
    typename Vec<T>::type v;
    for (int i = 0; i < Vec<T>::lanes; ++i) v[i] = T(i);
    return v;
}

// All lanes combined in halves, always in the same order.
template <class T, int N>
struct Reduce {
    typedef T vec __attribute__((vector_size(N * sizeof(T))));

#if __has_builtin(__builtin_shufflevector)
    template <class Combine>
    FASTNN_INLINE T of(vec v, Combine combine) {
        return halves(v, combine, std::make_integer_sequence<int, N / 2>());
    }
    template <class Combine, int... i>
    FASTNN_INLINE T halves(vec v, Combine combine, std::integer_sequence<int, i...>) {
        return Reduce<T, N / 2>::of(combine(__builtin_shufflevector(v, v, i...),
                                            __builtin_shufflevector(v, v, (i + N / 2)...)),
                                    combine);
    }
#else  // GCC before 12: through memory, which is as right and a little slower
    template <class Combine>
    FASTNN_INLINE T of(vec v, Combine combine) {
        alignas(vec) T lanes[N];
        *reinterpret_cast<vec *>(lanes) = v;
        typename Reduce<T, N / 2>::vec low, high;
        memcpy(&low, lanes, sizeof low);
        memcpy(&high, lanes + N / 2, sizeof high);
        return Reduce<T, N / 2>::of(combine(low, high), combine);
    }
#endif
};

template <class T>
struct Reduce<T, 2> {
    typedef T vec __attribute__((vector_size(2 * sizeof(T))));
    template <class Combine>
    FASTNN_INLINE T of(vec v, Combine combine) {
        return combine(v[0], v[1]);
    }
};

template <class T>
FASTNN_INLINE T sum_lanes(typename Vec<T>::type v) {
    return Reduce<T, Vec<T>::lanes>::of(v, [](auto a, auto b) { return a + b; });
}

template <class T>
FASTNN_INLINE T largest_lane(typename Vec<T>::type v) {
    return Reduce<T, Vec<T>::lanes>::of(v, [](auto a, auto b) { return a > b ? a : b; });
}

// condition ? a : b, lane by lane.
template <class V, class M>
FASTNN_INLINE V select(M condition, V a, V b) {
    return condition ? a : b;
}

// The larger of two integers, lane by lane. GCC 12 makes a comparison and a masked copy of
// `select`, which wait for each other longer than one instruction. Its intrinsics of AVX-512
// without a mask warn of a variable that they do not set.
#if defined(FASTNN_AVX512)
FASTNN_INLINE Vec<float>::mask larger(Vec<float>::mask a, Vec<float>::mask b) {
    return (Vec<float>::mask)_mm512_maskz_max_epi32(0xffff, (__m512i)a, (__m512i)b);
}
FASTNN_INLINE Vec<double>::mask larger(Vec<double>::mask a, Vec<double>::mask b) {
    return (Vec<double>::mask)_mm512_maskz_max_epi64(0xff, (__m512i)a, (__m512i)b);
}
#else
template <class V>
FASTNN_INLINE V larger(V a, V b) {
    return select(a > b, a, b);
}
#if defined(FASTNN_AVX2)
FASTNN_INLINE Vec<float>::mask larger(Vec<float>::mask a, Vec<float>::mask b) {
    return (Vec<float>::mask)_mm256_max_epi32((__m256i)a, (__m256i)b);
}
#endif
#endif

// a < b ? a : b, lane by lane: b where one of them is NaN. GCC 12 makes two instructions of
// `select`.
#if defined(FASTNN_AVX512)
FASTNN_INLINE Vec<float>::type smaller(Vec<float>::type a, Vec<float>::type b) {
    return (Vec<float>::type)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
}
FASTNN_INLINE Vec<double>::type smaller(Vec<double>::type a, Vec<double>::type b) {
    return (Vec<double>::type)_mm512_maskz_min_pd(0xff, (__m512d)a, (__m512d)b);
}
#elif defined(FASTNN_AVX2)
FASTNN_INLINE Vec<float>::type smaller(Vec<float>::type a, Vec<float>::type b) {
    return (Vec<float>::type)_mm256_min_ps((__m256)a, (__m256)b);
}
FASTNN_INLINE Vec<double>::type smaller(Vec<double>::type a, Vec<double>::type b) {
    return (Vec<double>::type)_mm256_min_pd((__m256d)a, (__m256d)b);
}
#else
template <class V>
FASTNN_INLINE V smaller(V a, V b) {
    return select(a < b, a, b);
}
#endif

}  // namespace FASTNN_VARIANT
