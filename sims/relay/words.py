"""The words with which parameters are refused: clients are debugged by them.

Most are the public relay's own. A profile may put others in their place.
"""

from enum import StrEnum

from sims.errors import RefusalStage, RequestRefusedError


class Fault(StrEnum):
    """What is wrong with parameters, in the public relay's words."""

    BUNDLE = "unable to decode bundle"
    NO_PARAMETERS = "missing params"
    ARGUMENTS = "too much arguments"
    NO_TXS = "bundle missing txs"
    TOO_MANY = "too many txs in bundle"
    TXS = "unable to decode txs"
    TOO_LARGE = "bundle too large"
    NO_BLOCK = "bundle missing blockNumber"
    BLOCK = "block param must be a hex int"
    BLOCK_TYPE = "block param must be a string"
    MIN_TIMESTAMP = "minTimestamp must be an int"
    MAX_TIMESTAMP = "maxTimestamp must be an int"
    VERSION = "unsupported bundle version"
    REFUND = "Invalid refund percent"
    NO_NODE = "internal server error"
    NO_STATE = "bundle missing stateBlockNumber"
    STATE = "header not found"
    CALLEE = "blacklisted tx"
    LITTLE_GAS = "bundle used too little gas, must use at least 42000"
    INCLUSION = "invalid inclusion"
    BODY = "invalid bundle body"
    BODY_SIZE = "invalid bundle body size"
    DEPTH = "bundle too deep"
    REVERT_MODE = "invalid revert mode"
    CONSTRAINTS = "invalid bundle constraints"
    PRIVACY = "invalid bundle privacy"
    UNMATCHED = "unmatched bundle"
    MAX_DEPTH = "max depth reached"
    VALIDITY = "invalid validity"
    BACKRUN_UNKNOWN = "backrun not found"
    BACKRUN_PRIVATE = "backrun invalid bundle"
    BACKRUN_INCLUSION = "backrun invalid inclusion"


def refused(answer: str, *, detail: str | None = None) -> RequestRefusedError:
    """Make the error of a method that refuses its parameters."""
    return RequestRefusedError(RefusalStage.PARAMETERS, answer, detail=detail)
