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

#define FASTNN_INLINE static inline __attribute__((always_inline))

namespace FASTNN_VARIANT {

template <class T> struct Scalar;
template <> struct Scalar<float> { typedef int32_t bits; };
template <> struct Scalar<double> { typedef int64_t bits; };

// Vec<T>::type holds Vec<T>::lanes numbers; ::mask is the type of a comparison:
// signed integers of the same width, all ones where true.
template <class T> struct Vec {
    static constexpr int lanes = FASTNN_VECTOR_BYTES / sizeof(T);
    typedef T type __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
    typedef typename Scalar<T>::bits mask __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
    // The same register at an address with the alignment of one element only.
    typedef T unaligned
        __attribute__((vector_size(FASTNN_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};

template <class T> FASTNN_INLINE typename Vec<T>::type load(const T *p) {
    return *reinterpret_cast<const typename Vec<T>::unaligned *>(p);
}

template <class T> FASTNN_INLINE void store(T *p, typename Vec<T>::type v) {
    *reinterpret_cast<typename Vec<T>::unaligned *>(p) = v;
}

// The first `count` lanes, for the end of a row that must not be run over.
template <class T> FASTNN_INLINE void store_first(T *p, typename Vec<T>::type v, int count) {
    T lanes[Vec<T>::lanes];
    store(lanes, v);
    memcpy(p, lanes, count * sizeof(T));
}

template <class T> FASTNN_INLINE typename Vec<T>::type load_first(const T *p, int count, T fill) {
    T lanes[Vec<T>::lanes];
    for (int i = 0; i < Vec<T>::lanes; ++i) lanes[i] = fill;
    memcpy(lanes, p, count * sizeof(T));
    return load(lanes);
}

template <class T> FASTNN_INLINE typename Vec<T>::type broadcast(T x) {
    return x - typename Vec<T>::type{};
}

// condition ? a : b, lane by lane.
template <class V, class M> FASTNN_INLINE V select(M condition, V a, V b) {
    return condition ? a : b;
}

}  // namespace FASTNN_VARIANT
