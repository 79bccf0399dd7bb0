// The caches of this machine.
#pragma once

#include <cstdint>

#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace fastnn {

// Of one core's L2 cache; 1 MiB where the system does not tell, or tells nothing likely.
inline int64_t l2_bytes() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
    const int64_t bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (bytes >= 1 << 17 && bytes <= 1 << 26) return bytes;
#endif
    return 1 << 20;
}

}  // namespace fastnn
