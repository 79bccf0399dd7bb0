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

// S(w - step, k), and the sign of w - step where it is larger than k. Written so that w is rounded
// once: |w - step| - k would round a constant k to the grid of w, the same way in every step.
template <class T> struct Shrunk {
    typedef typename Vec<T>::type V;
    V w, sign;

    __attribute__((always_inline)) Shrunk(V from, V step, V k) {
        V to = from - step, one = broadcast(T(1));
        sign = select(to > k, one, select(to < -k, -one, V{}));
        w = select(sign == V{}, V{}, from - (step + sign * k));
        w = select(to == to, w, to);   // a NaN fails all comparisons: do not hide it as a 0
    }
};

template <class T> struct GradientDescent {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &, V &) {
        V step = s.rate * g;
        return s.l1 > 0 ? Shrunk<T>(w, step, broadcast(s.rate * s.l1)).w : w - step;
    }
};

template <class T> struct Momentum {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        velocity = s.beta1 * velocity + g;
        V step = s.rate * velocity;
        if (s.l1 > 0 && s.rate > 0) {
            Shrunk<T> moved(w, step, broadcast(s.rate * s.l1));
            velocity = select(moved.sign == V{}, w / s.rate, velocity + moved.sign * s.l1);
            return moved.w;
        }
        return w - step;
    }
};

// theta holds the look-ahead point. With L1 the state is not the velocity but how far that point is
// ahead of the iterate, -rate beta1 velocity: an iterate of 0 then comes back from it as exactly 0.
// Under a learning rate that varies, that is FISTA's momentum and not quite the plain rule's.
template <class T> struct Nesterov {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        if (s.l1 > 0) {
            V &ahead = velocity;
            V x = w - ahead;
            V moved = Shrunk<T>(w, s.rate * g, broadcast(s.rate * s.l1)).w;
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
        return s.l1 > 0 ? Shrunk<T>(w, rate * g, rate * s.l1).w : w - rate * g;
    }
};

// Kingma and Ba (2015); decay is AdamW's (Loshchilov and Hutter, 2019), 1 for Adam.
template <class T> struct Adam {
    typedef typename Vec<T>::type V;
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &mean, V &square) {
        mean = s.beta1 * mean + (1 - s.beta1) * g;
        square = s.beta2 * square + (1 - s.beta2) * (g * g);
        V rate = s.rate / (vsqrt<T>(square * s.correction2) + s.epsilon);
        V step = rate * (mean * s.correction1);
        w = w * s.decay;
        return s.l1 > 0 ? Shrunk<T>(w, step, rate * s.l1).w : w - step;
    }
};

template <class T, template <class> class Rule>
static T update(const fastnn::Update *u, const T *gradient, T *theta, T *first, T *second,
                   int64_t n) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes;
    const Rates<T> s = {T(u->rate),        T(u->l2),         T(u->l1),
                        T(1 - u->rate * u->weight_decay),    T(u->beta1),
                        T(u->beta2),       T(u->epsilon),    T(u->correction1),
                        T(u->correction2)};
    Watch<T> watched;
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
        watched.see(w);
        set(theta, w);
        set(first, m);
        set(second, v);
    }
    return watched.magnitude();
}

template <class T>
static void add_penalty_gradient(const fastnn::Update *u, const T *theta, T *gradient, int64_t n) {
    const T l2 = T(u->l2), l1 = T(u->l1);
    for (int64_t i = 0; i < n; ++i)
        gradient[i] += l2 * theta[i] + (theta[i] > 0 ? l1 : theta[i] < 0 ? -l1 : 0);
}

}  // namespace FASTNN_VARIANT
