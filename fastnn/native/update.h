// The optimizers: one pass over theta, gradient and moments, a vector at a time.
//
// g is the gradient of the data part; l2 W (lambda/m of the notes) is added here,
// and L1 is a proximal step, S(w, k) = sign(w) max(|w| - k, 0), because only that
// gives exact zeros (Parikh and Boyd, "Proximal algorithms", 2014, 4.3 and 6.5.2).
// The step of momentum and of Nesterov then moves an *iterate*, so their velocity
// is the distance it went: the proximal heavy ball and FISTA. Without L1 they are
// the plain rules, to the rounding of one division.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "tile.h"
#include "vmath.h"

namespace FASTNN_VARIANT {

template <class T> struct Rates {
    T rate, l2, l1, decay, beta1, beta2, epsilon, correction1, correction2;
};

template <class V> FASTNN_INLINE V shrink(V w, V k) {
    V above = w - k, below = w + k;
    V shrunk = select(above > V{}, above, select(below < V{}, below, V{}));
    // A NaN fails both comparisons and would be hidden as a 0.
    return select(w == w, shrunk, w);
}

template <class T> struct GradientDescent {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &, V &) {
        w -= s.rate * g;
        return s.l1 > 0 ? shrink<V>(w, broadcast(s.rate * s.l1)) : w;
    }
};

template <class T> struct Momentum {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        velocity = s.beta1 * velocity + g;
        V moved = w - s.rate * velocity;
        if (s.l1 > 0 && s.rate > 0) {
            moved = shrink<V>(moved, broadcast(s.rate * s.l1));
            velocity = (w - moved) / s.rate;
        }
        return moved;
    }
};

// theta holds the look-ahead point. With L1 the state is not the velocity but how far that point is
// ahead of the iterate, -rate beta1 velocity: an iterate of 0 then comes back from it as exactly 0.
template <class T> struct Nesterov {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        if (s.l1 > 0) {
            V &ahead = velocity;
            V x = w - ahead;
            V moved = shrink<V>(w - s.rate * g, broadcast(s.rate * s.l1));
            ahead = s.beta1 * (moved - x);
            return moved + ahead;
        }
        velocity = s.beta1 * velocity + g;
        return w - s.rate * (g + s.beta1 * velocity);
    }
};

template <class T> struct RMSprop {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &, V &square) {
        square = s.beta2 * square + (1 - s.beta2) * (g * g);
        V rate = s.rate / (vsqrt<T>(square) + s.epsilon);
        w -= rate * g;
        return s.l1 > 0 ? shrink<V>(w, rate * s.l1) : w;
    }
};

// Kingma and Ba (2015); decay is AdamW's (Loshchilov and Hutter, 2019), 0 for Adam.
template <class T> struct Adam {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &mean, V &square) {
        mean = s.beta1 * mean + (1 - s.beta1) * g;
        square = s.beta2 * square + (1 - s.beta2) * (g * g);
        V rate = s.rate / (vsqrt<T>(square * s.correction2) + s.epsilon);
        w = w * s.decay - rate * (mean * s.correction1);
        return s.l1 > 0 ? shrink<V>(w, rate * s.l1) : w;
    }
};

template <class T, template <class> class Rule>
static bool update(const fastnn::Update *u, const T *gradient, T *theta, T *first, T *second,
                   int64_t n) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const Rates<T> s = {T(u->rate),        T(u->l2),         T(u->l1),
                        T(1 - u->rate * u->weight_decay),    T(u->beta1),
                        T(u->beta2),       T(u->epsilon),    T(u->correction1),
                        T(u->correction2)};
    V watched{};
    for (int64_t i = 0; i < n; i += lanes) {
        const int count = n - i < lanes ? int(n - i) : lanes;
        const bool whole = count == lanes;
        auto get = [&](const T *p) {
            return !p ? V{} : whole ? load(p + i) : load_first(p + i, count, T(0));
        };
        auto set = [&](T *p, V v) {
            if (p) whole ? store(p + i, v) : store_first(p + i, v, count);
        };
        V w = get(theta), g = get(gradient), m = get(first), v = get(second);
        w = Rule<T>::step(s, w, g + s.l2 * w, m, v);
        watch(watched, w);
        set(theta, w);
        set(first, m);
        set(second, v);
    }
    return finite<T>(watched);
}

template <class T>
static void add_penalty_gradient(const fastnn::Update *u, const T *theta, T *gradient, int64_t n) {
    const T l2 = T(u->l2), l1 = T(u->l1);
    for (int64_t i = 0; i < n; ++i)
        gradient[i] += l2 * theta[i] + (theta[i] > 0 ? l1 : theta[i] < 0 ? -l1 : 0);
}

}  // namespace FASTNN_VARIANT
