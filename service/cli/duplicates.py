"""`duplicates`: needs that were entered twice, also in two languages."""

from service.cli import options, screen, store


def duplicates(
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show needs that look like one need entered twice, the surest first."""
    from matcher.duplicates import near_duplicates
    from service.wiring import duplicate_model

    opened = store.open_stored(options.settings(model, engine, data))
    allowed = opened.needs.select(options.where(country, cpv)).allowed
    found = near_duplicates(opened.needs, duplicate_model(opened.embedder.encoder), allowed)
    if as_json:
        screen.print_json(
            [
                {
                    "ids": [pair.one.id, pair.other.id],
                    "probability": round(pair.probability, 4),
                    "reasons": list(pair.reasons),
                }
                for pair in found
            ]
        )
        return
    screen.print_duplicates(screen.console(), found)
