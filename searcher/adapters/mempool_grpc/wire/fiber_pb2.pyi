from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class TxFilter(_message.Message):
    __slots__ = ("encoded",)
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    encoded: bytes
    def __init__(self, encoded: _Optional[bytes] = ...) -> None: ...

class TransactionWithSenderMsg(_message.Message):
    __slots__ = ("rlp_transaction", "sender")
    RLP_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    rlp_transaction: bytes
    sender: bytes
    def __init__(self, rlp_transaction: _Optional[bytes] = ..., sender: _Optional[bytes] = ...) -> None: ...
