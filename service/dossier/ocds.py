"""A candidate as planning releases of the Open Contracting Data Standard (OCDS 1.1)."""

from datetime import UTC, datetime, time

from corpora.writers.ocds import Json, joint_package
from matcher.joint import JointCandidate
from matcher.records import Visibility
from service.dossier.audience import view


def package(candidate: JointCandidate, *, open_to: Visibility = Visibility.NETWORK) -> Json:
    """One release package: a planning release for each member open to the audience, naming the others.

    Unlike a dossier it has no masked members: a release of nobody says nothing. It is dated with the day of
    the candidate. Raises `SettingInvalid` when fewer than two members are open to the audience.
    """
    seen = view(candidate, open_to).candidate
    return joint_package(seen.members, published=datetime.combine(seen.day, time(), UTC))
