"""What fuzzing draws and uses; proof/fuzz.py runs it."""

from proof.fuzzing import calls, files

TARGETS = {
    target.__name__: target
    for target in (
        files.model,
        files.checkpoint,
        files.sweep,
        files.schema,
        files.csv,
        files.table,
        calls.arrays,
        calls.entries,
        calls.core,
    )
}
