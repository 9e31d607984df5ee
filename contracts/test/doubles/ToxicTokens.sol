// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DevnetToken} from "../../devnet/DevnetToken.sol";

/// @dev Behaves until it is armed, so that pools can be filled with it.
abstract contract ToxicToken is DevnetToken {
    address public prey;

    constructor(string memory symbol) DevnetToken(symbol, symbol, 18) {}

    function arm(address prey_) external {
        prey = prey_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (prey == address(0)) return super._update(from, to, value);
        _bite(from, to, value);
    }

    function _bite(address from, address to, uint256 value) internal virtual {
        super._update(from, to, value);
    }
}

/// @dev Ten per cent of every transfer are lost.
contract TransferFeeToken is ToxicToken("TOLL") {
    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value - value / 10);
        if (from != address(0)) _burn(value / 10, from);
    }

    function _burn(uint256 value, address from) private {
        super._bite(from, address(0), value);
    }
}

/// @dev Nobody can move it.
contract PausedToken is ToxicToken("PAUSED") {
    error Paused();

    function _bite(address, address, uint256) internal pure override {
        revert Paused();
    }
}

/// @dev The prey can neither send nor receive.
contract BlocklistToken is ToxicToken("BLOCKED") {
    error Blocked(address account);

    function _bite(address from, address to, uint256 value) internal override {
        if (from == prey || to == prey) revert Blocked(prey);
        super._bite(from, to, value);
    }
}

/// @dev Can be bought from the prey, a pool, and never sold to it.
contract HoneypotToken is ToxicToken("HONEY") {
    error Sticky();

    function _bite(address from, address to, uint256 value) internal override {
        if (to == prey) revert Sticky();
        super._bite(from, to, value);
    }
}

/// @dev Says that it moved everything and moved a tenth.
contract SalmonellaToken is ToxicToken("SALMONELLA") {
    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value / 10);
        emit Transfer(from, to, value);
    }
}

/// @dev Halves every balance with each transfer.
contract RebasingToken is ToxicToken("REBASE") {
    uint256 public halvings;

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) >> halvings;
    }

    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value << halvings);
        ++halvings;
    }
}

/// @dev Tells the prey that it has more than there can be.
contract MaxBalanceToken is ToxicToken("MAX") {
    function balanceOf(address account) public view override returns (uint256) {
        return account == prey ? type(uint256).max : super.balanceOf(account);
    }
}

/// @dev Tells the prey less with every look.
contract ShrinkingToken is ToxicToken("SHRINK") {
    uint256 public transfers;

    function balanceOf(address account) public view override returns (uint256) {
        uint256 balance = super.balanceOf(account);
        return account == prey && transfers != 0 ? balance / (1 << transfers) : balance;
    }

    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value);
        ++transfers;
    }
}

/// @dev Takes the greatest amount to mean the whole balance, like cUSDCv3.
contract WholeBalanceToken is ToxicToken("WHOLE") {
    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value == type(uint256).max ? balanceOf(from) : value);
    }
}

/// @dev Moves only in blocks of the prey's, as a token that knows the simulation does.
contract CoinbaseToken is ToxicToken("COINBASE") {
    error NotHere();

    function _bite(address from, address to, uint256 value) internal override {
        if (block.coinbase != prey) revert NotHere();
        super._bite(from, to, value);
    }
}

/// @dev Burns all gas.
contract GasToken is ToxicToken("GAS") {
    function _bite(address, address, uint256) internal pure override {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @dev Answers a transfer with a book instead of a word.
contract VerboseToken is ToxicToken("VERBOSE") {
    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        assembly ("memory-safe") {
            mstore(0, 1)
            return(0, 20000)
        }
    }
}

/// @dev Takes everything that the prey lets it take, now and later.
contract ThiefToken is ToxicToken("THIEF") {
    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value);
        if (from == prey) super._bite(prey, address(this), balanceOf(prey));
    }
}

/// @dev Can be sold to the prey, a pool, in small amounts.
contract SmallSalesToken is ToxicToken("SMALL") {
    error TooMuch();

    function _bite(address from, address to, uint256 value) internal override {
        if (to == prey && value > 1000 ether) revert TooMuch();
        super._bite(from, to, value);
    }
}

/// @dev Takes much gas for every transfer.
contract DearToken is ToxicToken("DEAR") {
    function _bite(address from, address to, uint256 value) internal override {
        super._bite(from, to, value);
        uint256 gasBefore = gasleft();
        while (gasBefore - gasleft() < 200_000) {}
    }
}

/// @dev Tells no balances.
contract SecretToken is ToxicToken("SECRET") {
    error Secret();

    function balanceOf(address account) public view override returns (uint256) {
        if (account == prey) revert Secret();
        return super.balanceOf(account);
    }
}

/// @dev Answers a transfer with a number.
contract NonsenseToken is ToxicToken("NONSENSE") {
    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        if (prey == address(0)) return true;
        assembly ("memory-safe") {
            mstore(0, 2)
            return(0, 32)
        }
    }
}
