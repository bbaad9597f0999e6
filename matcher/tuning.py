"""What an engine is given beside a model: values fitted for its revision, and what codes are called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matcher.cluster import Grouping
from matcher.cooperation import Called, nowhere, unnamed
from matcher.duplicates import DuplicateModel
from matcher.fuse import FusionWeights
from matcher.protocols import Calibrator


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was fitted for one model revision; without a calibrator no level is shown."""

    fusion: FusionWeights = field(default_factory=FusionWeights)
    grouping: Grouping = field(default_factory=Grouping)
    calibrator: Calibrator | None = None
    duplicates: DuplicateModel | None = None
    """Tells a need entered twice; without one no copy is collapsed."""
    covered: float = 0.0
    """Coverage from which a sentence of a need counts as met; at 0 none is ever called unmet."""
    symmetric: bool = False
    """Whether the model reads a text alike in both roles: then a stored record is asked as it is stored."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What codes are called and where they belong, looked up in tables that the engine does not hold."""

    called: Called = unnamed
    """A CPV code's label."""
    area: Callable[[Sequence[str]], str | None] = nowhere
    """The security area that codes point to."""
    function: Callable[[Sequence[str]], str | None] = nowhere
