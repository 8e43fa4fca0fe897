"""The parameters of a search, as ``/api/search`` and ``/suche`` take them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_type_hints

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import PydanticCustomError

from ontology.gazetteer import Gazetteer
from ontology.offer import WEEKDAYS
from search.answer import SearchRequest
from search.entries import AUDIENCE, DAYTIMES, FUNDING, LEVELS, MODES, TIME_MODELS
from search.question import Wishes
from search.wording import GERMAN, LANGUAGES, wording
from service.problems import BadParameter

__all__ = [
    "PlaceFinder",
    "SearchParameters",
    "WishParameters",
    "beginnings",
    "described",
    "note_of_length",
    "parse_parameters",
    "read_parameters",
    "request_of",
]

LONGEST_QUESTION = 2000  # characters that are read
_LONGEST_ADDRESS = 10_000  # characters of all parameters; a page has some sixty links
DEEPEST = 10_000
_OLDEST = 130
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _OneOf:
    """Accepts these values only, and says which."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = tuple(values)

    def __call__(self, value: str) -> str:
        if value not in self.values:
            raise PydanticCustomError("one_of", "one of {values}", {"values": ", ".join(self.values)})
        return value


def _written_out(value: object) -> object:
    """Else numbers would be seconds since 1970."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("day", "a day as YYYY-MM-DD")
    return value


def _schema(values: Sequence[str]) -> Any:
    return Field(json_schema_extra={"enum": [str(value) for value in values]})


Weekday = Annotated[str, AfterValidator(_OneOf(WEEKDAYS)), _schema(WEEKDAYS)]
Daytime = Annotated[str, AfterValidator(_OneOf(DAYTIMES)), _schema(DAYTIMES)]
ModeName = Annotated[str, AfterValidator(_OneOf([str(m) for m in MODES])), _schema([str(m) for m in MODES])]
Level = Annotated[str, AfterValidator(_OneOf(LEVELS)), _schema(LEVELS)]
AudienceName = Annotated[str, AfterValidator(_OneOf(AUDIENCE)), _schema(AUDIENCE)]
TimeModel = Annotated[str, AfterValidator(_OneOf(TIME_MODELS)), _schema(TIME_MODELS)]
FundingName = Annotated[str, AfterValidator(_OneOf(FUNDING)), _schema(FUNDING)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Years = Annotated[int, Field(ge=0, le=_OLDEST)]
Day = Annotated[dt.date, BeforeValidator(_written_out)]
Today = Annotated[Day, Field(ge=dt.date(1900, 1, 1), le=dt.date(2200, 12, 31))]
Key = Annotated[str, Field(max_length=200)]


class WishParameters(BaseModel):
    """The wishes, each under its own name; lists are repeated parameters."""

    place: Annotated[str | None, Field(max_length=100, description="name of a municipality, or its 8-digit AGS")] = None
    radius_km: Annotated[
        float | None, Field(ge=0, le=500, allow_inf_nan=False, description="around the place, or the one that q names")
    ] = None
    start_from: Day | None = None
    start_to: Day | None = None
    weekdays: list[Weekday] = []
    daytime: list[Daytime] = []
    price_max: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="in euro; 0 is free of charge")] = (
        None
    )
    mode: ModeName | None = None
    level: list[Level] = []
    in_language: Annotated[Language | None, Field(description="BCP 47 code of the teaching language")] = None
    audience: list[AudienceName] = []
    age_min: Years | None = None
    age_max: Years | None = None
    time_model: list[TimeModel] = []
    funding: list[FundingName] = []
    certificate: bool | None = None
    wheelchair: bool | None = None
    childcare: bool | None = None


class _General(WishParameters):
    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        AfterValidator(lambda text: text[:LONGEST_QUESTION]),
        Field(
            description=f"the question in everyday words; of a longer one the first {LONGEST_QUESTION} characters are read"
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=DEEPEST)] = 0
    lang: Annotated[
        Language, Field(description=f"language of the answer's texts, {', '.join(LANGUAGES)}; else German")
    ] = GERMAN
    today: Annotated[Today | None, Field(description="the day to count from, before which offers are past")] = None
    collapse: Annotated[bool, Field(description="false lists repeated offers one by one")] = True
    understand: Annotated[bool, Field(description="false takes the words as they are")] = True
    provider: Key | None = None
    source: Key | None = None
    phase: Key | None = None
    topic: Key | None = None


def _ruled_out() -> Any:
    """The same wishes behind ``not.``."""
    types = get_type_hints(WishParameters, include_extras=True)  # with their bounds
    fields: dict[str, Any] = {
        f"not_{name}": (
            types[name],
            Field(alias=f"not.{name}", default_factory=list)
            if info.default == []
            else Field(None, alias=f"not.{name}"),
        )
        for name, info in WishParameters.model_fields.items()
    }
    return create_model("SearchParameters", __base__=_General, __doc__="The parameters of a search.", **fields)


SearchParameters: type[_General] = _ruled_out()

_LISTS = frozenset(
    info.alias or name
    for name, info in SearchParameters.model_fields.items()
    if info.get_default(call_default_factory=True) == []
)


def described() -> list[dict[str, Any]]:
    """The parameters as an OpenAPI document has them."""
    found = []
    for name, schema in SearchParameters.model_json_schema()["properties"].items():
        said = {key: value for key, value in schema.items() if (key, value) != ("default", None)}
        told = {"description": said["description"]} if "description" in said else {}
        found.append({"name": name, "in": "query", "required": False, "schema": said, **told})
    return found


def read_parameters(pairs: Sequence[tuple[str, str]]) -> _General:
    """From the query of ``/api/search``; FastAPI itself looks at each of some fifty parameters anew, which takes a millisecond.

    Raises RequestValidationError.
    """
    try:
        return SearchParameters.model_validate(_collected(pairs))
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("query", *each["loc"])} for each in error.errors()]) from None


# what the page understands beside the wishes; tests count days from ``today`` there, too
_PAGE_KEYS = frozenset(("q", "today", "provider", "source", "phase", "topic"))


def beginnings(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The query of a page's address with the beginnings of long values: each link of the page carries them. Raises BadParameter."""
    found, length = [], 0
    for key, value in pairs:
        found.append((key, value[:LONGEST_QUESTION]))
        length += len(key) + len(found[-1][1]) + 1
        if length > _LONGEST_ADDRESS:
            raise BadParameter(key, f"all parameters together may have {_LONGEST_ADDRESS} characters")
    return found


