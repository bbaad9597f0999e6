"""Words of accounts, jobs and the audit log: what pages of administration show for the codes kept."""

from collections.abc import Mapping

from matcher.phrases import Phrase, phrase

ORGANISATION_KINDS: Mapping[str, Phrase] = {
    "contracting_authority": phrase("Contracting authority"),
    "cpb": phrase("Central purchasing body"),
    "prescriber": phrase("Prescriber"),
    "ministry": phrase("Ministry"),
    "agency": phrase("Agency"),
    "supplier": phrase("Supplier"),
    "research": phrase("Research body"),
    "network": phrase("Network"),
    "international": phrase("International body"),
}
SIZES: Mapping[str, Phrase] = {
    "micro": phrase("Micro, fewer than 10 people"),
    "small": phrase("Small, fewer than 50 people"),
    "medium": phrase("Medium, fewer than 250 people"),
    "large": phrase("Large"),
}
VETTING: Mapping[str, Phrase] = {
    "none": phrase("Not asked for"),
    "pending": phrase("Waits for vetting"),
    "vetted": phrase("Vetted"),
    "refused": phrase("Refused"),
}
JOB_KINDS: Mapping[str, Phrase] = {"import": phrase("Import"), "export": phrase("Export")}
JOB_STATUSES: Mapping[str, Phrase] = {
    "queued": phrase("Waiting"),
    "running": phrase("Running"),
    "done": phrase("Done"),
    "failed": phrase("Failed"),
    "cancelled": phrase("Cancelled"),
}
TONES: Mapping[str, str] = {
    "pending": "warn", "vetted": "good", "refused": "bad",
    "queued": "", "running": "accent", "done": "good", "failed": "bad", "cancelled": "warn",
    "dropped": "warn", "changed": "", "warned": "warn", "skipped": "",
}  # fmt: skip
"""Colours beside the words of a state; no word is left to its colour."""
SEVERITIES: Mapping[str, Phrase] = {
    "refused": phrase("Row refused"),
    "dropped": phrase("Row kept without this value"),
    "changed": phrase("Value changed"),
    "warned": phrase("Kept, look at it"),
    "skipped": phrase("Skipped, not wanted here"),
}
WHAT: Mapping[str, Phrase] = {
    "needs": phrase("Needs"),
    "solutions": phrase("Solutions"),
    "matches": phrase("Matches of my own records"),
    "feedback": phrase("Feedback given"),
    "candidates": phrase("Joint candidates"),
}
FORMATS: Mapping[str, Phrase] = {
    "csv": phrase("CSV, for spreadsheets"),
    "xlsx": phrase("Excel workbook (XLSX)"),
    "tsv": phrase("Tab-separated text (TSV)"),
    "jsonl": phrase("JSON Lines, for programs"),
    "ocds": phrase("OCDS, open contracting data (needs only)"),
}
ENTERED: Mapping[str, Phrase] = {
    "csv": phrase("CSV"),
    "tsv": phrase("Tab-separated text (TSV)"),
    "xlsx": phrase("Excel workbook (XLSX)"),
    "jsonl": phrase("JSON Lines"),
    "json": phrase("JSON"),
    "ocds": phrase("OCDS, open contracting data"),
    "eforms": phrase("eForms notice (XML)"),
    "ted": phrase("TED notice (XML)"),
    "zip": phrase("ZIP of notices"),
    "tar.gz": phrase("TAR.GZ of notices"),
}
"""Formats of files that are read."""
SCOPES: Mapping[str, Phrase] = {
    "read": phrase("Look things up"),
    "write": phrase("Enter and change"),
    "admin": phrase("Administer"),
}
SUBJECTS: Mapping[str, Phrase] = {
    "match": phrase("Solution for a need"),
    "demand": phrase("Need for a solution"),
    "similar": phrase("Similar need"),
    "candidate": phrase("Joint candidate"),
    "cpv": phrase("CPV code"),
    "cluster": phrase("Group of needs"),
}
VERDICTS: Mapping[str, Phrase] = {
    "relevant": phrase("Relevant"),
    "not_relevant": phrase("Not relevant"),
    "unsure": phrase("Unsure"),
}
REASONS: Mapping[str, Phrase] = {
    "wrong_function": phrase("It does something else"),
    "wrong_scale": phrase("Wrong scale"),
    "wrong_time": phrase("Wrong time"),
    "wrong_place": phrase("Wrong place"),
    "legal": phrase("Legal reasons"),
    "security": phrase("Security reasons"),
    "duplicate": phrase("The same as another"),
    "outdated": phrase("Out of date"),
    "already_known": phrase("Known already"),
    "other": phrase("Another reason"),
}
OBJECTS: Mapping[str, Phrase] = {
    "need": phrase("Need"),
    "solution": phrase("Solution"),
    "candidate": phrase("Joint candidate"),
    "cluster": phrase("Group of needs"),
    "organisation": phrase("Organisation"),
    "user": phrase("User"),
    "token": phrase("Token"),
    "job": phrase("Job"),
    "feedback": phrase("Feedback"),
    "question": phrase("Question"),
    "saved_search": phrase("Saved search"),
    "cycle": phrase("Cycle"),
    "needs": phrase("Needs"),
    "solutions": phrase("Solutions"),
    "matches": phrase("Matches"),
    "candidates": phrase("Joint candidates"),
}
PLACES: Mapping[str, str] = {
    "need": "/needs/",
    "solution": "/solutions/",
    "candidate": "/candidates/",
    "organisation": "/administration/organisations/",
    "user": "/administration/users/",
    "job": "/jobs/",
}
"""Where something of a kind is shown."""
ACTIONS: Mapping[str, Phrase] = {
    "session.start": phrase("Signed in"),
    "session.refuse": phrase("Sign-in refused"),
    "session.end": phrase("Signed out"),
    "user.create": phrase("User added"),
    "user.update": phrase("User changed"),
    "user.password": phrase("Password changed"),
    "user.link": phrase("Linked to the sign-in provider"),
    "user.access": phrase("Own personal data fetched"),
    "user.erase": phrase("User erased"),
    "token.create": phrase("Token made"),
    "token.revoke": phrase("Token revoked"),
    "organisation.create": phrase("Organisation added"),
    "organisation.update": phrase("Organisation changed"),
    "organisation.vet": phrase("Organisation vetted"),
    "organisation.refuse": phrase("Organisation refused"),
    "job.cancel": phrase("Job cancelled"),
    "needs.import": phrase("Needs imported"),
    "solutions.import": phrase("Solutions imported"),
    "needs.export": phrase("Needs exported"),
    "solutions.export": phrase("Solutions exported"),
    "matches.export": phrase("Matches exported"),
    "feedback.export": phrase("Feedback exported"),
    "candidates.export": phrase("Joint candidates exported"),
    "need.create": phrase("Need entered"),
    "need.change": phrase("Need changed"),
    "need.import": phrase("Need changed by an import"),
    "need.erase": phrase("Need erased"),
    "need.override": phrase("Need kept in spite of a warning"),
    "need.unredact": phrase("Hidden field of a need shown again"),
    "need.status.expired": phrase("Need expired"),
    "need.status.withdrawn": phrase("Need withdrawn"),
    "need.joint_interest": phrase("Interest in buying jointly changed"),
    "need.view": phrase("Restricted need seen"),
    "need.list": phrase("Restricted needs seen in a list"),
    "need.match": phrase("Restricted needs seen among matches"),
    "need.search": phrase("Restricted needs seen in a search"),
    "need.similar": phrase("Restricted needs seen among similar ones"),
    "need.export": phrase("Restricted needs exported"),
    "need.dossier": phrase("Restricted needs seen in a dossier"),
    "need.candidate": phrase("Restricted needs seen in a joint candidate"),
    "need.candidates": phrase("Restricted needs seen in joint candidates"),
    "need.cluster": phrase("Restricted needs seen in a group"),
    "need.clusters": phrase("Restricted needs seen in groups"),
    "solution.create": phrase("Solution entered"),
    "solution.change": phrase("Solution changed"),
    "solution.import": phrase("Solution changed by an import"),
    "solution.erase": phrase("Solution erased"),
    "solution.override": phrase("Solution kept in spite of a warning"),
    "solution.view": phrase("Restricted solution seen"),
    "solution.list": phrase("Restricted solutions seen in a list"),
    "solution.match": phrase("Restricted solutions seen among matches"),
    "solution.search": phrase("Restricted solutions seen in a search"),
    "solution.export": phrase("Restricted solutions exported"),
    "interest.expressed": phrase("Interest in a joint candidate expressed"),
    "interest.withdrawn": phrase("Interest in a joint candidate withdrawn"),
    "candidate.moved": phrase("Joint candidate moved to another stage"),
    "candidate.checked": phrase("Checklist of a joint candidate changed"),
    "candidate.agreed": phrase("Agreement of a joint candidate changed"),
    "candidate.exported": phrase("Dossier of a joint candidate fetched"),
    "cluster.merge": phrase("Groups merged"),
    "cluster.split": phrase("Group split"),
    "cluster.lock": phrase("Group locked"),
    "cluster.unlock": phrase("Group unlocked"),
    "cluster.rename": phrase("Group renamed"),
    "cluster.undo": phrase("Change of a group undone"),
    "cycle.kept": phrase("Cycle kept"),
    "question.asked": phrase("Question asked"),
    "question.answered": phrase("Question answered"),
    "feedback.given": phrase("Feedback given"),
    "feedback.undone": phrase("Feedback taken back"),
    "saved_search.create": phrase("Search saved"),
    "saved_search.change": phrase("Saved search changed"),
    "saved_search.delete": phrase("Saved search deleted"),
    "saved_search.unsubscribe": phrase("Unsubscribed from a saved search"),
}
NOTES: Mapping[str, Phrase] = {
    "password": phrase("by password"),
    "oidc": phrase("by the sign-in provider"),
    "token": phrase("by a token"),
    "everywhere": phrase("in all browsers"),
    "dormant": phrase("nobody used the account"),
    "bulk": phrase("entered line by line"),
    "read": phrase("may read"),
    "read write": phrase("may read, enter and change"),
    "admin read write": phrase("may read, enter, change and administer"),
}
"""Reasons that the service itself gives."""
RECORD_ACTIONS: Mapping[str, Phrase] = {
    "status": phrase("Status changed"),
    "view": phrase("Restricted record seen"),
    "explain": phrase("Explanation of a restricted record seen"),
    "why_not": phrase("Explanation of a restricted record seen"),
    "compare": phrase("Restricted records compared"),
    "what_if": phrase("Restricted records seen in a what-if"),
    "demand": phrase("Restricted records seen in demand"),
    "duplicates": phrase("Restricted records seen among possible duplicates"),
    "questions": phrase("Questions about a restricted record seen"),
    "edits": phrase("Restricted records seen among changes of groups"),
    "similar": phrase("Restricted records seen among similar ones"),
    "dossier": phrase("Restricted records seen in a dossier"),
}
"""What was done to a record, by the verb, where the whole action has no words."""


def action(code: str) -> str:
    """What an audit row tells, in words; the code itself for what has none.

    >>> action("need.status.open"), action("need.why_not"), action("new.thing")
    ('Status changed', 'Explanation of a restricted record seen', 'new.thing')
    """
    verb = code.split(".")[1] if "." in code else code
    return ACTIONS[code] if code in ACTIONS else RECORD_ACTIONS.get(verb, code)
