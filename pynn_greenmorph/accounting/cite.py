"""BibTeX of this package, and of every source that a report rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pynn_greenmorph

from .markup import latex_escape

__all__ = ["bibtex", "package_bibtex"]

#: How the sources of a profile are written: authors, year, title, where it was published.
_ARTICLE = re.compile(r"(?P<authors>[^():;]+?) \((?P<year>\d{4})\) (?P<title>.+?)\. (?P<where>.+)")
_JOURNAL = re.compile(r"[^\d,;(]+")
_DOI = re.compile(r"doi:(10\.\d+/[^\s,;)]+)")
_ARXIV = re.compile(r"arXiv:(\d+\.\d+)")
_URL = re.compile(r"https?://[^\s,;)]+")
#: Persons and a year within other words: "Davies M et al (2018)".
_PERSONS = re.compile(
    r"(?P<authors>[A-Z][\w-]+ [A-Z]{1,3}(?:, [A-Z][\w-]+ [A-Z]{1,3})*(?:,? et al\.?)?) "
    r"\((?P<year>\d{4})\)"
)
#: A repository, which belongs to an organisation.
_REPOSITORY = re.compile(r"(?P<owner>[\w-]+)/[\w-]+")
_YEAR = re.compile(r"\b((?:19|20)\d{2})\b")

#: This software, as CITATION.cff has it, which is not in the wheel; a test keeps them alike.
_OWN = {
    "author": "{The pynn\\_greenmorph developers}",
    "title": "{pynn\\_greenmorph}: a {PyNN} backend that reports the energy a model would cost on "
    "neuromorphic boards",
    "year": "2026",
    "version": pynn_greenmorph.__version__,
}

_PYNN = {
    "author": 'Davison, A P and Br{\\"u}derle, D and Eppler, J and Kremkow, J and Muller, E and '
    "Pecevski, D and Perrinet, L and Yger, P",
    "title": "{PyNN}: a common interface for neuronal network simulators",
    "journal": "Frontiers in Neuroinformatics",
    "year": "2009",
    "volume": "2",
    "doi": "10.3389/neuro.11.011.2008",
}


def package_bibtex() -> str:
    """Return the entries of this package and of PyNN."""
    return _entry("software", "pynn_greenmorph", _OWN) + "\n" + _entry("article", "PyNN", _PYNN)


def bibtex(sources: Mapping[str, str]) -> str:
    """Return BibTeX of the package and of sources.

    Parameters
    ----------
    sources : mapping of str to str
        Reference by key, as ``document["sources"]`` has them. A reference that
        is not written as authors, year and title becomes the title of a
        ``misc`` entry, whole.

    Returns
    -------
    str
    """
    entries = [_source(key, reference) for key, reference in sorted(sources.items())]
    return "\n".join([package_bibtex(), *entries])


def _source(key: str, reference: str) -> str:
    links = _links(reference)
    found = _ARTICLE.match(reference)
    if found is None:
        title = {"title": f"{{{latex_escape(reference)}}}"}
        return _entry("misc", key, {**_origin(reference), **title, **links})
    where = found["where"]
    journal = _JOURNAL.match(where)
    fields = {
        "author": _authors(found["authors"]),
        "title": f"{{{latex_escape(found['title'])}}}",
        "year": found["year"],
        "journal": latex_escape(journal[0].strip(" .:")) if journal else "",
        "note": latex_escape(_without_links(where)),
        **links,
    }
    if fields["journal"] == "arXiv":  # a preprint's place, which its link says
        del fields["journal"]
    kind = "article" if fields.get("journal") else "misc"
    return _entry(kind, key, {name: value for name, value in fields.items() if value})


def _origin(reference: str) -> dict[str, str]:
    """Return author and year of a reference in free words, as far as they stand in it."""
    persons, repository = _PERSONS.search(reference), _REPOSITORY.match(reference)
    if persons is not None:
        return {"author": _authors(persons["authors"]), "year": persons["year"]}
    fields = {}
    if repository is not None:
        fields["author"] = f"{{{latex_escape(repository['owner'])}}}"
    year = _YEAR.search(_without_links(reference))
    return fields | ({} if year is None else {"year": year[1]})


def _without_links(words: str) -> str:
    """Leave out what has a field of its own."""
    for form in (_DOI, _ARXIV, _URL):
        words = form.sub("", words)
    return words.strip(" ,;")


def _authors(words: str) -> str:
    """Turn ``"Ostrau C, Klarhorst C et al"`` into BibTeX's list of names."""
    listed = re.sub(r",? et al\.?$", ", others", words.strip())
    names = [name.strip() for name in listed.split(",")]
    return " and ".join(
        latex_escape(re.sub(r"^(.+) ([A-Z]{1,3})$", r"\1, \2", name)) for name in names
    )


def _links(reference: str) -> dict[str, str]:
    doi, arxiv, url = (form.search(reference) for form in (_DOI, _ARXIV, _URL))
    links = {}
    if doi is not None:
        links["doi"] = doi[1].rstrip(".")
    if arxiv is not None:
        links |= {"eprint": arxiv[1], "archiveprefix": "arXiv"}
    if url is not None:
        links["url"] = url[0].rstrip(".")
    return {name: value.translate({123: None, 125: None}) for name, value in links.items()}


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{re.sub(r'[^A-Za-z0-9_:.-]', '', key) or 'source'},\n{lines}}}\n"
