// Faults on purpose. proof/sanitizers.py appends them to a unit of the core that it builds, and
// expects each to be caught: else the build is not instrumented, and finding nothing means nothing.

#include <thread>

extern "C" __attribute__((visibility("default"), noinline)) int fastnn_fault(int kind, int n) {
    if (kind == 0) {  // past the end of a heap block
        int *block = new int[n];
        const int beyond = static_cast<volatile int *>(block)[n];
        delete[] block;
        return beyond;
    }
    if (kind == 1) {  // freed memory
        int *block = new int[n];
        delete[] block;
        return static_cast<volatile int *>(block)[0];
    }
    if (kind == 2) return 1 << (n + 30);  // signed sums may overflow: Python builds with -fwrapv
    if (kind == 3) {                      // an address that is no multiple of 4
        alignas(int) char block[2 * sizeof(int)] = {};
        return *reinterpret_cast<volatile int *>(block + n % 2 + 1 - n % 2);
    }
    int shared = 0;  // a data race
    auto count = [&] {
        for (int i = 0; i < 1000 * n; ++i) static_cast<volatile int &>(shared) = shared + 1;
    };
    std::thread one(count), other(count);
    one.join();
    other.join();
    return shared;
}
