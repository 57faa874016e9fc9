"""What the answers about a rule's programs come to: every way to keep a promise and to break it."""

import msgspec
import pytest

from nnxlint.rule import Contract, Preserves, Repairs, Revives
from nnxlint.verify.contracts import edited_rows, jobs_of, judge, promise_of, promise_text
from nnxlint.verify.programs import MAIN, Folder, Plan, RulePrograms, rule_folders, rule_programs
from nnxlint.verify.protocol import Answer, Case, CompareJob, Program, RunJob, WitnessJob
from nnxlint.verify.verdicts import Verdict

REPAIRS = Repairs(witness="every-param-moves", frame="loss-and-gradients")
REVIVES = Revives("KeyError | AttributeError")
KEPT = {
    "bad": Answer(id="", holds=False, reason="none moves"),
    "fixed": Answer(id="", holds=True, reason="all move"),
    "good": Answer(id="", holds=True, reason="all move"),
    "frame": Answer(id="", verdict=Verdict.PROVED, reason="equal"),
}
REVIVED = {
    "bad": Answer(id="", error="KeyError", row=2, message="'dropout'"),
    "fixed": Answer(id=""),
    "equal": Answer(id="", verdict=Verdict.TESTED, reason="equal"),
}


def programs(
    contract: Contract | None, *, fixed: bool = True, fault: str = "", plan: Plan | None = None
) -> RulePrograms:
    texts = {"bad": "import x\nf()\n", "fixed": "import x\nf(1)\n", "good": "import x\nf(1)\n"}
    bad, mended, good = (Program({MAIN: text}, MAIN) for text in texts.values())
    return RulePrograms(
        name="NNX999",
        code="NNX999",
        model="dense",
        contract=contract,
        plan=plan or Plan(("dense",)),
        case=Case("case"),
        row=2,
        bad=bad,
        good=good,
        fixed=mended if fixed else None,
        fault=fault,
    )


def verdict_of(asked: RulePrograms, answers: dict[str, Answer]) -> tuple[Verdict, str]:
    judgement = judge(asked, {f"{asked.id}/{part}": answer for part, answer in answers.items()})
    return judgement.verdict, judgement.reason


def changed(answers: dict[str, Answer], part: str, **values: object) -> dict[str, Answer]:
    return {**answers, part: msgspec.structs.replace(answers[part], **values)}


@pytest.mark.runtime
@pytest.mark.parametrize("folder", [*rule_folders()], ids=lambda folder: folder.name)
def test_contracts_are_kept(folder: Folder) -> None:
    """On the first of its models; `nnxlint verify --rules` tries them all."""
    from nnxlint.verify.child.__main__ import answer  # noqa: PLC0415 - needs jax

    asked = rule_programs(folder, folder.plan.models[0])

    judgement = judge(asked, {job.id: answer(job) for job in jobs_of(asked)})

    match promise_of(asked):
        case Preserves():
            expected = {Verdict.PROVED, Verdict.TESTED}
        case Revives():
            expected = {Verdict.REVIVED}
        case _:
            expected = {Verdict.REPAIRED}
    assert judgement.verdict in expected, judgement.reason


def test_a_repair_is_asked_for_by_its_witness_and_its_frame() -> None:
    jobs = {job.id.rpartition("/")[2]: job for job in jobs_of(programs(REPAIRS))}

    assert set(jobs) == {"bad", "fixed", "good", "frame"}
    assert all(isinstance(jobs[part], WitnessJob) for part in ("bad", "fixed", "good"))
    frame = jobs["frame"]
    assert isinstance(frame, CompareJob)
    assert frame.frame_only
    assert (frame.before.edited, frame.after.edited) == ((), ())


def test_a_frame_that_no_comparison_decides_is_a_witness_about_two_programs() -> None:
    asked = programs(Repairs("optimizer-leaves-it", "trained-params"), plan=Plan(("dense",), frame={"without": "mean"}))

    frame = jobs_of(asked)[-1]

    assert isinstance(frame, WitnessJob)
    assert (frame.witness, frame.options, frame.other) == ("trained-params", {"without": "mean"}, asked.fixed)


