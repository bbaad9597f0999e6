"""The pages that `docs/screens.md` shows: who looks at what, in which language, colours and size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.rights.policy import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _typed(page: "Page") -> None:
    """A need in Estonian, up to what is suggested beside it."""
    page.fill("#title", "Kuulivestid politseile")
    page.fill(
        "#description", "Patrullpolitseinikud vajavad kuulikindlaid veste, mis kaitsevad tulirelva eest."
    )
    page.locator("button[name=take]").first.wait_for()
    page.wait_for_load_state("networkidle")


def _chosen(page: "Page") -> None:
    """A point of the map, chosen in the list beside it."""
    page.locator(".map-list button").first.wait_for()
    page.wait_for_timeout(500)
    page.locator(".map-list button").first.click()
    page.locator("[data-chosen] a").first.wait_for()


def _sent(page: "Page") -> None:
    """A file with good and bad rows, rehearsed."""
    rows = (
        "id,title,description,country,language,cpv,estimated_value\n"
        'R-1,Protective vests,"Vests that stop bullets and blades, for 400 officers",EL,ENG,35815100,250000\n'
        "R-2,Patrol boats,Fast boats for the coast guard,MT,en,34522250-8,1900000\n"
        "R-3,Body cameras,Cameras worn on the uniform with secure storage,IE,en,99999999,120000\n"
        "R-4,,No title is given here,IE,en,35000000,90000\n"
    )
    file = {"name": "needs.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.locator("main form[action='/imports'] button.primary").click()
    page.locator("main table tbody tr").first.wait_for()


@dataclass(frozen=True, slots=True)
class Scene:
    """One page as somebody sees it."""

    name: str
    """The name of its file, without the ending."""
    role: Role | None
    path: str
    """Its address, with the names of records that are put in."""
    title: str
    said: str
    """One sentence: what is to be seen."""
    language: str = "en"
    dark: bool = False
    phone: bool = False
    at: str = ""
    """A CSS selector: what is scrolled to the top."""
    act: Callable[["Page"], None] | None = None
    """What is done before the picture is taken."""


SCENES: Sequence[Scene] = (
    Scene("front", None, "/", "The front page", "What the service is for, and a door for each who comes."),
    Scene("login", None, "/login", "Signing in", "By password, or by one's organisation's own sign-in."),
    Scene(
        "need-form", Role.PRESCRIBER, "/needs/new", "Describing a need",
        "A prescriber writes in Estonian; CPV codes with their likelihood come while one types.",
        language="et", act=_typed,
    ),
    Scene(
        "needs", Role.PROCURER, "/needs?mine=true", "One's own needs",
        "A procurer's needs, with how complete each is described.", language="fi",
    ),
    Scene(
        "need", Role.PROCURER, "/needs/{need_id}", "One need", "All that is known of it, and who may see it.",
    ),
    Scene(
        "solutions-of-need", Role.PROCURER, "/needs/{need_id}/solutions", "Who answers a need",
        "The best solutions from all countries: level, reasons, gaps, and the sentences it rests on.",
    ),
    Scene(
        "solutions-of-need-phone", Role.PROCURER, "/needs/{need_id}/solutions", "The same on a phone",
        "The same list in German, on a screen of 390 pixels.", language="de", phone=True,
    ),
    Scene(
        "pair", Role.PROCURER, "/needs/{need_id}/solutions/{solution_id}", "One need and one solution",
        "Why they match: requirement by requirement, with the evidence of both sides.", dark=True,
    ),
    Scene(
        "why-not", Role.PROCURER, "/needs/{need_id}/why-not?solution={far_id}", "Why not this one?",
        "Where any solution stands in the list, and what holds it there, in Polish.", language="pl",
    ),
    Scene(
        "compare", Role.PROCURER, "/needs/{need_id}/compare?solutions={solution_id}&solutions={other_id}",
        "Solutions side by side", "Two solutions against the same need, in French.", language="fr",
    ),
    Scene(
        "similar", Role.PROCURER, "/needs/{need_id}/similar", "Similar needs abroad",
        "Authorities of other countries that ask for the same, in Greek.", language="el",
    ),
    Scene(
        "questions", Role.PROCURER, "/needs/{need_id}/questions", "Questions of companies",
        "Each answer goes to all who follow the need, and is kept.",
    ),
    Scene(
        "search", Role.PROCURER, "/search?text=ballistic+vests", "Searching solutions",
        "Solutions for a few words in any language, on a phone.", phone=True,
    ),
    Scene(
        "candidates", Role.PROCURER, "/candidates", "Joint buying",
        "Groups of needs that could be bought together, graded from A to D.",
    ),
    Scene(
        "candidate", Role.PROCURER, "/candidates/{candidate_id}", "A joint candidate",
        "Who could buy with whom: value, threshold, window, and what speaks for and against it.", dark=True,
    ),
    Scene(
        "evidence", Role.PROCURER, "/candidates/{candidate_id}/evidence", "What a grade is made of",
        "Nine factors with weights and a sentence each, in Finnish.", language="fi",
    ),
    Scene(
        "what-if", Role.PROCURER, "/candidates/{candidate_id}/what-if", "What if",
        "The same candidate with other members or another window: what it would change.", language="sv",
    ),
    Scene(
        "work", Role.PROCURER, "/candidates/{candidate_id}/work", "Working together",
        "Interest, stages, the seven steps before a joint tender, and answers that all get at once.",
    ),
    Scene(
        "demand", Role.INDUSTRY, "/demand?text=gilets+pare-balles", "Searching demand",
        "A company asks in French and finds needs in every language.", language="fr",
    ),
    Scene(
        "demand-map", Role.INDUSTRY, "/demand/map", "The map of demand",
        "Where what is wanted, by country; small counts are withheld.",
    ),
    Scene(
        "demand-gaps", Role.INDUSTRY, "/demand/gaps", "Needs that little answers",
        "A company looks for demand that nobody serves yet, in Italian.", language="it",
    ),
    Scene(
        "saved-search", Role.INDUSTRY, "/saved-searches/{search_id}", "A saved search",
        "What is new for it comes to the inbox, by e-mail, as a feed or to a webhook.",
    ),
    Scene(
        "inbox", Role.INDUSTRY, "/inbox", "The inbox", "Only what is new or has changed, in Dutch.",
        language="nl",
    ),
    Scene(
        "solution", Role.INDUSTRY, "/solutions/{solution_id}/needs", "Who needs what one offers",
        "The needs that a solution answers, on a phone, in dark colours.", phone=True, dark=True,
    ),
    Scene(
        "clusters", Role.ANALYST, "/clusters", "Clusters",
        "Needs that ask for the same, in whatever language; an analyst reads in Portuguese.", language="pt",
    ),
    Scene(
        "map", Role.ANALYST, "/clusters/map", "The map of needs",
        "A point for each need; the list beside it does by keyboard what the mouse does.", act=_chosen,
    ),
    Scene(
        "cluster", Role.ANALYST, "/clusters/{cluster_id}", "Reviewing a cluster",
        "Merge, split, lock or name it; every change has a reason and can be undone.",
    ),
    Scene(
        "ranking", Role.ANALYST, "/clusters/ranking", "Candidates, ranked",
        "How the order holds when the weights of the score are moved.",
    ),
    Scene(
        "cluster-history", Role.ANALYST, "/clusters/history", "What became of clusters",
        "Every merge, split and change of name, with its reason; the last can be undone.", language="cs",
    ),
    Scene(
        "cycles", Role.ANALYST, "/cycles/compare?before={before_id}&after={after_id}", "Two cycles compared",
        "What appeared, vanished, merged or moved between two days.",
    ),
    Scene(
        "gaps", Role.ANALYST, "/market/unmet-clusters", "Unmet needs",
        "Where supply is thin, with a hint at the instrument to consider.", dark=True,
    ),
    Scene(
        "market", Role.ANALYST, "/market/supply-and-demand", "An analysis of the market",
        "Each chart is drawn from the table below it, which can be saved.", language="de",
    ),
    Scene(
        "import", Role.ADMINISTRATOR, "/imports", "The report of an import",
        "A rehearsal: what would become of each row, and what to do about it.", act=_sent,
    ),
    Scene(
        "administration", Role.ADMINISTRATOR, "/administration", "Administration",
        "Who waits to be vetted, and how the service is doing.",
    ),
    Scene(
        "users", Role.ADMINISTRATOR, "/administration/users", "Users", "Who may do what, by organisation.",
    ),
    Scene(
        "organisations", Role.ADMINISTRATOR, "/administration/organisations", "Organisations",
        "Who is vetted, and who waits for it.", dark=True,
    ),
    Scene(
        "audit", Role.ADMINISTRATOR, "/administration/audit", "The audit log",
        "Who did what, and when; its rows cannot be changed or taken away.",
    ),
    Scene(
        "models", Role.ADMINISTRATOR, "/administration/models", "Models",
        "What answers are made with: model, fitted values, and their versions.",
    ),
    Scene("account", Role.PROCURER, "/account", "One's own account", "In Latvian.", language="lv"),
    Scene(
        "tokens", Role.PROCURER, "/account/tokens", "Tokens for programs",
        "Each with its scopes and its end; shown once.",
    ),
    Scene(
        "help", None, "/help/matches", "Help", "How to read a match, in Hungarian.", language="hu",
    ),
)  # fmt: skip
