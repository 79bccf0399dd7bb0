// Which variants this CPU can run, and the scalar root of the randomness.
#include "caches.h"
#include "kernels.h"

// SSE2 has no fused multiply-add, so that the baseline of x86-64 is portable as it is.
#if defined(__x86_64__)
#define FASTNN_PORTABLE fastnn_baseline
#else
#define FASTNN_PORTABLE fastnn_portable
#endif

#define FASTNN_DECLARE(variant)                          \
    namespace variant {                                  \
    extern const fastnn::Kernels<float> float_kernels;   \
    extern const fastnn::Kernels<double> double_kernels; \
    }

FASTNN_DECLARE(fastnn_baseline)
FASTNN_DECLARE(FASTNN_PORTABLE)
#if defined(__x86_64__)
FASTNN_DECLARE(fastnn_avx2)
FASTNN_DECLARE(fastnn_avx512)
#endif

namespace fastnn {

const int64_t L2_BYTES = l2_bytes();

const char *variant_name(int variant) {
    static const char *const names[VARIANTS] = {"avx512", "avx2", "baseline", "portable"};
    return names[variant];
}

bool variant_available(int variant) {
#if defined(__x86_64__)
    // May run before the C library's own constructors have.
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (variant == AVX2) return avx2;
    if (variant == AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return variant == BASELINE || variant == PORTABLE;
}

template <>
const Kernels<float> *kernels<float>(int variant) {
#if defined(__x86_64__)
    if (variant == AVX512) return &fastnn_avx512::float_kernels;
    if (variant == AVX2) return &fastnn_avx2::float_kernels;
#endif
    if (variant == PORTABLE) return &FASTNN_PORTABLE::float_kernels;
    return variant == BASELINE ? &fastnn_baseline::float_kernels : nullptr;
}

template <>
const Kernels<double> *kernels<double>(int variant) {
#if defined(__x86_64__)
    if (variant == AVX512) return &fastnn_avx512::double_kernels;
    if (variant == AVX2) return &fastnn_avx2::double_kernels;
#endif
    if (variant == PORTABLE) return &FASTNN_PORTABLE::double_kernels;
    return variant == BASELINE ? &fastnn_baseline::double_kernels : nullptr;
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = uint64_t(0xD2511F53) * c0, b = uint64_t(0xCD9E8D57) * c2;
        c0 = uint32_t(b >> 32) ^ c1 ^ k0;
        c1 = uint32_t(b);
        c2 = uint32_t(a >> 32) ^ c3 ^ k1;
        c3 = uint32_t(a);
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

Dropout make_dropout(uint64_t seed, uint64_t step, uint32_t layer, double keep_prob) {
    const uint32_t counter[4] = {uint32_t(step), uint32_t(step >> 32), layer, 0};
    const uint32_t key[2] = {uint32_t(seed), uint32_t(seed >> 32)};
    uint32_t words[4];
    philox4x32(counter, key, words);
    const double threshold = keep_prob * 2147483648.0;
    return {keep_prob < 1,
            {words[0], words[1]},
            threshold < 2147483647.0 ? int32_t(threshold) : 2147483647,
            keep_prob};
}

}  // namespace fastnn
