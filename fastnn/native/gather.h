// Rows of the user's data into a dense, padded mini-batch: any strides, any
// number type, dense or CSR, by a shuffled index, converting as it copies. The
// data is never copied whole. Not a hot loop of arithmetic but of memory, so one
// compilation serves every CPU.
#pragma once

#include <cstdint>
#include <cstring>

namespace fastnn {

enum Number { F16, F32, F64, I8, U8, I16, U16, I32, U32, I64, U64, NUMBERS };

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

struct Matrix {
    int number;  // enum Number, of values
    const char *values;
    int64_t rows, columns;
    int64_t row_stride, column_stride;  // bytes; of dense data
    // CSR if columns_of is not null; both of 4 or 8 bytes.
    const char *row_starts, *columns_of;
    int index_bytes;
    int64_t stored;              // length of values and columns_of
    const double *mean, *scale;  // (columns), or null: rows are taken as (x - mean) * scale
};

// Whether rows lie ready for a kernel: dense, of that number type, aligned, columns adjacent.
inline bool lies_ready(const Matrix *m, int number, int64_t size) {
    return !m->columns_of && m->number == number && m->column_stride == size &&
           m->row_stride % size == 0 && reinterpret_cast<uintptr_t>(m->values) % size == 0;
}

// Whether they can be read there, as they are.
inline bool readable_in_place(const Matrix *m, int number, int64_t size) {
    return lies_ready(m, number, size) && !m->scale;
}

// Row i of the data; the order of rows is an array too, and may have been changed behind us.
inline int64_t row_at(const Matrix *m, const int64_t *index, int64_t i) {
    if (!index) return i;
    return uint64_t(index[i]) < uint64_t(m->rows) ? index[i] : 0;
}

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
    S x;  // the user's strides may leave values unaligned
    memcpy(&x, p, sizeof(S));
    return convert<T>(x);
}

// (x - mean) * scale in double, whatever x and T: of 1e8 + noise little is left in float.
template <class T>
inline T normalize(double x, double mean, double scale) {
    return T((x - mean) * scale);
}

template <class T>
void normalize_row(const T *x, const double *mean, const double *scale, int64_t n, T *out) {
    for (int64_t j = 0; j < n; ++j) out[j] = normalize<T>(double(x[j]), mean[j], scale[j]);
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
        ld == m->columns) {  // the rows lie there as they are to lie here
        memcpy(out, m->values + first * bytes, count * bytes);
        return;
    }
    const int64_t ahead = bytes >= 4096 ? 1 : bytes <= 256 ? 16 : 4096 / bytes;
    for (int64_t r = 0; r < count; ++r, out += ld) {
        const char *row = m->values + row_at(m, index, first + r) * m->row_stride;
        // A shuffled row is not where the processor would look next. The first ones of the next
        // mini-batch are asked for at the end of this one.
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

// Repeated entries add up, as in scipy. Entries that another thread has since made wrong are
// passed over: the arrays are the user's, and nothing outside them may be touched.
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

// Rows index[first ..] (or first .. where index is null) to out (count, ld).
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

// Class labels; one that has become out of range since it was validated counts as class 0.
inline void gather_labels(const Matrix *m, const int64_t *index, int64_t first, int64_t count,
                          int64_t classes, int32_t *out) {
    double labels[64];
    for (int64_t r = 0; r < count; r += 64) {
        const int64_t some = count - r < 64 ? count - r : 64;
        gather(m, index, first + r, some, labels, 1);
        for (int64_t i = 0; i < some; ++i)
            out[r + i] = labels[i] >= 0 && labels[i] < double(classes) ? int32_t(labels[i]) : 0;
    }
}

// The first of `count` rows from `first` with a value that is not finite as a T, or -1.
template <class T>
int64_t first_not_finite(const Matrix *m, int64_t first, int64_t count, T *row) {
    for (int64_t r = first; r < first + count; ++r) {
        gather(m, nullptr, r, 1, row, m->columns);
        T sum = 0;
        for (int64_t j = 0; j < m->columns; ++j) sum += row[j] - row[j];
        if (sum != 0) return r;
    }
    return -1;
}

}  // namespace fastnn
