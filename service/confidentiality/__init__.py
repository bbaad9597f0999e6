"""What of a record an audience may see, and what is said of a text before it is kept.

Pure functions and values: no database, no web. `seen` gives a record as an audience sees it, `markings`
finds what must be refused, `sensitive` what somebody should look at again, `suppressed` what a shared table
must not show, `completeness` what filling a gap would change.
"""

from service.confidentiality.audience import Audience
from service.confidentiality.completeness import Completeness, Gap, completeness
from service.confidentiality.markings import Marking, markings, markings_in
from service.confidentiality.masking import seen
from service.confidentiality.redaction import Reason, Redaction, checked, in_force, redactable
from service.confidentiality.sensitive import Sensitive, SensitiveKind, sensitive, sensitive_in
from service.confidentiality.suppression import Suppression, suppressed
from service.confidentiality.tlp import Tlp, capped

__all__ = [
    "Audience",
    "Completeness",
    "Gap",
    "Marking",
    "Reason",
    "Redaction",
    "Sensitive",
    "SensitiveKind",
    "Suppression",
    "Tlp",
    "capped",
    "checked",
    "completeness",
    "in_force",
    "markings",
    "markings_in",
    "redactable",
    "seen",
    "sensitive",
    "sensitive_in",
    "suppressed",
]
