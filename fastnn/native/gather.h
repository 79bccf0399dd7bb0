// Rows of the user's data, copied into a dense, padded mini-batch: any strides, any number type,
// dense or CSR, in the order of an index. They are converted while they are copied; the data is
// never copied whole. gather.cpp has the loops.
#pragma once

#include <cstdint>
#include <cstring>

namespace fastnn {

enum Number { F16, F32, F64, I8, U8, I16, U16, I32, U32, I64, U64, NUMBERS };

struct Matrix {
    int number;  // enum Number, of values
    const char *values;
    int64_t rows, columns;
    int64_t row_stride, column_stride;  // bytes; of dense data
    // CSR if columns_of is not null; both of 4 or 8 bytes.
    const char *row_starts, *columns_of;
    int index_bytes;
    int64_t stored;              // length of values and columns_of
    const double *mean, *scale;  // (columns), or null: x becomes (x - mean) * scale
};

// Whether a kernel can read the rows: dense, of that number type, aligned, columns adjacent.
inline bool lies_ready(const Matrix *m, int number, int64_t size) {
    return !m->columns_of && m->number == number && m->column_stride == size &&
           m->row_stride % size == 0 && reinterpret_cast<uintptr_t>(m->values) % size == 0;
}

// The same, for rows that need no normalization.
inline bool readable_in_place(const Matrix *m, int number, int64_t size) {
    return lies_ready(m, number, size) && !m->scale;
}

// Row i of the data. The index is the caller's array, who may have changed it since it was checked.
inline int64_t row_at(const Matrix *m, const int64_t *index, int64_t i) {
    if (!index) return i;
    return uint64_t(index[i]) < uint64_t(m->rows) ? index[i] : 0;
}

// (x - mean) * scale in double for every x and T: in float, x = 1e8 + noise loses the noise.
template <class T>
inline T normalize(double x, double mean, double scale) {
    return T((x - mean) * scale);
}

template <class T>
void normalize_row(const T *x, const double *mean, const double *scale, int64_t n, T *out) {
    for (int64_t j = 0; j < n; ++j) out[j] = normalize<T>(double(x[j]), mean[j], scale[j]);
}

// Rows index[first ..] (or first .. where index is null) to out (count, ld).
template <class T>
void gather(const Matrix *m, const int64_t *index, int64_t first, int64_t count, T *out,
            int64_t ld);

// Class labels. A label that has gone out of range since it was checked counts as class 0.
void gather_labels(const Matrix *m, const int64_t *index, int64_t first, int64_t count,
                   int64_t classes, int32_t *out);

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
