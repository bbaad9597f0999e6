"""The pages, one module a family; `service.web` mounts them without a prefix."""

from fastapi import APIRouter


def mounted() -> list[APIRouter]:
    """All routers of pages; a fixed path before one that takes an id."""
    from service.web.pages import (
        account,
        administration,
        candidate_work,
        candidates,
        cluster_review,
        clusters,
        cycles,
        demand,
        demand_views,
        exchange,
        following,
        guide,
        inbox,
        jobs,
        market,
        matches,
        need_writing,
        needs,
        organisations,
        pairs,
        questions,
        search,
        similar,
        solutions,
        start,
        users,
    )

    return [
        module.router
        for module in (
            start,
            guide,
            candidates,
            candidate_work,
            need_writing,
            needs,
            matches,
            pairs,
            questions,
            search,
            similar,
            solutions,
            demand,
            demand_views,
            following,
            inbox,
            administration,
            organisations,
            users,
            jobs,
            exchange,
            market,
            clusters,
            cluster_review,
            cycles,
            account,
        )
    ]
