from searcher.adapters.mempool_grpc.wire import erigon_types_pb2 as _erigon_types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AllRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AllReply(_message.Message):
    __slots__ = ("txs",)
    class TxnType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PENDING: _ClassVar[AllReply.TxnType]
        QUEUED: _ClassVar[AllReply.TxnType]
        BASE_FEE: _ClassVar[AllReply.TxnType]
    PENDING: AllReply.TxnType
    QUEUED: AllReply.TxnType
    BASE_FEE: AllReply.TxnType
    class Tx(_message.Message):
        __slots__ = ("txn_type", "sender", "rlp_tx")
        TXN_TYPE_FIELD_NUMBER: _ClassVar[int]
        SENDER_FIELD_NUMBER: _ClassVar[int]
        RLP_TX_FIELD_NUMBER: _ClassVar[int]
        txn_type: AllReply.TxnType
        sender: _erigon_types_pb2.H160
        rlp_tx: bytes
        def __init__(self, txn_type: _Optional[_Union[AllReply.TxnType, str]] = ..., sender: _Optional[_Union[_erigon_types_pb2.H160, _Mapping]] = ..., rlp_tx: _Optional[bytes] = ...) -> None: ...
    TXS_FIELD_NUMBER: _ClassVar[int]
    txs: _containers.RepeatedCompositeFieldContainer[AllReply.Tx]
    def __init__(self, txs: _Optional[_Iterable[_Union[AllReply.Tx, _Mapping]]] = ...) -> None: ...

class OnAddRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OnAddReply(_message.Message):
    __slots__ = ("rpl_txs",)
    RPL_TXS_FIELD_NUMBER: _ClassVar[int]
    rpl_txs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, rpl_txs: _Optional[_Iterable[bytes]] = ...) -> None: ...
