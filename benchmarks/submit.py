"""Everything about submission: what a decision costs until its bytes are at the builders."""

from benchmarks import submit_client, submit_pipeline
from benchmarks.report import joined, report

AREAS = (submit_client, submit_pipeline)

if __name__ == "__main__":
    report("submit", joined(AREAS))