def test_a_revival_is_asked_for_by_runs_and_a_comparison_of_the_edited_rows() -> None:
    bad, fixed, equal = jobs_of(programs(REVIVES))

    assert isinstance(bad, RunJob)
    assert isinstance(fixed, RunJob)
    assert isinstance(equal, CompareJob)
    assert (bad.program.files[MAIN], fixed.program.files[MAIN]) == ("import x\nf()\n", "import x\nf(1)\n")


def test_what_is_preserved_is_compared_whole() -> None:
    (equal,) = jobs_of(programs(Preserves()))

    assert isinstance(equal, CompareJob)
    assert not equal.frame_only
    assert (equal.before.edited, equal.after.edited) == ((2,), (2,))


def test_a_rule_without_a_fix_shows_its_witness_in_the_good_program() -> None:
    asked = programs(None, fixed=False, plan=Plan(("dense",), shows="file-holds-the-arrays"))

    assert [job.id.rpartition("/")[2] for job in jobs_of(asked)] == ["bad", "good"]
    assert verdict_of(asked, KEPT) == (Verdict.REPAIRED, "before: none moves; after: all move")


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.TESTED, Verdict.DIFFERS, Verdict.UNVERIFIED])
def test_what_is_preserved_is_what_the_comparison_says(verdict: Verdict) -> None:
    answer = Answer(id="", verdict=verdict, reason="as compared")

    assert verdict_of(programs(Preserves()), {"equal": answer}) == (verdict, "as compared")


def test_a_repair_that_holds() -> None:
    assert verdict_of(programs(REPAIRS), KEPT) == (
        Verdict.REPAIRED,
        "before: none moves; after: all move; the frame: PROVED",
    )


def test_a_repair_that_is_advice_is_held_to_the_good_program() -> None:
    assert verdict_of(programs(REPAIRS, fixed=False), KEPT)[0] is Verdict.REPAIRED


@pytest.mark.parametrize(
    ("part", "values", "verdict", "reason"),
    [
        ("bad", {"holds": True}, Verdict.DIFFERS, "`every-param-moves` holds in the bad program: none moves"),
        ("fixed", {"holds": False}, Verdict.DIFFERS, "`every-param-moves` fails in the fixed program: all move"),
        ("good", {"holds": False}, Verdict.DIFFERS, "`every-param-moves` fails in the good program: all move"),
        ("frame", {"verdict": Verdict.DIFFERS}, Verdict.DIFFERS, "the frame: equal"),
        ("frame", {"verdict": Verdict.UNVERIFIED}, Verdict.UNVERIFIED, "the frame: equal"),
        ("frame", {"verdict": None}, Verdict.UNVERIFIED, "frame: equal"),
        ("bad", {"holds": None, "reason": ""}, Verdict.UNVERIFIED, "bad: the witness could not tell"),
        ("fixed", {"kind": "crashed", "reason": "boom"}, Verdict.UNVERIFIED, "fixed: crashed: boom"),
        ("good", {"kind": "timed-out", "reason": ""}, Verdict.UNVERIFIED, "good: timed-out"),
    ],
)
def test_a_repair_that_does_not_hold(part: str, values: dict[str, object], verdict: Verdict, reason: str) -> None:
    assert verdict_of(programs(REPAIRS), changed(KEPT, part, **values)) == (verdict, reason)


@pytest.mark.parametrize(("holds", "verdict"), [(True, Verdict.REPAIRED), (False, Verdict.DIFFERS)])
def test_a_frame_that_a_witness_looks_at(*, holds: bool, verdict: Verdict) -> None:
    asked = programs(Repairs("streams-differ", "graph-structure"))

    found, reason = verdict_of(asked, {**KEPT, "frame": Answer(id="", holds=holds, reason="the parts")})

    assert found is verdict
    assert reason.endswith("TESTED" if holds else "the frame: the parts")


@pytest.mark.parametrize("error", ["KeyError", "AttributeError"])
def test_a_revival_that_holds(error: str) -> None:
    assert verdict_of(programs(REVIVES), changed(REVIVED, "bad", error=error)) == (
        Verdict.REVIVED,
        f"{error} before, none after; equal to the good program (TESTED)",
    )


