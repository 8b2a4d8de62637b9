"""`muster calibrate --liveness`: guides through presenting people, prints and screens to this very camera."""

from typing import TYPE_CHECKING, Final

import typer

from monitor.cli.options import Run, emit, err, out, tell
from monitor.errors import UsageError
from monitor.text import printable

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.desk.liveness_trials import KindRates, LivenessTrials, Presentation
    from monitor.domain import Question

_GUIDE: Final = (
    "Present each of the following to the camera, as somebody would who wants to get in, and do what the door asks. "
    "All must show people who are enrolled. Press Enter to begin; type s to skip a kind, q to end."
)
_LEGEND: Final = (
    "Wrongly classified, of what was recognised: artefacts called live (APCER), people called not live (BPCER). Wrong "
    "at the door, of all: artefacts let in (IAPAR), people not let in (FRR). RIAPAR is IAPAR + FRR (ISO/IEC 30107-3). "
    "In brackets: 95 % confidence intervals."
)


def try_liveness(run: Run, settings: "Settings", rounds: int) -> None:
    """Guide through `rounds` presentations of each kind, and report the errors of each kind."""
    from monitor.desk.liveness_trials import LivenessTrials, rates

    trials = LivenessTrials(*run.open_store(settings, read_only=True), settings)
    if not trials.people:
        raise UsageError("Nobody is enrolled, so nobody can be recognised; enrol the people of the photographs first.")
    tell(_GUIDE, err)
    done = _present_all(trials, settings.source, rounds)
    if run.as_json:
        for one in done:
            emit(one)
        emit({"summary": [found.record() for found in rates(done)]})
        return
    _tell_rates(rates(done))


def _present_all(trials: "LivenessTrials", source: str, rounds: int) -> "list[Presentation]":
    from monitor.desk.liveness_trials import ARTEFACTS, PERSON
    from monitor.sources.source import open_source

    done: list[Presentation] = []
    for kind in (PERSON, *ARTEFACTS):
        for number in range(1, rounds + 1):
            question = f"{kind}, {number} of {rounds}"
            answer = typer.prompt(question, "", show_default=False, err=True).strip().lower()
            if answer == "q":
                return done
            if answer == "s":
                break
            one = trials.present(kind, open_source(source), _say_question)
            done.append(one)
            whom = f" as {printable(one.person, 40)}" if one.person else ""
            tell(f"  {one.result.value.replace('_', ' ')}{whom}", err)
    return done


def _say_question(question: "Question | None") -> None:
    from monitor.domain import Question

    words = {
        Question.LEFT: "Turn your head to the LEFT.",
        Question.RIGHT: "Turn your head to the RIGHT.",
        Question.STRAIGHT: "Look straight into the camera.",
        Question.CLOSER: "Come closer.",
    }
    if question is not None:
        tell(f"  {words[question]}", err)


def _tell_rates(found: "list[KindRates]") -> None:
    from monitor.cli.table import table

    heads = ("Presented", "Times", "Wrongly classified", "Wrong at the door", "RIAPAR")
    rows = []
    for one in found:
        both = "-" if one.riapar is None else f"{one.riapar:.1%}"
        rows.append((one.kind, str(one.door.trials), str(one.classified), str(one.door), both))
    out.print(table(heads, rows, fold=heads))
    tell(_LEGEND)
