/* A module that was compiled against a fastnn.h of another ABI. */
#include <fastnn.h>

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "outdated", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_outdated(void) { return fastnn_import() ? PyModule_Create(&module) : NULL; }