@pytest.mark.parametrize(
    ("part", "values", "verdict", "reason"),
    [
        ("bad", {"error": ""}, Verdict.DIFFERS, "the bad program runs, where KeyError | AttributeError is promised"),
        (
            "bad",
            {"error": "Error", "message": "no"},
            Verdict.DIFFERS,
            "the bad program raises Error: no, where KeyError | AttributeError is promised",
        ),
        ("bad", {"row": 7}, Verdict.DIFFERS, "KeyError is raised at row 7, and row 2 is reported"),
        (
            "fixed",
            {"error": "TypeError", "message": "no"},
            Verdict.DIFFERS,
            "the fixed program raises TypeError: no",
        ),
        ("equal", {"verdict": Verdict.DIFFERS}, Verdict.DIFFERS, "the fixed and the good program: equal"),
        ("equal", {"verdict": Verdict.UNVERIFIED}, Verdict.UNVERIFIED, "the fixed and the good program: equal"),
        ("equal", {"verdict": None, "reason": ""}, Verdict.UNVERIFIED, "equal: nothing was compared"),
    ],
)
def test_a_revival_that_does_not_hold(part: str, values: dict[str, object], verdict: Verdict, reason: str) -> None:
    assert verdict_of(programs(REVIVES), changed(REVIVED, part, **values)) == (verdict, reason)


@pytest.mark.parametrize(("contract", "answers"), [(REPAIRS, KEPT), (REVIVES, REVIVED)], ids=["repairs", "revives"])
def test_a_missing_answer_leaves_it_open(contract: Contract, answers: dict[str, Answer]) -> None:
    for part in answers:
        rest = {name: answer for name, answer in answers.items() if name != part}
        assert verdict_of(programs(contract), rest) == (Verdict.UNVERIFIED, f"{part}: no answer")


@pytest.mark.parametrize("contract", [Preserves(), REVIVES], ids=["preserves", "revives"])
def test_without_a_fix_nothing_is_preserved_or_revived(contract: Contract) -> None:
    asked = programs(contract, fixed=False)

    assert jobs_of(asked) == ()
    assert verdict_of(asked, {}) == (Verdict.DIFFERS, "nnxlint makes no fix of the bad program")


@pytest.mark.parametrize("contract", [Preserves(), REVIVES, REPAIRS, None])
def test_a_wrong_report_is_a_broken_promise(contract: Contract | None) -> None:
    asked = programs(contract, fault="nnxlint reports nothing")

    assert jobs_of(asked) == ()
    assert verdict_of(asked, KEPT) == (Verdict.DIFFERS, "nnxlint reports nothing")


def test_a_rule_that_promises_and_shows_nothing_is_open() -> None:
    asked = programs(None)

    assert jobs_of(asked) == ()
    assert verdict_of(asked, {})[0] is Verdict.UNVERIFIED
    assert promise_text(promise_of(asked)) == ""


def test_programs_can_be_held_to_more_than_their_rule() -> None:
    asked = programs(REPAIRS, plan=Plan(("dense",), promise="preserves"))

    assert promise_of(asked) == Preserves()
    assert judge(asked, {}).witness == ""


def test_judgements_name_their_witness_and_promises_have_a_text() -> None:
    plan = Plan(("dense",), shows="file-holds-the-arrays")

    assert judge(programs(REPAIRS), {}).witness == "every-param-moves"
    assert [promise_text(promise_of(programs(each, plan=plan))) for each in (Preserves(), REVIVES, REPAIRS, None)] == [
        "preserves",
        "revives(KeyError | AttributeError)",
        "repairs(every-param-moves, loss-and-gradients)",
        "shows(file-holds-the-arrays)",
    ]


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", ((2,), (2,))),
        ("a\nb\n", "a\nnew\nb\n", ((), (2,))),
        ("a\nb\n", "import optax\na\n\nb\n", ((), ())),
        ("a\nb\n", "a\nb\n", ((), ())),
        ('"""One."""\na()\n', '"""Two."""\na(1)\n', ((2,), (2,))),
    ],
    ids=["changed", "added", "not run", "equal", "docstring"],
)
def test_edited_rows(before: str, after: str, rows: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    assert edited_rows(before, after) == rows
