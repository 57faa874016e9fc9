"""Run a program once on numbers, and say whether it raises, and where."""

from nnxlint.verify.child.case import call, concrete_inputs
from nnxlint.verify.child.loading import LoadError, opened
from nnxlint.verify.child.trace import Notes, captured, prepared
from nnxlint.verify.child.views import Failure, failure_of
from nnxlint.verify.protocol import Answer, RunJob


def run(job: RunJob) -> Answer:
    """Make the case's objects and each probe's calls, each on fresh objects; the first error raised is the answer."""
    try:
        failure = _first_failure(job)
    except LoadError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, ImportError):
            return Answer(id=job.id, kind="unsupported", reason=str(error))
        failure = failure_of(cause, None)
        return Answer(id=job.id, error=failure.error, row=_row_of(cause, job), message=failure.message)
    if failure is None:
        return Answer(id=job.id, reason="nothing was raised")
    return Answer(id=job.id, error=failure.error, row=failure.row, message=failure.message, reason=str(failure))


def _first_failure(job: RunJob) -> Failure | None:
    with opened(job.program) as loaded, loaded.active(), captured(Notes()):
        try:
            prepared(loaded, job.case, concrete_inputs(job.case, 0))
            for probe in job.case.probes:
                scope = prepared(loaded, job.case, concrete_inputs(job.case, 0))
                for _ in range(probe.repeat):
                    call(loaded, probe, scope)
        except LoadError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the program raises is the answer
            return failure_of(error, loaded)
    return None


def _row_of(error: BaseException, job: RunJob) -> int | None:
    """The row of the main module in which loading it failed."""
    row, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(f"/{job.program.main}"):
            row = trace.tb_lineno
        trace = trace.tb_next
    return row
