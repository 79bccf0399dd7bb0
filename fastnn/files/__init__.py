"""Files: models and checkpoints in safetensors, written whole or not at all.

Internal: it may change at any time.
"""
