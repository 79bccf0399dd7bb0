// The activations and their slopes, one entry each.
//
// value(z) is g(z). back(dA, a, scale), where it takes a few instructions, is dZ from dA: without a
// dropout mask, or for any where A tells it, as A > 0 does. slope(a, z) is g'(z), from the
// activation a where that is enough (kernels.h: slope_needs_z says where it is not; z is then 0
// elsewhere). A new activation: an entry here and in `with_activation`; CONTRIBUTING.md lists the
// other places.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "verf.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

template <class T>
struct Identity {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return z; }
    FASTNN_INLINE V slope(V, V) { return broadcast(T(1)); }
};

template <class T>
struct Relu {
    typedef typename Vec<T>::type V;
    // A NaN must stay one: comparing z <= 0 sends only true non-positives to 0.
    FASTNN_INLINE V value(V z) { return select(z <= V{}, V{}, z); }
    FASTNN_INLINE V slope(V a, V) { return select(a > V{}, broadcast(T(1)), V{}); }
    FASTNN_INLINE V back(V dA, V a, T scale) { return select(a > V{}, dA * scale, V{}); }
};

template <class T>
struct LeakyRelu {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return select(z > V{}, z, z * T(0.01)); }
    FASTNN_INLINE V slope(V a, V) { return select(a > V{}, broadcast(T(1)), broadcast(T(0.01))); }
};

template <class T>
struct Elu {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return select(z > V{}, z, vexpm1<T>(select(z > V{}, V{}, z))); }
    FASTNN_INLINE V slope(V a, V) { return select(a > V{}, broadcast(T(1)), a + T(1)); }
};

// z Phi(z), Hendrycks and Gimpel (2016), the exact form.
template <class T>
struct Gelu {
    typedef typename Vec<T>::type V;
    // -inf * Phi(-inf) would be NaN where the limit is 0.
    FASTNN_INLINE V value(V z) {
        V phi = vnormal_cdf<T>(z);
        return select(phi == V{}, V{}, z * phi);
    }
    FASTNN_INLINE V slope(V, V z) {
        V density;
        V phi = vnormal_cdf<T>(z, &density);
        return phi + select(density == V{}, V{}, z * density);
    }
};

template <class T>
struct Silu {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) {
        V s = vsigmoid<T>(z);
        return select(s == V{}, V{}, z * s);
    }
    FASTNN_INLINE V slope(V, V z) {
        V s = vsigmoid<T>(z);
        return s + select(s == V{}, V{}, z * s) * (T(1) - s);
    }
};

template <class T>
struct Tanh {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return vtanh<T>(z); }
    FASTNN_INLINE V slope(V a, V) { return T(1) - a * a; }
    FASTNN_INLINE V back(V dA, V a, T) { return dA * slope(a, V{}); }
};

template <class T>
struct Sigmoid {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return vsigmoid<T>(z); }
    FASTNN_INLINE V slope(V a, V) { return a * (T(1) - a); }
};

// log(1 + e^z); its slope is sigmoid(z) = 1 - e^-a.
template <class T>
struct Softplus {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V value(V z) { return vsoftplus<T>(z); }
    FASTNN_INLINE V slope(V a, V) { return -vexpm1<T>(-a); }
};

// Calls body(Entry<T>()) for the activation with this code.
template <class T, class Body>
FASTNN_INLINE void with_activation(int activation, Body body) {
    switch (activation) {
        case fastnn::RELU:
            return body(Relu<T>());
        case fastnn::LEAKY_RELU:
            return body(LeakyRelu<T>());
        case fastnn::ELU:
            return body(Elu<T>());
        case fastnn::GELU:
            return body(Gelu<T>());
        case fastnn::SILU:
            return body(Silu<T>());
        case fastnn::TANH:
            return body(Tanh<T>());
        case fastnn::SIGMOID:
            return body(Sigmoid<T>());
        case fastnn::SOFTPLUS:
            return body(Softplus<T>());
        default:
            return body(Identity<T>());
    }
}

}  // namespace FASTNN_VARIANT
