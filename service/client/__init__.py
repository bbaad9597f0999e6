"""A small client of the service: methods by resource, pages as iterators, problems as exceptions."""

from service.client.client import Client
from service.client.problem import ProblemAnswer
from service.client.work import JobFailed

__all__ = ["Client", "JobFailed", "ProblemAnswer"]
