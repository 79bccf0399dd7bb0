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
#include "vmath.h"
#include "watch.h"

namespace FASTNN_VARIANT {

template <class T>
struct Rates {
    T rate, l2, l1, decay, beta1, beta2, epsilon, correction1, correction2;
    T rest1, rest2;  // 1 - beta, rounded once: T may round beta to 1
    T corrected_rate, corrected_epsilon;

    explicit Rates(const fastnn::Update *u)
        : rate(T(u->rate)),
          l2(T(u->l2)),
          l1(T(u->l1)),
          decay(T(1 - u->rate * u->weight_decay)),
          beta1(T(u->beta1)),
          beta2(T(u->beta2)),
          epsilon(T(u->epsilon)),
          correction1(T(u->correction1)),
          correction2(T(u->correction2)),
          rest1(T(1 - u->beta1)),
          rest2(T(1 - u->beta2)),
          corrected_rate(T(u->corrected_rate)),
          corrected_epsilon(T(u->corrected_epsilon)) {
        // The core's mode makes 0 of a smaller one, and a gradient of 0 would give 0 / 0.
        if (epsilon < Math<T>::smallest) epsilon = Math<T>::smallest;
    }
};

// S(w - step, k), and the sign of w - step where it is larger than k. Written so that w is rounded
// once: |w - step| - k would round a constant k to the grid of w, the same way in every step.
template <class T>
struct Shrunk {
    typedef typename Vec<T>::type V;
    V w, sign;

    __attribute__((always_inline)) Shrunk(V from, V step, V k) {
        V to = from - step, one = broadcast(T(1));
        sign = select(to > k, one, select(to < -k, -one, V{}));
        w = select(sign == V{}, V{}, from - (step + sign * k));
        w = select(to == to, w, to);  // a NaN fails all comparisons: do not hide it as a 0
    }
};

// The rules below are compiled twice. Plain is for nearly all updates: no L1, no extreme epsilon,
// and no branch in the loop.

// numerator / (sqrt(square) + epsilon), the step of adaptive learning rates.
template <bool Plain, class T>
FASTNN_INLINE typename Vec<T>::type over_root(typename Vec<T>::type numerator,
                                              typename Vec<T>::type square, T epsilon) {
#if defined(FASTNN_AVX512)
    // A square root and a division take some 20 cycles a register, more than all the rest of Adam.
    // The processor's 14-bit estimates and a Newton step each are good to 2 ulp in a fifth of that.
    if constexpr (Plain && sizeof(T) == 4) {
        typedef typename Vec<T>::type V;
        // The estimate of the inverse root of 0 would be infinite, and of a denormal number too:
        // it counts as 0. Epsilon, of 1e-12 at least, hides the difference.
        constexpr T least = Math<T>::smallest;
        square = select(square > least, square, broadcast(least));
        V y = (V)_mm512_maskz_rsqrt14_ps(0xffff, (__m512)square);
        V root = square * y;
        root += 0.5f * y * (square - root * root);
        V below = root + epsilon;
        V r = (V)_mm512_maskz_rcp14_ps(0xffff, (__m512)below);
        V quotient = numerator * r;
        return quotient + quotient * (1.0f - below * r);
    }
#endif
    return numerator / (vsqrt<T>(square) + epsilon);
}

template <class T>
struct GradientDescent {
    typedef typename Vec<T>::type V;
    static constexpr bool has_first = false, has_second = false;
    template <bool Plain>
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &, V &) {
        V step = s.rate * g;
        if (!Plain && s.l1 > 0) return Shrunk<T>(w, step, broadcast(s.rate * s.l1)).w;
        return w - step;
    }
};

template <class T>
struct Momentum {
    typedef typename Vec<T>::type V;
    static constexpr bool has_first = true, has_second = false;
    template <bool Plain>
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        velocity = s.beta1 * velocity + g;
        V step = s.rate * velocity;
        if (!Plain && s.l1 > 0 && s.rate > 0) {
            Shrunk<T> moved(w, step, broadcast(s.rate * s.l1));
            velocity = select(moved.sign == V{}, w / s.rate, velocity + moved.sign * s.l1);
            return moved.w;
        }
        return w - step;
    }
};

