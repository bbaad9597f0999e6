"""Pages for people: the same resources as the interface, rendered for a browser in its user's language.

Pages call the functions of `service.routes`, so that nobody sees or does more here than there. They work
without scripts; scripts only make them quicker.
"""

from fastapi import FastAPI

from service.web import assets, page
from service.web.pages import mounted

__all__ = ["furnish"]


def furnish(app: FastAPI) -> None:
    """Give an application its pages; the interface is there already."""
    assets.mount(app)
    for router in mounted():
        app.include_router(router, include_in_schema=False)
    page.install(app)
