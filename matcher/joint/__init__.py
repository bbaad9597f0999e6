"""Groups of needs turned into joint-procurement candidates: gates, factors, score, and what to settle.

Start reading at `matcher.joint.candidate`.
"""

from matcher.joint.candidate import JointCandidate, NotJoint, judge
from matcher.joint.differences import Difference
from matcher.joint.factors import Factor
from matcher.joint.forms import Form, Law
from matcher.joint.gates import Gate
from matcher.joint.instrument import Covering, Instrument, Offers
from matcher.joint.leads import Lead
from matcher.joint.lots import Lot
from matcher.joint.score import CandidateLevel, Improvement, Score
from matcher.joint.sensitivity import Standing, sensitivity
from matcher.joint.thresholds import ThresholdCheck, ThresholdRow
from matcher.joint.timeline import Timeline
from matcher.joint.totals import Totals
from matcher.joint.weights import WEIGHTS, Weights
from matcher.joint.whatif import WhatIf, what_if

__all__ = [
    "WEIGHTS",
    "CandidateLevel",
    "Covering",
    "Difference",
    "Factor",
    "Form",
    "Gate",
    "Improvement",
    "Instrument",
    "JointCandidate",
    "Law",
    "Lead",
    "Lot",
    "NotJoint",
    "Offers",
    "Score",
    "Standing",
    "ThresholdCheck",
    "ThresholdRow",
    "Timeline",
    "Totals",
    "Weights",
    "WhatIf",
    "judge",
    "sensitivity",
    "what_if",
]
