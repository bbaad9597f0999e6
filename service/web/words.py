"""Words that pages show for the codes of the interface, where the engine has no table of its own."""

from collections.abc import Mapping

from matcher.phrases import Phrase, phrase
from service.cooperation.stages import STAGES, STEPS

__all__ = ["STAGES", "STEPS"]

STATUSES: Mapping[str, Phrase] = {
    "draft": phrase("Draft"),
    "open": phrase("Open"),
    "in_candidate": phrase("In a joint candidate"),
    "paused": phrase("Paused"),
    "fulfilled": phrase("Fulfilled"),
    "withdrawn": phrase("Withdrawn"),
    "expired": phrase("Expired"),
}
VISIBILITIES: Mapping[str, Phrase] = {
    "private": phrase("Only my organisation"),
    "group": phrase("A group of organisations"),
    "network": phrase("The network of authorities"),
    "network_industry": phrase("The network and vetted industry, masked"),
    "public": phrase("Everybody"),
}
NATURES: Mapping[str, Phrase] = {
    "supplies": phrase("Supplies"),
    "services": phrase("Services"),
    "works": phrase("Works"),
}
LEVELS: Mapping[str, Phrase] = {
    "strong": phrase("Strong match"),
    "likely": phrase("Likely match"),
    "possible": phrase("Possible match"),
    "weak": phrase("Weak match"),
}
SETTLED: Mapping[str, Phrase] = {
    "responsibilities": phrase("Who is responsible for what"),
    "applicable_law": phrase("Which national law applies"),
    "internal_organisation": phrase("How the participants organise themselves"),
    "named_users": phrase("The authorities that may call off, by name"),
    "max_value_eur": phrase("The greatest value of all call-offs"),
}
"""What an agreement on a joint purchase settles."""
PARTS_TAKEN: Mapping[str, Phrase] = {
    "participant": phrase("Participant"),
    "observer": phrase("Observer"),
}
"""How an authority takes part in a candidate."""
REGIMES: Mapping[str, Phrase] = {
    "2014/24": phrase("Directive 2014/24/EU (public sector)"),
    "2014/25": phrase("Directive 2014/25/EU (utilities)"),
    "2014/23": phrase("Directive 2014/23/EU (concessions)"),
    "2009/81": phrase("Directive 2009/81/EC (defence and security)"),
    "excluded-346": phrase("Exempt under Art. 346 TFEU"),
    "below-threshold": phrase("Below the EU thresholds"),
}
JOINT_INTERESTS: Mapping[str, Phrase] = {
    "yes": phrase("Yes, we would buy together"),
    "maybe": phrase("Maybe, tell us who else"),
    "observer": phrase("Only watching"),
    "no": phrase("No, we buy alone"),
}
CLASSIFICATIONS: Mapping[str, Phrase] = {
    "none": phrase("No classified documents"),
    "restricted": phrase("Restricted"),
    "confidential": phrase("Confidential"),
    "secret": phrase("Secret"),
    "top secret": phrase("Top secret"),
}
NEED_LEVELS: Mapping[str, Phrase] = {
    "strategic": phrase("Strategic"),
    "operational": phrase("Operational"),
    "tactical": phrase("Tactical"),
}
BUDGETS: Mapping[str, Phrase] = {
    "idea": phrase("An idea"),
    "planned": phrase("Planned"),
    "requested": phrase("Requested"),
    "approved": phrase("Approved"),
}
PROCEDURES: Mapping[str, Phrase] = {
    "open": phrase("Open procedure"),
    "restricted": phrase("Restricted procedure"),
    "negotiated": phrase("Negotiated procedure"),
    "dialogue": phrase("Competitive dialogue"),
    "innovation": phrase("Innovation partnership"),
    "pcp": phrase("Pre-commercial procurement"),
    "ppi": phrase("Public procurement of innovation"),
    "framework": phrase("Framework agreement"),
    "unknown": phrase("Not decided"),
}
TLPS: Mapping[str, Phrase] = {
    "TLP:RED": phrase("TLP:RED, only my organisation"),
    "TLP:AMBER+STRICT": phrase("TLP:AMBER+STRICT, only my organisation"),
    "TLP:AMBER": phrase("TLP:AMBER, named organisations at most"),
    "TLP:GREEN": phrase("TLP:GREEN, the network at most"),
    "TLP:CLEAR": phrase("TLP:CLEAR, everybody"),
}
NEED_FIELDS: Mapping[str, Phrase] = {
    "title": phrase("Title"),
    "titles": phrase("Title in other languages"),
    "outcome": phrase("Problem"),
    "description": phrase("Description"),
    "requirements": phrase("Requirements"),
    "language": phrase("Language of the text"),
    "country": phrase("Country"),
    "nuts": phrase("Regions"),
    "place": phrase("Place"),
    "organisation": phrase("Buyer"),
    "organisation_id": phrase("Buyer"),
    "buyer_type": phrase("Kind of buyer"),
    "contact": phrase("Contact"),
    "cpv": phrase("CPV codes"),
    "nature": phrase("Nature"),
    "quantity": phrase("Quantity"),
    "value": phrase("Value"),
    "value_eur": phrase("Value in euro"),
    "value_min": phrase("At least"),
    "value_max": phrase("At most"),
    "value_min_eur": phrase("At least, in euro"),
    "value_max_eur": phrase("At most, in euro"),
    "currency": phrase("Currency"),
    "vat_included": phrase("VAT"),
    "budget_status": phrase("Budget"),
    "budget_year": phrase("Budget year"),
    "window": phrase("Procurement window"),
    "window_start": phrase("Procurement may begin"),
    "window_end": phrase("Procurement must be done by"),
    "delivery": phrase("Delivery"),
    "delivery_start": phrase("Delivery from"),
    "delivery_end": phrase("Delivery until"),
    "duration_months": phrase("Duration in months"),
    "regime": phrase("Legal regime"),
    "procedure_intent": phrase("Procedure in mind"),
    "standards": phrase("Standards"),
    "trl_min": phrase("Least readiness (TRL)"),
    "working_languages": phrase("Working languages"),
    "joint_interest": phrase("Buying together"),
    "classification": phrase("Classified documents"),
    "level": phrase("Level"),
    "visibility": phrase("Who may see it"),
    "tlp": phrase("Handling mark"),
    "shared_with": phrase("Shared with"),
    "shares": phrase("Shared with"),
    "redactions": phrase("Withheld fields"),
    "expires_at": phrase("Last day"),
    "ref": phrase("Your own number"),
    "tags": phrase("Tags"),
    "status": phrase("Status"),
    "source": phrase("Source"),
    "url": phrase("Link"),
    "extra": phrase("Further columns"),
}
