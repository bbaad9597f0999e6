"""The HTTP interface, one module a resource; `service.app` mounts them under /api/v1."""

from fastapi import APIRouter


def mounted() -> list[APIRouter]:
    """All routers, in the order of the documentation; a fixed path before one that takes an id."""
    from service.routes import (
        analytics,
        audit,
        auth,
        candidates,
        clusters,
        cycles,
        exports,
        feedback,
        imports,
        inbox,
        jobs,
        matching,
        models,
        needs,
        organisations,
        questions,
        saved_searches,
        similar,
        solutions,
        suggest,
        taxonomy,
        tokens,
        users,
    )

    modules = (
        auth, tokens, users, organisations, needs, solutions, suggest, taxonomy, matching, similar, feedback,
        candidates, questions, clusters, cycles, analytics, saved_searches, inbox, imports, exports, jobs,
        models, audit,
    )  # fmt: skip
    return [module.router for module in modules]
