"""Analyses of the market: each takes a `Market` and returns a `Finding` of table, sentence and figure."""

from matcher.market.balance import supply_and_demand
from matcher.market.cooperation import cooperation
from matcher.market.dependence import import_dependence
from matcher.market.distances import distances
from matcher.market.drift import cpv_drift
from matcher.market.environment import country_map, environment
from matcher.market.finding import Finding
from matcher.market.market import Market
from matcher.market.scenario import Assumptions, joint_buying
from matcher.market.strategy import profiles
from matcher.market.suppliers import concentration
from matcher.market.topics import emerging
from matcher.market.trends import trends
from matcher.market.unmet import unmet_clusters, unmet_needs

__all__ = [
    "Assumptions",
    "Finding",
    "Market",
    "concentration",
    "cooperation",
    "country_map",
    "cpv_drift",
    "distances",
    "emerging",
    "environment",
    "import_dependence",
    "joint_buying",
    "profiles",
    "supply_and_demand",
    "trends",
    "unmet_clusters",
    "unmet_needs",
]
