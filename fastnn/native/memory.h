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
// `interrupted` is asked between pieces of a large block, whose memory the system has to find
// first, at as little as 1 GB/s in a virtual machine. Null if there is no memory, or it answers
// yes.
inline void *zeroed(size_t bytes, int (*interrupted)() = nullptr) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr size_t page = size_t(2) << 20, piece = 8 * page;
    if (bytes >= 2 * page) {
        void *block = nullptr;
        if (posix_memalign(&block, page, bytes)) return nullptr;
        madvise(block, bytes, MADV_HUGEPAGE);  // refused, it is slower and as good
        for (size_t at = 0; at < bytes; at += piece) {
            memset(static_cast<char *>(block) + at, 0, bytes - at < piece ? bytes - at : piece);
            if (interrupted && interrupted()) {
                free(block);
                return nullptr;
            }
        }
        return block;
    }
#endif
    return calloc(bytes, 1);
}

}  // namespace fastnn
