"""The command line ``bildungskatalog``. Heavy parts are imported only by the command that needs them."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["main"]

_INTERRUPTED = 130  # what Typer makes of Ctrl-C
_INTERRUPTED_SAYS = (
    "Abgebrochen. Ein Lauf, der noch nicht zu Ende war, hat am Katalog nichts geändert. Welcher als letzter gilt, zeigt: "
    "bildungskatalog status"
)

app = typer.Typer(
    name="bildungskatalog",
    help="Bildungsangebote eines Landkreises sammeln, veröffentlichen und finden.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _default_folder() -> Path:
    return Path(os.environ.get("BILDUNGSKATALOG_DIR", "katalog"))


Folder = Annotated[Path, typer.Option("--dir", default_factory=_default_folder, help="Ordner des Katalogs.")]
Port = Annotated[int, typer.Option(help="Anschluss, unter dem der Katalog erreichbar ist.", min=1, max=65535)]
Host = Annotated[str, typer.Option(help="Adresse, an der der Dienst lauscht.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


def _known_format(name: str | None) -> str | None:
    if name is not None:
        from ingest.sources import reader_of

        try:
            reader_of(name)
        except ValueError as error:
            raise typer.BadParameter(f"{error}.") from None
    return name


Format = Annotated[
    str | None,
    typer.Option("--format", help="openvhs, schemaorg oder table; sonst am Inhalt erkannt.", callback=_known_format),
]


@app.command()
def demo(folder: Folder, port: Port = 8000) -> None:
    """Den mitgelieferten Beispielkatalog bauen und zeigen."""
    from service.commands import demo as command

    command.run(folder, port)


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Ordner des neuen Katalogs.")]) -> None:
    """Einen leeren Katalog anlegen: eine kommentierte katalog.toml und nichts sonst."""
    from service.commands import init as command

    command.run(folder)


@app.command()
def ingest(
    folder: Folder,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE ...]", help="Dateien; sonst alle Quellen.")
    ] = None,
    source_format: Format = None,
    source: Annotated[str | None, typer.Option(help="Name der Quelle, zu der die Dateien gehören.")] = None,
) -> None:
    """Quellen einlesen, prüfen, übernehmen und den Suchindex nachführen."""
    from service.commands import ingest as command

    command.run(folder, files or [], source_format, source)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Die Datei, die geprüft werden soll.")],
    source_format: Format = None,
    mapping: Annotated[Path | None, typer.Option(help="Spaltenzuordnung einer Tabelle (TOML).")] = None,
    repaired: Annotated[Path | None, typer.Option(help="Schreibt, was übernommen würde, als Tabelle (XLSX).")] = None,
    as_json: AsJson = False,
) -> None:
    """Sagen, was von einer Datei übernommen würde und was nicht. Ändert nichts."""
    from service.commands import check as command

    command.run(file, source_format, mapping, repaired, as_json)


@app.command()
def ask(
    folder: Folder,
    question: Annotated[str, typer.Argument(metavar="FRAGE", help="Die Frage in eigenen Worten.")],
    limit: Annotated[int, typer.Option(help="Wie viele Treffer.", min=1, max=100)] = 10,
    today: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Der Tag der Frage.")] = None,
    as_json: AsJson = False,
) -> None:
    """Eine Frage stellen."""
    from service.commands import ask as command

    command.run(folder, question, limit, today.date() if today else None, as_json)


@app.command()
def serve(
    folder: Folder,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="Anzahl der Prozesse.", min=1, max=64)] = 1,
) -> None:
    """Den Katalog im Netz anbieten."""
    from service.commands import serve as command

    command.run(folder, host, port, workers)


@app.command()
def harvest(
    folder: Folder,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="Nachbarn aus katalog.toml; sonst alle.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Alles neu lesen und zurückziehen, was es beim Nachbarn nicht mehr gibt.")
    ] = False,
) -> None:
    """Die Kataloge der Nachbarn abgleichen."""
    from service.commands import harvest as command

    command.run(folder, names or [], renew)


@app.command()
def export(
    folder: Folder,
    target_format: Annotated[str, typer.Option("--format", help="turtle, trig, nquads, jsonld, csv oder dcat.")],
    out: Annotated[Path | None, typer.Option(help="Zieldatei; sonst die Standardausgabe.")] = None,
) -> None:
    """Den ganzen Katalog ausgeben."""
    from service.commands import export as command

    command.run(folder, target_format, out)


@app.command()
def evaluate(
    folder: Folder,
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS.jsonl", help="Fragen, eine je Zeile.")],
    judgements: Annotated[
        Path | None,
        typer.Argument(metavar="[QRELS.tsv]", help="Was zu ihnen passt; ohne diese Datei werden die Wünsche geprüft."),
    ] = None,
    against: Annotated[Path | None, typer.Option(help="Eine frühere Ausgabe von --json, zum Vergleich.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Das Ergebnis auf der Seite /guete zeigen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Messen, wie gut die Suche beurteilte Fragen beantwortet."""
    from service.commands import evaluate as command

    if judgements is not None:
        command.run(folder, questions, judgements, against, publish, as_json)
    elif against is not None or publish:
        raise typer.BadParameter("--against und --publish brauchen QRELS.tsv.")
    else:
        command.run_wishes(folder, questions, as_json)


@app.command()
def judge(
    folder: Folder,
    one: Annotated[str, typer.Argument(metavar="A", help="Nummer oder Adresse eines Angebots.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Nummer oder Adresse eines anderen.")],
    judgement: Annotated[str, typer.Argument(metavar="same|different|unsure", help="gleich, verschieden, unsicher")],
    by: Annotated[str, typer.Option(help="Wer geurteilt hat.")],
) -> None:
    """Entscheiden, ob zwei Angebote dasselbe sind."""
    from catalogue.judgements import Outcome
    from service.commands import judge as command

    if judgement not in set(Outcome):
        raise typer.BadParameter(f"Ein Urteil heißt {', '.join(Outcome)}.")
    command.run(folder, one, other, Outcome(judgement), by)


@app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Angebote je Quelle, letzter Lauf, abgelehnte Sätze, Stand des Suchindex."""
    from service.commands import status as command

    command.run(folder, as_json)


def main() -> None:
    """Entry point: sentences instead of tracebacks; exit status 0 done, 1 refused or failed, 2 wrong usage."""
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            # it may have come after the switch, while tables are merged or dumps made
            print(_INTERRUPTED_SAYS, file=sys.stderr)
        raise
    except Exception as error:
        if not _has_a_sentence(error):
            raise
        print(error, file=sys.stderr)
        sys.exit(1)


def _has_a_sentence(error: Exception) -> bool:
    """Whether the error's text is meant for the person at the command line."""
    from catalogue.errors import CatalogueError
    from ingest.records import SourceRefused
    from search.encoder import EncoderUnavailable

    return isinstance(error, CatalogueError | SourceRefused | EncoderUnavailable | OSError)
