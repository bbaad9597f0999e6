"""Importing OpenVINO so that it keeps to itself."""

import sys
from typing import Any

from matcher.errors import ModelMissing

REMEDY = "Install it with: pip install 'openvino>=2026.4,<2027' 'nncf>=3.4,<4'"


def openvino() -> Any:
    """The module `openvino`, without its reporting; raises `ModelMissing` when it cannot be loaded.

    Plain `import openvino` sends an event to a web analytics service and writes an id into the home folder,
    and so does nncf. Both do without when the package `openvino_telemetry` cannot be imported.
    """
    if "openvino_telemetry" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # Python's way to bar an import
    try:
        import openvino as runtime
    except ImportError as error:
        raise ModelMissing(f"OpenVINO, the fast engine, cannot be loaded ({error}). {REMEDY}") from error
    return runtime
