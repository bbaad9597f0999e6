"""Importing OpenVINO."""

import subprocess
import sys

import pytest

from matcher.errors import ModelMissing
from models import runtime

CODE = """
import socket, sys
asked = []
socket.getaddrinfo = lambda *call, **_: asked.append(call[0]) or []
from models import runtime
ov = runtime.openvino()
import nncf
print(ov.__name__, len(asked), "openvino_telemetry.main" in sys.modules)
"""


@pytest.mark.model
def test_neither_openvino_nor_nncf_reports_anything():
    """No name is looked up on the network, and what would report is not even loaded."""
    ran = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["openvino", "0", "False"]


def test_without_openvino_the_remedy_is_told(monkeypatch):
    """The message names the command that installs it."""
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelMissing, match="pip install 'openvino"):
        runtime.openvino()
