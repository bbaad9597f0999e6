"""A mail server and a receiver of webhooks, for stories that leave the house."""

from tests.service.notify.conftest import hook, post

__all__ = ["hook", "post"]
