from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TxsRequest(_message.Message):
    __slots__ = ("filters", "includes")
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    INCLUDES_FIELD_NUMBER: _ClassVar[int]
    filters: str
    includes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, filters: _Optional[str] = ..., includes: _Optional[_Iterable[str]] = ...) -> None: ...

class TxsReply(_message.Message):
    __slots__ = ("tx",)
    TX_FIELD_NUMBER: _ClassVar[int]
    tx: _containers.RepeatedCompositeFieldContainer[Tx]
    def __init__(self, tx: _Optional[_Iterable[_Union[Tx, _Mapping]]] = ...) -> None: ...

class Tx(_message.Message):
    __slots__ = ("local_region", "time", "raw_tx")
    FROM_FIELD_NUMBER: _ClassVar[int]
    LOCAL_REGION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    RAW_TX_FIELD_NUMBER: _ClassVar[int]
    local_region: bool
    time: int
    raw_tx: bytes
    def __init__(self, local_region: _Optional[bool] = ..., time: _Optional[int] = ..., raw_tx: _Optional[bytes] = ..., **kwargs) -> None: ...
