// The loops of gather.h. They are bound by memory, not by arithmetic, so that one compilation
// serves every CPU.
#include "gather.h"

#include <cstring>

namespace fastnn {

struct Half {
    uint16_t bits;
};

// IEEE binary16; subnormals included.
inline float widen(Half h) {
    const uint32_t sign = uint32_t(h.bits & 0x8000) << 16;
    const uint32_t exponent = (h.bits >> 10) & 31, fraction = h.bits & 1023;
    uint32_t bits;
    float out;
    if (exponent == 0) {
        out = float(fraction) * 5.9604644775390625e-8f;  // 2^-24
        return sign ? -out : out;
    }
    bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13;
    memcpy(&out, &bits, 4);
    return out;
}

template <class T, class S>
inline T convert(S x) {
    return T(x);
}
template <class T>
inline T convert(Half x) {
    return T(widen(x));
}

template <class A, class B>
struct same {
    static constexpr bool is = false;
};
template <class A>
struct same<A, A> {
    static constexpr bool is = true;
};

inline int64_t index_at(const char *p, int64_t i, int bytes) {
    if (bytes == 4) {
        int32_t x;
        memcpy(&x, p + 4 * i, 4);
        return x;
    }
    int64_t x;
    memcpy(&x, p + 8 * i, 8);
    return x;
}

template <class T, class S>
inline T read(const char *p) {
    S x;  // the user's strides can leave values unaligned
    memcpy(&x, p, sizeof(S));
    return convert<T>(x);
}

template <class T, class S>
void gather_normalized(const Matrix *m, const char *row, T *out) {
    const double *mean = m->mean, *scale = m->scale;
    if (m->column_stride == int64_t(sizeof(S)))
        for (int64_t j = 0; j < m->columns; ++j)
            out[j] = normalize<T>(read<double, S>(row + j * sizeof(S)), mean[j], scale[j]);
    else
        for (int64_t j = 0; j < m->columns; ++j)
            out[j] = normalize<T>(read<double, S>(row + j * m->column_stride), mean[j], scale[j]);
}

template <class T, class S>
void gather_dense(const Matrix *m, const int64_t *index, int64_t first, int64_t count, T *out,
                  int64_t ld) {
    const int64_t bytes = m->columns * int64_t(sizeof(S));
    if (same<T, S>::is && !index && !m->scale && m->row_stride == bytes &&
        (m->column_stride == int64_t(sizeof(S)) || m->columns == 1) &&
        ld == m->columns) {  // source and destination have the same layout
        memcpy(out, m->values + first * bytes, count * bytes);
        return;
    }
    const int64_t ahead = bytes >= 4096 ? 1 : bytes <= 256 ? 16 : 4096 / bytes;
    for (int64_t r = 0; r < count; ++r, out += ld) {
        const char *row = m->values + row_at(m, index, first + r) * m->row_stride;
        // The processor cannot foresee a shuffled row. The end of this mini-batch also fetches the
        // first rows of the next.
        if (index && first + r + ahead < m->rows) {
            const char *next = m->values + row_at(m, index, first + r + ahead) * m->row_stride;
            for (int64_t at = 0; at < bytes && at < 4096; at += 64) __builtin_prefetch(next + at);
        }
        if (m->scale)
            gather_normalized<T, S>(m, row, out);
        else if (same<T, S>::is && m->column_stride == int64_t(sizeof(S)))
            memcpy(out, row, bytes);
        else if (m->column_stride == int64_t(sizeof(S)))
            for (int64_t j = 0; j < m->columns; ++j) out[j] = read<T, S>(row + j * sizeof(S));
        else
            for (int64_t j = 0; j < m->columns; ++j)
                out[j] = read<T, S>(row + j * m->column_stride);
    }
}

// Repeated entries add up, as in scipy. Another thread may have changed the arrays since they were
// checked: entries outside the matrix are skipped.
template <class T, class S>
void gather_csr(const Matrix *m, const int64_t *index, int64_t first, int64_t count, T *out,
                int64_t ld) {
    for (int64_t r = 0; r < count; ++r, out += ld) {
        const int64_t row = row_at(m, index, first + r);
        int64_t at = index_at(m->row_starts, row, m->index_bytes);
        int64_t end = index_at(m->row_starts, row + 1, m->index_bytes);
        if (at < 0) at = 0;
        if (end > m->stored) end = m->stored;
        memset(out, 0, m->columns * sizeof(T));
        for (; at < end; ++at) {
            const int64_t j = index_at(m->columns_of, at, m->index_bytes);
            if (j >= 0 && j < m->columns) out[j] += read<T, S>(m->values + at * sizeof(S));
        }
        if (m->scale) normalize_row(out, m->mean, m->scale, m->columns, out);
    }
}

template <class T, class S>
void gather_from(const Matrix *m, const int64_t *index, int64_t first, int64_t count, T *out,
                 int64_t ld) {
    (m->columns_of ? gather_csr<T, S> : gather_dense<T, S>)(m, index, first, count, out, ld);
}

template <class T>
void gather(const Matrix *m, const int64_t *index, int64_t first, int64_t count, T *out,
            int64_t ld) {
    typedef void (*Gather)(const Matrix *, const int64_t *, int64_t, int64_t, T *, int64_t);
    static constexpr Gather by_number[NUMBERS] = {
        gather_from<T, Half>,     gather_from<T, float>,   gather_from<T, double>,
        gather_from<T, int8_t>,   gather_from<T, uint8_t>, gather_from<T, int16_t>,
        gather_from<T, uint16_t>, gather_from<T, int32_t>, gather_from<T, uint32_t>,
        gather_from<T, int64_t>,  gather_from<T, uint64_t>};
    by_number[m->number](m, index, first, count, out, ld);
}

void gather_labels(const Matrix *m, const int64_t *index, int64_t first, int64_t count,
                   int64_t classes, int32_t *out) {
    if (m->number == I64 && !m->columns_of && !m->scale) {
        for (int64_t r = 0; r < count; ++r) {
            const auto y =
                read<int64_t, int64_t>(m->values + row_at(m, index, first + r) * m->row_stride);
            out[r] = uint64_t(y) < uint64_t(classes) ? int32_t(y) : 0;
        }
        return;
    }
    double labels[64];
    for (int64_t r = 0; r < count; r += 64) {
        const int64_t some = count - r < 64 ? count - r : 64;
        gather(m, index, first + r, some, labels, 1);
        for (int64_t i = 0; i < some; ++i)
            out[r + i] = labels[i] >= 0 && labels[i] < double(classes) ? int32_t(labels[i]) : 0;
    }
}

template void gather<float>(const Matrix *, const int64_t *, int64_t, int64_t, float *, int64_t);
template void gather<double>(const Matrix *, const int64_t *, int64_t, int64_t, double *, int64_t);

}  // namespace fastnn
