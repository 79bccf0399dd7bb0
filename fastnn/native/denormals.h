// The mode of floating-point arithmetic in which the core runs.
//
// Processors take some hundred cycles for an operation on a denormal number (below 1.2e-38 in
// float32). Weights under L2 and Adam's moments decay to such numbers, and a step then takes up to
// twenty times as long. So the core treats them as 0 and writes 0 in their place.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fastnn {

// The register that holds the mode of this thread; its bits that flush denormals, as operands and
// as results; and the other bits in the core's mode.
#if defined(__x86_64__)
constexpr uint64_t FLUSH = 0x8000 | 0x0040;  // FTZ and DAZ of MXCSR
constexpr uint64_t DEFAULTS = 0x1f80;        // all exceptions masked, rounding to nearest
inline uint64_t control_word() { return _mm_getcsr(); }
inline void set_control_word(uint64_t word) { _mm_setcsr(uint32_t(word)); }
#elif defined(__aarch64__)
constexpr uint64_t FLUSH = 1 << 24, DEFAULTS = 0;  // FZ of FPCR
inline uint64_t control_word() {
    uint64_t word;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(word));
    return word;
}
inline void set_control_word(uint64_t word) { __asm__ __volatile__("msr fpcr, %0" : : "r"(word)); }
#else
constexpr uint64_t FLUSH = 0, DEFAULTS = 0;
inline uint64_t control_word() { return 0; }
inline void set_control_word(uint64_t) {}
#endif

// From `enter` on, this thread is in the core's mode; when the object dies, in its own again. The
// core sets the whole register, so that the caller's mode changes no bit of a result.
class CoreMode {
  public:
    CoreMode() : before_(control_word()) {}
    ~CoreMode() { set_control_word(before_); }
    CoreMode(const CoreMode &) = delete;
    CoreMode &operator=(const CoreMode &) = delete;

    void enter() { set_control_word(FLUSH | DEFAULTS); }

  private:
    const uint64_t before_;
};

}  // namespace fastnn
