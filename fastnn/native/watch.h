// The largest magnitude of all numbers stored, at the cost of a few instructions a register.
#pragma once

#include "simd.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

// The largest magnitude of the registers seen; infinite if a number was not finite. Without the
// sign, bit patterns are in the order of the numbers, and infinity and NaN come last.
template <class T>
struct Watch {
    typedef typename Vec<T>::type V;
    typedef typename Vec<T>::mask Signed;
    typedef typename Scalar<T>::bits Bits;
    Signed largest{};

    __attribute__((always_inline)) void see(V x) { take((Signed)vabs<T>(x)); }

    __attribute__((always_inline)) void join(const Watch &other) { take(other.largest); }

    __attribute__((always_inline)) T magnitude() const {
        const T infinite = T(__builtin_inf());
        Bits most =
            Reduce<Bits, Vec<T>::lanes>::of(largest, [](auto a, auto b) { return a > b ? a : b; });
        Bits end;
        memcpy(&end, &infinite, sizeof end);
        if (most > end) most = end;
        T magnitude;
        memcpy(&magnitude, &most, sizeof magnitude);
        return magnitude;
    }

  private:
    __attribute__((always_inline)) void take(Signed bits) { largest = larger(bits, largest); }
};

// Stores the first `count` lanes, or adds them to the numbers there. The other lanes are products
// of padding: neither stored nor watched.
template <class T>
FASTNN_INLINE void put(T *to, typename Vec<T>::type v, int count, bool accumulate,
                       Watch<T> &watched) {
    typedef typename Vec<T>::type V;
    if (count == Vec<T>::lanes) {
        if (accumulate) v += load(to);
        store(to, v);
    } else {
        if (accumulate) v += load_first(to, count, T(0));
        store_first(to, v, count);
        v = select(lane_numbers<T>() < T(count), v, V{});
    }
    watched.see(v);
}

// The largest magnitude in rows row .. of a (rows, n) buffer.
template <class T>
static T largest(const T *buffer, int64_t ld, int64_t row, int64_t rows, int64_t n) {
    constexpr int lanes = Vec<T>::lanes;
    Watch<T> watched[4];  // independent of each other, so that none waits for the last
    for (int64_t r = row; r < row + rows; ++r) {
        const T *at = buffer + r * ld;
        int64_t j = 0;
        for (; j + 4 * lanes <= n; j += 4 * lanes)
#pragma GCC unroll 4
            for (int i = 0; i < 4; ++i) watched[i].see(load(at + j + i * lanes));
        for (; j + lanes <= n; j += lanes) watched[0].see(load(at + j));
        if (j < n) watched[0].see(load_first(at + j, int(n - j), T(0)));
    }
#pragma GCC unroll 4
    for (int i = 1; i < 4; ++i) watched[0].join(watched[i]);
    return watched[0].magnitude();
}

}  // namespace FASTNN_VARIANT
