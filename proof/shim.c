/* Loaded before libc (LD_PRELOAD): lets the n-th write, fsync, rename or open of files in one
   directory fail, or the n-th write be short. The proof arms it by shim_arm. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 1024 /* file descriptors that are watched */

static char directory[4096];
static char watched[MOST];
static int left = -1; /* calls until the failing one; below 0: none fails */
static int failure;   /* an errno; 0: a short write */

void shim_arm(const char *path, int calls, int error) {
    strncpy(directory, path, sizeof directory - 1);
    failure = error;
    left = calls;
}

/* The calls that were left before the failing one; below 0 if it has failed. */
int shim_disarm(void) {
    int rest = left;
    left = -1;
    directory[0] = 0;
    return rest;
}

static int within(const char *path) {
    return directory[0] && path && !strncmp(path, directory, strlen(directory));
}

/* Whether this call is the one. */
static int due(void) { return left >= 0 && left-- == 0; }

static int fail(void) {
    errno = failure;
    return -1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(int descriptor, const char *path) {
    if (descriptor >= 0 && descriptor < MOST) watched[descriptor] = within(path);
    return descriptor;
}

static int writes(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT); }

#define OPEN(name)                                                            \
    int name(const char *path, int flags, ...) {                              \
        va_list more;                                                         \
        va_start(more, flags);                                                \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;             \
        va_end(more);                                                         \
        if (failure && within(path) && writes(flags) && due()) return fail(); \
        return opened(NEXT(name)(path, flags, mode), path);                   \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                          \
    int name(int at, const char *path, int flags, ...) {                      \
        va_list more;                                                         \
        va_start(more, flags);                                                \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;             \
        va_end(more);                                                         \
        if (failure && within(path) && writes(flags) && due()) return fail(); \
        return opened(NEXT(name)(at, path, flags, mode), path);               \
    }
OPENAT(openat)
OPENAT(openat64)

static int is_watched(int descriptor) {
    return descriptor >= 0 && descriptor < MOST && watched[descriptor];
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < MOST) watched[descriptor] = 0;
    return NEXT(close)(descriptor);
}

ssize_t write(int descriptor, const void *data, size_t size) {
    if (is_watched(descriptor) && due()) {
        if (failure) return fail();
        size = size > 1 ? size / 2 : size;
    }
    return NEXT(write)(descriptor, data, size);
}

int fsync(int descriptor) {
    if (failure && is_watched(descriptor) && due()) return fail();
    return NEXT(fsync)(descriptor);
}

int rename(const char *from, const char *to) {
    if (failure && within(to) && due()) return fail();
    return NEXT(rename)(from, to);
}
