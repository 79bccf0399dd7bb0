// Zeroed memory for the buffers of a pass.
#pragma once

#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastnn {

// Freed by free(). Large blocks ask for large pages: a step reads its buffers in strides of a row
// of weights. Each row is in another page of 4 kB, and the TLB does not hold so many pages.
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
