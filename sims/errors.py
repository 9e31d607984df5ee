"""The error tree of the package.

SimsError
├── AnvilError            the local chain's process cannot be had
│   ├── AnvilMissingError no binary
│   ├── AnvilStartError   it ended or stayed silent at its start
│   └── PortInUseError    the port that was asked for belongs to somebody else
├── ArtifactError         a contract's bytecode is not installed or not readable
├── CompilerError         the contracts cannot be compiled (compiler.py)
├── DeploymentError       a transaction of the deployment failed
├── NetworkRunningError   another local chain has left its network file
├── ForkError             the chain that is to be forked cannot be
├── RehearsalError        a rehearsal in which no bundle landed
├── UnknownScenarioError  no scenario of that name
├── PoolFileError         recorded pools that cannot be read (recorded_states/states.py)
├── SearchError           recorded pools that cannot be searched as asked (search.py)
├── MarketNameError       a market of local exchanges that cannot be understood
├── RecordingNameError    a recording that local exchanges are to play and cannot be understood
├── CertificateError      the certificate of local exchanges cannot be made
├── LineEndedError        a faulty line to a local exchange ended (exchanges/faults.py)
├── DrawingError          a picture that cannot be written (cycle_drawing.py)
└── RelayError            the local relay or its builder
    ├── SignatureRefusedError       a signature header that does not verify
    ├── RequestRefusedError         a request that is answered with a JSON-RPC error
    ├── RelayPortInUseError         the relay's address is taken
    ├── RelayPortRefusedError       the system does not let the relay listen there
    ├── RelayOptionError            a profile or a fault that does not exist
    └── BuilderError                the node did not mine the block that was planned

Expected outcomes (a trade that reverts, a bundle that misses) are values, not errors.
"""

from enum import StrEnum
from pathlib import Path


class SimsError(Exception):
    """The root of everything that this package raises on purpose."""


class AnvilError(SimsError):
    """The local chain's process cannot be had."""


class AnvilMissingError(AnvilError):
    """No anvil in the checkout and none on the PATH."""

    def __init__(self, expected: Path) -> None:
        super().__init__(
            f"anvil is neither at {expected} nor on the PATH: "
            "run `npm ci` in contracts/ or install Foundry"
        )
        self.expected = expected


class AnvilStartError(AnvilError):
    """Anvil ended or stayed silent before it could answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"anvil did not start: {reason}")
        self.reason = reason
        """Anvil's last words, or what it failed to do."""


class PortInUseError(AnvilError):
    """Another process listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use: stop its owner or choose another port")
        self.port = port


class ArtifactError(SimsError):
    """A contract's bytecode cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"artifact {path} {reason}: run `npm ci` in contracts/")
        self.path = path
        self.reason = reason


class DeploymentError(SimsError):
    """A transaction that sets the local chain up was refused or reverted."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"deployment step {step}: {reason}")
        self.step = step
        """The contract or the function."""
        self.reason = reason


class UnknownScenarioError(SimsError):
    """A scenario that does not exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no scenario {name!r}: choose from {', '.join(known)}")
        self.name = name
        self.known = known


class RelayError(SimsError):
    """Raised by the local relay or its block builder."""


class SignatureFault(StrEnum):
    """Why a signature header is refused, in the public relay's words."""

    MISSING = "no signature provided"
    SEPARATOR = "invalid signature provided: missing separator"
    EMPTY = "invalid signature provided: empty hex string"
    PREFIX = "invalid signature provided: hex string without 0x prefix"
    DIGITS = "invalid signature provided: invalid hex string"
    ODD = "invalid signature provided: hex string of odd length"
    RECOVERY_ID = "invalid signature provided: invalid recovery id"
    LENGTH = "invalid signature provided: invalid signature length"
    RECOVERY = "invalid signature provided: recovery failed"
    MISMATCH = "invalid signature provided: signing address mismatch"
    NIL = "invalid signature provided: %!w(<nil>)"
    """No digits, or a high s: the library prints a cause that it does not have."""


class SignatureRefusedError(RelayError):
    """A request whose signature header does not verify; the message is the relay's answer."""

    def __init__(self, fault: SignatureFault | str) -> None:
        super().__init__(fault)
        self.fault = fault


class RefusalStage(StrEnum):
    """How far a request came before it was refused; a profile has an answer for each."""

    PARSE = "parse"
    """It is no JSON-RPC request."""

    REQUEST = "request"
    """It is one, and breaks a rule of the transport."""

    SIGNATURE = "signature"
    """Its signature does not verify."""

    RATE = "rate"
    """There were too many before it."""

    METHOD = "method"
    """Nobody knows its method."""

    PARAMETERS = "parameters"
    """The method refuses what it was given."""

    INTERNAL = "internal"
    """The relay could not do its part."""


class RequestRefusedError(RelayError):
    """A request that is answered with an error."""

    def __init__(self, stage: RefusalStage, answer: str, *, detail: str | None = None) -> None:
        super().__init__(answer)
        self.stage = stage
        self.answer = answer
        self.detail = detail
        """For the error object's `data`; None leaves it out."""


class RelayPortInUseError(RelayError):
    """The relay cannot listen where it was told to."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"relay port {port} on {host} is in use: choose another, or 0 for any")
        self.host = host
        self.port = port


class RelayPortRefusedError(RelayError):
    """The system does not let us listen there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"the relay may not listen on port {port} of {host}; choose one above 1023"
        )
        self.host = host
        self.port = port


class RelayOptionError(RelayError):
    """An option of the relay that says nothing."""


class NetworkRunningError(SimsError):
    """A local chain has left its network file already, and still runs."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is in use by a running local chain; stop that one first")
        self.path = path


class MarketNameError(SimsError):
    """A market that is not written as the local exchanges want it."""

    def __init__(self, text: str) -> None:
        super().__init__(f"market {text!r}: write base, quote and price as ETH/USDC=2500")
        self.text = text


class RecordingNameError(SimsError):
    """A recording that is not written as the local exchanges want it."""

    def __init__(self, text: str) -> None:
        super().__init__(f"recording {text!r}: write it as binance:NKN/USDT:FILE")
        self.text = text


class CertificateError(SimsError):
    """The certificate of local exchanges cannot be made."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no certificate for the local exchanges: {reason}; leave out --tls")
        self.reason = reason


class ForkError(SimsError):
    """The chain that is to be forked cannot be."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the network cannot be forked: {reason}")
        self.reason = reason


class RehearsalError(SimsError):
    """The rehearsal did not land a bundle."""


class BuilderError(RelayError):
    """The node and the builder disagree about a block: nothing after it can be trusted."""

    def __init__(self, block_number: int, reason: str) -> None:
        super().__init__(f"block {block_number} is not the one that was planned: {reason}")
        self.block_number = block_number
        self.reason = reason
