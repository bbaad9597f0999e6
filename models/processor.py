"""What the processor of this machine is called and can do."""

import os
import platform
from functools import cache
from pathlib import Path


@cache
def name() -> str:
    """The processor's name, as the system gives it, with the number of its cores in use."""
    described = _facts().get("model name") or platform.processor() or platform.machine()
    return f"{described}, {os.cpu_count()} cores"


@cache
def fast_int8() -> bool:
    """Whether 8-bit arithmetic is faster than 16- or 32-bit here (AVX2, AVX-512 VNNI, AMX).

    Where the system does not say (not Linux), every x86-64 processor is taken to have AVX2.
    """
    flags = set(_facts().get("flags", "").split())
    if flags:
        return bool(flags & {"avx2", "avx_vnni", "avx512_vnni", "amx_int8"})
    return platform.machine().lower() in {"x86_64", "amd64"}


@cache
def fast_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16 itself; where it does not, this is many times slower.

    Where the system does not say (not Linux), it is taken not to.
    """
    return bool({"avx512_bf16", "amx_bf16"} & set(_facts().get("flags", "").split()))


@cache
def _facts() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}