def note_of_length(pairs: Sequence[tuple[str, str]], language: str = GERMAN) -> str | None:
    """A sentence in a language (BCP 47) that says so where only the beginning of the question is read."""
    if all(key != "q" or len(value) <= LONGEST_QUESTION for key, value in pairs):
        return None
    return wording(language)["note"]["long"].format(characters=LONGEST_QUESTION)


class PlaceFinder:
    """Municipalities by name or key; where a name is ambiguous, the nearest to the catalogue's district."""

    def __init__(self, gazetteer: Gazetteer, district: str | None) -> None:
        self._gazetteer = gazetteer
        home = gazetteer.district(district) if district else None
        self._near = None if home is None else (home.latitude, home.longitude)

    def find(self, text: str) -> tuple[str, str] | None:
        """Official name and AGS."""
        keyed = self._gazetteer.by_ags(text) if text.isdecimal() else None
        town = keyed or next(iter(self._gazetteer.find(text, near=self._near)), None)
        return None if town is None else (town.name, town.ags)


def parse_parameters(pairs: Sequence[tuple[str, str]]) -> _General:
    """From the query of a page's address: unknown keys and empty values are passed over. Raises BadParameter."""
    known = [(key, value) for key, value in pairs if value.strip() and _is_of_page(key)]
    try:
        return SearchParameters.model_validate(_collected(known))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadParameter(str(first["loc"][0]), first["msg"]) from None


def _is_of_page(key: str) -> bool:
    return key in _PAGE_KEYS or key.removeprefix("not.") in _WISHES


def _collected(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Repeated values of lists; of others the last one."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in _LISTS:
            values.setdefault(key, []).append(value)
        else:
            values[key] = value
    return values


_WISHES = frozenset(WishParameters.model_fields)


def request_of(
    parameters: _General, finder: PlaceFinder, today: dt.date, dropped: frozenset[str] = frozenset()
) -> SearchRequest:
    """The request to the search. Raises BadParameter."""
    values = parameters.model_dump()
    ruled_out = _wishes({name: values[f"not_{name}"] for name in _WISHES}, finder, "not.")
    says_place = parameters.understand and bool(parameters.q.strip())
    chosen = _wishes({name: values[name] for name in _WISHES}, finder, "", ruled_out, says_place)
    return SearchRequest(
        text=parameters.q,
        today=parameters.today or today,
        chosen=chosen,
        dropped=dropped | {name for name in _WISHES if values[name] is False},
        understand=parameters.understand,
        language=parameters.lang,
        collapse=parameters.collapse,
        limit=parameters.limit,
        offset=parameters.offset,
        provider=parameters.provider,
        source=parameters.source,
        phase=parameters.phase,
        topic=parameters.topic,
    )


def _wishes(
    values: Mapping[str, Any],
    finder: PlaceFinder,
    prefix: str,
    ruled_out: Wishes | None = None,
    says_place: bool = False,
) -> Wishes | None:
    """None where nothing is wished. ``says_place``: the question may name the place, around which a radius is then meant."""
    given: dict[str, Any] = {
        name: tuple(sorted(set(value), key=_order(name))) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None and value is not False and value != []  # 0 is a wish
    }
    low, high = given.pop("age_min", None), given.pop("age_max", None)
    if low is not None or high is not None:
        if low is not None and high is not None and low > high:
            raise BadParameter(f"{prefix}age_min", "greater than age_max")
        given["age"] = (low, high)
    if "place" in given:
        found = finder.find(given["place"])
        if found is None:
            raise BadParameter(f"{prefix}place", f"no German municipality is called “{given['place']}”")
        given["place"], given["place_ags"] = found
    elif "radius_km" in given and not says_place:
        raise BadParameter(f"{prefix}radius_km", "means nothing without place")
    if "start_from" in given and "start_to" in given and given["start_from"] > given["start_to"]:
        raise BadParameter(f"{prefix}start_from", "later than start_to")
    if ruled_out is not None:
        given["ruled_out"] = ruled_out
    return Wishes(**given) if given else None


def _order(name: str) -> Callable[[str], tuple[int, str]]:
    """The order of a list of wishes: that of the week, the day, the levels; else of the alphabet."""
    known: tuple[str, ...] = {"weekdays": WEEKDAYS, "daytime": DAYTIMES, "level": LEVELS}.get(name, ())
    return lambda value: (known.index(value) if known else 0, value)
