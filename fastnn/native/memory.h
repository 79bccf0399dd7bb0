// Zeroed memory for the buffers of a pass.
#pragma once

#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastnn {

// Freed by free(). Large blocks ask for large pages: the buffers of a step are walked in strides of
// a row of weights, each in another page of 4 kB, and there are more of those than the TLB holds.
inline void *zeroed(size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr size_t page = size_t(2) << 20;
    if (bytes >= 2 * page) {
        void *block = nullptr;
        if (posix_memalign(&block, page, bytes)) return nullptr;
        madvise(block, bytes, MADV_HUGEPAGE);  // refused, it is slower and as good
        return memset(block, 0, bytes);
    }
#endif
    return calloc(bytes, 1);
}

}  // namespace fastnn
