"""Networks to and from other libraries: ONNX, scikit-learn, PyTorch.

Internal: it may change at any time.
"""

from fastnn.export.onnx_model import to_onnx
from fastnn.export.sklearn_model import from_sklearn
from fastnn.export.torch_model import from_torch, to_torch

__all__ = ["from_sklearn", "from_torch", "to_onnx", "to_torch"]
