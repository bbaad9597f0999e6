import subprocess
import sys

import corpora


def test_public_names_are_sorted_and_exist() -> None:
    """What the package hands out is listed once, in order, and is there."""
    assert corpora.__all__ == sorted(set(corpora.__all__))
    assert all(hasattr(corpora, name) for name in corpora.__all__)


def test_importing_the_package_loads_no_reader() -> None:
    """The command answers quickly: libraries for workbooks, XML and numbers wait until a file needs them."""
    code = "import sys, corpora; print(sorted({'openpyxl', 'lxml', 'numpy', 'torch'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
