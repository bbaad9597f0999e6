"""What the fields of needs and solutions are called, by the names that answers and forms give them."""

from collections.abc import Mapping
from types import MappingProxyType

from matcher.phrases import phrase

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "id": phrase("id"),
        "title": phrase("title"),
        "name": phrase("name"),
        "titles": phrase("titles in other languages"),
        "description": phrase("description"),
        "requirements": phrase("requirements"),
        "language": phrase("language"),
        "country": phrase("country"),
        "place": phrase("place"),
        "organisation": phrase("organisation"),
        "organisation_id": phrase("identifier of the organisation"),
        "buyer_type": phrase("kind of buyer"),
        "vendor": phrase("vendor"),
        "vendor_id": phrase("identifier of the vendor"),
        "size": phrase("size of the vendor"),
        "contact": phrase("contact"),
        "cpv": phrase("CPV code"),
        "nature": phrase("nature of the contract"),
        "value": phrase("value"),
        "currency": phrase("currency"),
        "value_eur": phrase("value in euro"),
        "value_min_eur": phrase("least value in euro"),
        "value_max_eur": phrase("highest value in euro"),
        "vat_included": phrase("VAT included"),
        "price": phrase("price"),
        "price_min": phrase("lowest price"),
        "price_max": phrase("highest price"),
        "price_min_eur": phrase("lowest price in euro"),
        "price_max_eur": phrase("highest price in euro"),
        "quantity": phrase("quantity"),
        "window": phrase("procurement window"),
        "window_start": phrase("start of the procurement window"),
        "window_end": phrase("end of the procurement window"),
        "delivery": phrase("delivery"),
        "delivery_start": phrase("start of delivery"),
        "delivery_end": phrase("end of delivery"),
        "delivery_countries": phrase("countries of delivery"),
        "regime": phrase("legal regime"),
        "standards": phrase("standards"),
        "working_languages": phrase("working languages"),
        "visibility": phrase("visibility"),
        "joint_interest": phrase("interest in buying jointly"),
        "trl_min": phrase("least TRL"),
        "trl": phrase("TRL"),
        "availability": phrase("availability"),
        "status": phrase("status"),
        "source": phrase("source"),
        "url": phrase("link"),
        "classification": phrase("classification"),
        "extra": phrase("further columns"),
    }
)
"""By field of a record, group of fields that are withheld together, or column."""


def called(name: str) -> str:
    """What a field is called; a column that is not known by its name.

    >>> called("trl_min"), called("extra.deck_length")
    ('least TRL', 'deck_length')
    """
    return FIELDS.get(name, name.removeprefix("extra."))