// theta holds the look-ahead point. With L1 the state is not the velocity but the distance of that
// point from the iterate, -rate beta1 velocity: so an iterate of 0 is recovered as exactly 0. With
// a learning rate that varies, this is FISTA's momentum and not exactly the plain rule's.
template <class T>
struct Nesterov {
    typedef typename Vec<T>::type V;
    static constexpr bool has_first = true, has_second = false;
    template <bool Plain>
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &velocity, V &) {
        if (!Plain && s.l1 > 0) {
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

template <class T>
struct RMSprop {
    typedef typename Vec<T>::type V;
    static constexpr bool has_first = false, has_second = true;
    template <bool Plain>
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &, V &square) {
        square = s.beta2 * square + s.rest2 * (g * g);
        if (Plain) return w - over_root<Plain>(s.rate * g, square, s.epsilon);
        V rate = over_root<Plain>(broadcast(s.rate), square, s.epsilon);
        return s.l1 > 0 ? Shrunk<T>(w, rate * g, rate * s.l1).w : w - rate * g;
    }
};

// Kingma and Ba (2015); decay is AdamW's (Loshchilov and Hutter, 2019), 1 for Adam.
template <class T>
struct Adam {
    typedef typename Vec<T>::type V;
    static constexpr bool has_first = true, has_second = true;
    template <bool Plain>
    FASTNN_INLINE V step(const Rates<T> &s, V w, V g, V &mean, V &square) {
        mean = s.beta1 * mean + s.rest1 * g;
        square = s.beta2 * square + s.rest2 * (g * g);
        if (Plain)
            return w * s.decay -
                   over_root<Plain>(s.corrected_rate * mean, square, s.corrected_epsilon);
        V rate = over_root<Plain>(broadcast(s.rate), square * s.correction2, s.epsilon);
        V step = rate * (mean * s.correction1);
        w = w * s.decay;
        return s.l1 > 0 ? Shrunk<T>(w, step, rate * s.l1).w : w - step;
    }
};

// Calls body(Flag<true or false>()): whether Plain rules do.
template <bool value>
struct Flag {
    static constexpr bool is = value;
};
template <class Rule, class T, class Body>
FASTNN_INLINE void if_plain(const Rates<T> &s, Body body) {
    // The plain rules multiply by the rate before they divide. That stays in the range of T where
    // stays_in_range has bounded rate * gradient / epsilon, and epsilon is at most 1.
    if (s.l1 > 0 || (Rule::has_second && !(s.corrected_epsilon >= T(1e-12) && s.epsilon <= T(1) &&
                                           s.corrected_rate <= T(1e30))))
        body(Flag<false>());
    else
        body(Flag<true>());
}

// A register of theta and of the optimizer's state at these addresses after one update.
template <class T, template <class> class Rule, bool Plain>
FASTNN_INLINE typename Vec<T>::type updated(const Rates<T> &s, typename Vec<T>::type g, T *theta,
                                            T *first, T *second, Watch<T> &watched) {
    typedef typename Vec<T>::type V;
    V w = load(theta), m{}, v{};
    if (Rule<T>::has_first) m = load(first);
    if (Rule<T>::has_second) v = load(second);
    w = Rule<T>::template step<Plain>(s, w, g + s.l2 * w, m, v);
    store(theta, w);
    if (Rule<T>::has_first) store(first, m);
    if (Rule<T>::has_second) store(second, v);
    watched.see(w);
    return w;
}

// The same of the first `count` lanes, with zeros in the others.
template <class T, template <class> class Rule, bool Plain>
FASTNN_INLINE typename Vec<T>::type updated(const Rates<T> &s, typename Vec<T>::type g, T *theta,
                                            T *first, T *second, Watch<T> &watched, int count) {
    typedef typename Vec<T>::type V;
    V w = load_first(theta, count, T(0)), m{}, v{};
    if (Rule<T>::has_first) m = load_first(first, count, T(0));
    if (Rule<T>::has_second) v = load_first(second, count, T(0));
    w = Rule<T>::template step<Plain>(s, w, g + s.l2 * w, m, v);
    store_first(theta, w, count);
    if (Rule<T>::has_first) store_first(first, m, count);
    if (Rule<T>::has_second) store_first(second, v, count);
    w = select(lane_numbers<T>() < T(count), w, V{});
    watched.see(w);
    return w;
}

template <class T, template <class> class Rule>
static T update(const fastnn::Update *u, const T *gradient, T *theta, T *first, T *second,
                int64_t n) {
    constexpr int lanes = Vec<T>::lanes;
    const Rates<T> s(u);
    Watch<T> watched;
    if_plain<Rule<T>>(s, [&](auto plain) __attribute__((always_inline)) {
        constexpr bool P = decltype(plain)::is;
        int64_t i = 0;
        for (; i + lanes <= n; i += lanes)
            updated<T, Rule, P>(s, load(gradient + i), theta + i, first + i, second + i, watched);
        if (i < n) {
            const int count = int(n - i);
            updated<T, Rule, P>(s, load_first(gradient + i, count, T(0)), theta + i, first + i,
                                second + i, watched, count);
        }
    });
    return watched.magnitude();
}

template <class T>
static void add_penalty_gradient(const fastnn::Update *u, const T *theta, T *gradient, int64_t n) {
    const T l2 = T(u->l2), l1 = T(u->l1);
    for (int64_t i = 0; i < n; ++i)
        gradient[i] += l2 * theta[i] + (theta[i] > 0 ? l1 : theta[i] < 0 ? -l1 : 0);
}

template <class T>
static double penalty(const fastnn::Update *u, const T *theta, int64_t n) {
    typedef T Part __attribute__((vector_size(8 * sizeof(T)), aligned(alignof(T)), may_alias));
    typedef double Sums __attribute__((vector_size(8 * sizeof(double))));
    Sums squares[2] = {}, sizes[2] = {};  // two of each: an addition waits for the last one
    const auto add = [&](int k, const T *at) __attribute__((always_inline)) {
        const Sums w = __builtin_convertvector(*reinterpret_cast<const Part *>(at), Sums);
        squares[k] += w * w;
        sizes[k] += w < 0 ? -w : w;
    };
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        add(0, theta + i);
        add(1, theta + i + 8);
    }
    T rest[16] = {};
    memcpy(rest, theta + i, (n - i) * sizeof(T));
    add(0, rest);
    add(1, rest + 8);
    double square = 0, size = 0;
    for (int k = 0; k < 8; ++k) {
        square += squares[0][k] + squares[1][k];
        size += sizes[0][k] + sizes[1][k];
    }
    return (u->l2 > 0 ? u->l2 / 2 * square : 0) + (u->l1 > 0 ? u->l1 * size : 0);
}

}  // namespace FASTNN_VARIANT
