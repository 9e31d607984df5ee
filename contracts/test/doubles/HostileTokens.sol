// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DevnetToken} from "../../devnet/DevnetToken.sol";

/// @dev Takes one per cent of every transfer.
contract FeeToken is DevnetToken {
    constructor() DevnetToken("Fee", "FEE", 18) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) return super._update(from, to, value);
        super._update(from, address(this), value / 100);
        super._update(from, to, value - value / 100);
    }
}

/// @dev Refuses politely: transfers from one address return false and move nothing.
contract FalseReturnToken is DevnetToken {
    address public refused;

    constructor() DevnetToken("False", "FALSE", 18) {}

    function refuse(address sender) external {
        refused = sender;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return msg.sender != refused && super.transfer(to, value);
    }
}

/// @dev Allowances do not shrink when they are used.
contract StickyAllowanceToken is DevnetToken {
    constructor() DevnetToken("Sticky", "STICKY", 18) {}

    function _spendAllowance(address, address, uint256) internal pure override {}
}

/// @dev Calls whom it likes during every transfer, and remembers whether that worked.
contract ReentrantToken is DevnetToken {
    address public target;
    bytes public call;
    uint256 public attempts;
    uint256 public successes;

    constructor() DevnetToken("Reentrant", "REENTER", 18) {}

    function reenter(address target_, bytes calldata call_) external {
        (target, call) = (target_, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        ++attempts;
        (bool succeeded,) = target.call(call);
        if (succeeded) ++successes;
    }
}

/// @dev Like USDT: no return value from transfer, transferFrom and approve.
contract NoReturnToken {
    mapping(address owner => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
    }

    function approve(address spender, uint256 value) external {
        require(value == 0 || allowance[msg.sender][spender] == 0, "approve from zero only");
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @dev One sender pays one per cent on top of what it sends to one recipient.
contract SenderFeeToken is DevnetToken {
    address public sender;
    address public recipient;

    constructor() DevnetToken("Sender fee", "SENDER", 18) {}

    function charge(address sender_, address recipient_) external {
        (sender, recipient) = (sender_, recipient_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == sender && to == recipient) super._update(from, address(this), value / 100);
    }
}

/// @dev Reverts without a word when one sender transfers.
contract MuteToken is DevnetToken {
    address public refused;

    constructor() DevnetToken("Mute", "MUTE", 18) {}

    function refuse(address sender) external {
        refused = sender;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (msg.sender == refused) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        return super.transfer(to, value);
    }
}
