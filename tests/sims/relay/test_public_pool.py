"""The order of public transactions: best tip first, and never against a sender's nonces."""

from hypothesis import given
from hypothesis import strategies as st

from searcher.transactions import Transaction, decode_transaction
from sims.devnet.accounts import public_account
from sims.relay.public_pool import by_effective_tip
from tests.sims.relay.requests import Order, sign

ACCOUNTS = [public_account(index) for index in (1, 2, 3)]
SENDERS = [account.address.lower() for account in ACCOUNTS]
TIPS = (1, 2, 3, 7)
TXS = [
    decode_transaction(sign(account, Order(nonce=nonce, tip_wei=tip, cap_wei=100)))
    for account in ACCOUNTS
    for nonce in range(3)
    for tip in TIPS
]
POOLS = st.lists(st.sampled_from(TXS), unique_by=lambda tx: (tx.sender, tx.nonce), max_size=9)
NONCES = dict.fromkeys(SENDERS, 0)


def ordered(txs: list[Transaction], *, base_fee_wei: int = 10) -> list[Transaction]:
    return list(by_effective_tip(txs, nonces=NONCES, base_fee_wei=base_fee_wei))


@given(txs=POOLS)
def test_each_sender_has_consecutive_nonces_from_its_state(txs: list[Transaction]) -> None:
    for sender in SENDERS:
        nonces = [tx.nonce for tx in ordered(txs) if tx.sender == sender]

        assert nonces == list(range(len(nonces)))


@given(txs=POOLS)
def test_nothing_that_can_be_mined_is_forgotten(txs: list[Transaction]) -> None:
    for sender in SENDERS:
        waiting = {tx.nonce for tx in txs if tx.sender == sender}
        expected = next(count for count in range(4) if count not in waiting)

        assert len([tx for tx in ordered(txs) if tx.sender == sender]) == expected


@given(txs=POOLS)
def test_each_next_transaction_has_the_best_tip_of_those_that_are_ready(
    txs: list[Transaction],
) -> None:
    result = ordered(txs)

    for index, tx in enumerate(result):
        later = result[index + 1 :]
        heads = {other.sender: other for other in reversed(later)}
        ready = [head for sender, head in heads.items() if sender != tx.sender]
        assert all(tx.effective_tip_wei(10) >= head.effective_tip_wei(10) for head in ready)


@given(txs=POOLS)
def test_order_does_not_depend_on_the_order_of_arrival(txs: list[Transaction]) -> None:
    assert ordered(txs) == ordered(txs[::-1])


@given(txs=POOLS)
def test_transaction_below_the_base_fee_is_left_out(txs: list[Transaction]) -> None:
    assert ordered(txs, base_fee_wei=101) == []
